"""The examples of our own API, as processes of their own: once whatever is lost, and nothing missed when killed."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from merpati.accounts.key_model import Scope
from tests.api.conftest import api_on_sqlite
from tests.api.harness import ONE, Api
from tests.api.v1.browser import Browser, signed_in
from tests.api.v1.hooks import SENT, tell
from tests.api.v1.keys import made
from tests.client.wire import laid
from tests.examples.programs import EXAMPLES, NODE

_needs_php = pytest.mark.skipif(shutil.which("php") is None, reason="there is no PHP here")
pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("language", ["js", pytest.param("php", marks=_needs_php)]),
]
WITHIN_S = 30


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with api_on_sqlite(tmp_path) as running:
        yield running


@pytest.fixture
async def ayu(api: Api) -> Browser:
    return await signed_in(api)


async def start(script: str, language: str, url: str, key: str, *arguments: str) -> asyncio.subprocess.Process:
    """An example with its environment."""
    interpreter = NODE if language == "js" else shutil.which("php")
    assert interpreter is not None
    return await asyncio.create_subprocess_exec(
        *(interpreter, str(EXAMPLES / f"{script}.{language}"), *arguments),
        env=os.environ | {"GATEWAY_URL": url, "GATEWAY_KEY": key, "DEVICE": str(ONE)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def notify(language: str, url: str, key: str, order: str, target: str = "081234567890") -> tuple[Any, str]:
    """What it printed, and what it complained of."""
    process = await start("notify", language, url, key, order, target, "Pesanan dikirim")
    async with asyncio.timeout(WITHIN_S):
        told, complained = await process.communicate()
    return json.loads(told or "null"), complained.decode()


async def test_an_order_is_told_once(api: Api, ayu: Browser, language: str) -> None:
    """Though the answer is lost on its way, and the program runs again for the same order."""
    key = (await made(ayu, [Scope.MESSAGES_SEND, Scope.MESSAGES_READ]))["secret"]
    async with laid(api.url) as wire:
        wire.losing = 1
        first, _ = await notify(language, wire.url, key, "A-1042")
        again, _ = await notify(language, wire.url, key, "A-1042")
    other, _ = await notify(language, api.url, key, "A-1043")
    assert first == again
    assert (first["state"], other["state"], first["id"] == other["id"]) == ("queued", "queued", False)
    assert await api.count("message") == 2


async def test_a_refusal_is_told_with_its_code(api: Api, ayu: Browser, language: str) -> None:
    """And nothing is sent."""
    key = (await made(ayu, [Scope.MESSAGES_READ]))["secret"]
    told, complained = await notify(language, api.url, key, "A-1")
    assert (told, complained.partition(":")[0]) == (None, "key_scope_missing")
    assert await api.count("message") == 0


async def test_events_are_fetched_over_a_kill(api: Api, ayu: Browser, language: str) -> None:
    """What was not acknowledged comes again; in the end each was printed, in order."""
    key = (await made(ayu, [Scope.EVENTS_READ]))["secret"]
    await ayu.ask("GET", "/consumers/gudang/events")
    consumers = (await ayu.ask("GET", "/consumers")).body["items"]
    seen: list[int] = []
    for _ in range(2):
        last = await tell(api, SENT, SENT, SENT)
        process = await start("events", language, api.url, key, "gudang")
        assert process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            while not seen or seen[-1] < last:
                seen.append(json.loads(await process.stdout.readline())["seq"])
        process.kill()
        await process.wait()
    begun = consumers[0]["position"]
    assert sorted(set(seen)) == list(range(begun + 1, last + 1))
