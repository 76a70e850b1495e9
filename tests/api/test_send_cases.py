"""The tables of requests to `/send`, each through a real socket into a real database."""

import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.api.harness import Api, headers_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "cases" / "send.toml").read_text())["case"]
WAYS = ("urlencoded", "multipart", "json")


def body_of(case: dict[str, Any], way: str) -> dict[str, Any]:
    """The case's body, written in this way, as aiohttp takes it."""
    if "form" not in case:
        return {"data": case.get("raw", "").encode()}
    if way == "json":
        return {"json": case["form"]}
    if way == "urlencoded":
        return {"data": case["form"]}
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in case["form"].items():
        form.add_field(name, value)
    return {"data": form}


def expected(case: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The case's answer, with what it leaves open taken from the real one."""
    return {name: answer.get(name) if value == "*" else value for name, value in case["answer"].items()}


def every_way() -> list[Any]:
    return [
        pytest.param(case, way, id=f"{case['name']}, {way}")
        for case in CASES
        for way in (WAYS if "form" in case else ("raw",))
    ]


@pytest.mark.parametrize(("case", "way"), every_way())
async def test_a_request_is_answered_as_its_case_says(shared: Api, case: dict[str, Any], way: str) -> None:
    """The answer is exact, its messages are stored; a refusal stores nothing at all."""
    before, files = await shared.counts(), shared.files()
    headers = headers_of(case.get("token", "one"))
    if "type" in case:
        headers["Content-Type"] = case["type"]

    async with shared.client.post(shared.url + "/send", headers=headers, **body_of(case, way)) as response:
        answer = await response.json()

    assert response.status == 200
    assert answer == expected(case, answer)
    assert response.headers["X-Request-Id"].isdigit()
    if "requestid" in answer:
        assert response.headers["X-Request-Id"] == str(answer["requestid"])
    after = await shared.counts()
    assert after["message"] - before["message"] == case.get("messages", 0)
    if not case.get("messages"):
        assert after == before
        assert shared.files() == files
