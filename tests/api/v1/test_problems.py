"""How a refusal is answered, whoever refuses."""

import asyncio
import logging

import pytest

from merpati.api.v1.problems import status_of
from merpati.core.errors import Code
from merpati.locale import LANGUAGES, words
from tests.api.harness import TOKENS, Api
from tests.api.v1.browser import EMAIL, Browser, browser_of, program_of

FORM = {"login": EMAIL, "password": "x"}


@pytest.mark.parametrize("code", list(Code))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_has_a_title(code: Code, language: str) -> None:
    """In both languages."""
    assert words(language)[f"problem.{status_of(code)}"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/devices/1_1", 404, "path_unknown"),
        ("GET", "/devices/%D9%A1%D9%A1", 404, "path_unknown"),
        ("GET", "/devices/+11", 404, "path_unknown"),
        ("GET", "/nothing", 404, "path_unknown"),
        ("GET", "/", 404, "path_unknown"),
        ("PUT", "/session", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_a_problem(api: Api, method: str, path: str, status: int, code: str) -> None:
    """Also what the framework refuses by itself."""
    answered = await browser_of(api).ask(method, path)
    assert (answered.status, answered.code) == (status, code)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"login": EMAIL}, "password", "missing"),
        ({**FORM, "login": 1}, "login", "type"),
        ({**FORM, "login": ""}, "login", "length"),
        ({**FORM, "passwort": "x"}, "passwort", "unknown"),
        ([], "body", "type"),
    ],
)
async def test_a_bad_field_is_named(api: Api, body: object, field: str, code: str) -> None:
    """422, with the field, a code, and a sentence that repeats nothing of what was sent."""
    answered = await browser_of(api).ask("POST", "/session", body, headers={"Accept-Language": "en"})
    assert (answered.status, answered.code) == (422, "input_invalid")
    assert [(each["field"], each["code"]) for each in answered.body["errors"]] == [(field, code)]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "json_invalid"),
        (b"[" * 200_000, "application/json", 400, "json_invalid"),
        (b'{"a":' * 50_000, "application/json", 400, "json_invalid"),
        (b'{"login": "\xff", "password": "x"}', "application/json", 400, "json_invalid"),
        (b"", "application/json", 422, "input_invalid"),
        (b"login=a", "application/x-www-form-urlencoded", 415, "media_type"),
        (b'{"login": "a"}', "text/plain", 415, "media_type"),
        (b'"' + b"x" * 1_000_001 + b'"', "application/json", 413, "body_too_large"),
    ],
)
async def test_a_bad_body_is_a_problem(api: Api, body: bytes, kind: str, status: int, code: str) -> None:
    """Broken, nested without an end, in no UTF-8, of another kind, or too large."""
    for path in ("/session", "/setup/x"):
        answered = await browser_of(api).ask("POST", path, data=body, headers={"Content-Type": kind})
        assert (answered.status, answered.code) == (status, code)


async def test_a_problem_speaks_the_caller_s_language(api: Api) -> None:
    """Title and detail; the code stays."""
    for language, title in (("id", "Tidak ditemukan"), ("en-GB,en;q=0.9", "Not found")):
        answered = await browser_of(api).ask("GET", "/nothing", headers={"Accept-Language": language})
        assert (answered.body["title"], answered.body["code"]) == (title, "path_unknown")
        assert answered.body["type"] == "/api/v1/docs#path_unknown"


async def test_every_answer_has_a_number_and_is_not_kept(ayu: Browser) -> None:
    """Good or bad, known path or not."""
    answers = [await ayu.ask("GET", path) for path in ("/session", "/nothing")]
    ids = {answered.headers["X-Request-Id"] for answered in answers}
    assert len(ids) == 2
    for answered in answers:
        assert answered.headers["Cache-Control"] == "no-store"
        assert answered.headers["X-Content-Type-Options"] == "nosniff"


async def test_who_leaves_in_the_middle_is_no_fault_of_ours(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """A page that is closed, a phone without a net: nothing stands in the log."""
    left = f"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS['account']}\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]))
    writer.write(f'{left}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"a"'.encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await program_of(api).ask("GET", "/devices")).status == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
