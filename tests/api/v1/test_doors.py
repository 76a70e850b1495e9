"""What holds for every endpoint, walked from the description of the API."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from scripts.openapi import PAGE, drawn

from merpati.api.v1.routes import document
from merpati.core.errors import Code
from tests.api.harness import Api
from tests.api.v1.browser import Browser, browser_of

OPEN = {"signIn", "getInvitation", "acceptInvitation"}
"""Everybody may call these; another is closed until it is written here."""


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), re.sub(r"{\w+}", "1", path.removeprefix("/api/v1")), operation


CLOSED = [each for each in operations() if each[2]["operationId"] not in OPEN]
CHANGES = [each for each in CLOSED if each[0] != "GET"]


def named(value: object) -> str | None:
    return str(value["operationId"]) if isinstance(value, dict) else None


@pytest.mark.parametrize(("method", "path", "operation"), CLOSED, ids=named)
async def test_nobody_is_let_in_by_no_name(api: Api, method: str, path: str, operation: dict[str, Any]) -> None:
    """Before the body is looked at."""
    assert operation["security"]
    assert (await browser_of(api).ask(method, path)).code == "not_signed_in"


@pytest.mark.parametrize(("method", "path", "operation"), CHANGES, ids=named)
async def test_no_change_without_the_csrf_token(
    ayu_on_sqlite: Browser, method: str, path: str, operation: dict[str, Any]
) -> None:
    """Whatever the endpoint."""
    assert "403" in operation["responses"]
    assert (await ayu_on_sqlite.ask(method, path, headers={"X-CSRF-Token": ""})).code == "csrf_invalid"


def test_the_reference_says_what_the_code_says() -> None:
    """docs/reference/openapi.json is made by `python -m scripts.openapi`."""
    assert PAGE.read_text(encoding="utf-8") == drawn()


def test_every_endpoint_is_described() -> None:
    """A name of its own, a summary, a description, its kind; every body says what it is."""
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)*", name)] == []
    for _, _, operation in operations():
        assert operation["summary"], operation["operationId"]
        assert operation["description"], operation["operationId"]
        assert operation["tags"], operation["operationId"]
    schemas = document()["components"]["schemas"]
    bodies = {name: schema for name, schema in schemas.items() if "properties" in schema}
    assert [name for name, schema in bodies.items() if not schema.get("description")] == []


async def test_the_reference_is_served_without_anything_foreign(api: Api) -> None:
    """The document, and a page of it with every endpoint, body and problem; no script, no other host."""
    assert (await browser_of(api).ask("GET", "/openapi.json")).body == document()
    page = await browser_of(api).ask("GET", "/docs")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert not re.search(r"<script|https?://|src=", page.body)
    ids = set(re.findall(r'id="(\w+)"', page.body))
    assert {operation["operationId"] for _, _, operation in operations()} <= ids
    assert {str(code) for code in Code} <= ids
    links = set(re.findall(r'href="#(\w+)"', page.body))
    assert links <= ids
