"""`merpati fake-whatsapp`, as a developer types it, beside a merpati that runs; and its page says what is true."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click import Group

from merpati.cli.fake_whatsapp import fake_whatsapp
from merpati.fakes.whatsapp import asks
from merpati.fakes.whatsapp.faults import Fault
from tests.cli.keyboard import answered, typed
from tests.transports.linked.rig import in_memory

HOWTO = (Path(__file__).parents[3] / "docs" / "howto" / "fake-whatsapp.md").read_text(encoding="utf-8")
OWNER, BOB = "6281100000001", "6281200000002"
WITHIN_S = 60
"""A bound, not a wait: a busy machine starts two processes slowly."""
run = asyncio.to_thread  # a command has an event loop of its own


@contextlib.asynccontextmanager
async def running(*words: str, **environ: str) -> AsyncIterator[str]:
    """`merpati` with these words; answers its first line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MERPATI_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "merpati", *words),
        stdout=asyncio.subprocess.PIPE,
        env={**kept, "MERPATI_LANG": "en", "PYTHONUNBUFFERED": "1", **environ},
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            yield (await process.stdout.readline()).decode()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def say(*words: str, **environ: str) -> str:
    result = await run(typed, *words, **environ)
    assert result.exit_code == 0, result.output
    return result.output.strip()


async def seen(number: str, text: str, *url: str) -> str:
    """The phone's screen, once it shows this."""
    async with asyncio.timeout(WITHIN_S):
        while text not in (screen := await say("fake-whatsapp", "show", number, *url)):  # noqa: ASYNC110 - of a process
            await asyncio.sleep(0.1)
    return screen


@pytest.mark.process
async def test_a_developer_links_a_device_and_writes_both_ways(tmp_path: Path) -> None:
    """What the fake prints points merpati at it; a code is asked for and typed by one command."""
    data = {"MERPATI_DATA": str(in_memory(tmp_path))}
    async with running("fake-whatsapp", "serve", "--port", "0", "--json") as first:
        fake: Mapping[str, Any] = json.loads(first)
        url = ("--url", fake["url"])
        lead = {"MERPATI_LINKED_PROXY": fake["proxy"], "MERPATI_LINKED_WORKER": fake["worker"]}
        await run(typed, "user", "add", "toko@example.com", stdin="rahasia-rahasia-9\n", **data)
        token = (
            await run(
                lambda: answered("device", "add", OWNER, "Toko", "--transport", "linked", "--connect", **data)
            )
        )["token"]
        async with running("serve", "--port", "0", **data, **lead) as line:
            [gateway] = re.findall(r"http://127\.0\.0\.1:\d+", line)
            port = gateway.rpartition(":")[2]
            assert "Linked" in await say("fake-whatsapp", "link", OWNER, *url, "--port", port, **data)

            poll = {"message": "Mau?", "choices": "Ya,Tidak", "select": "single"}
            await send(gateway, token, target=BOB, **poll)
            assert f"+{OWNER}" in await seen(BOB, "Mau?: Ya / Tidak", *url)
            await say("fake-whatsapp", "vote", BOB, "Ya", *url)
            told = await say("fake-whatsapp", "say", BOB, OWNER, "Halo", "Toko", *url)
            await seen(BOB, told, *url)


async def send(gateway: str, token: str, **fields: str) -> None:
    """By `/send`, as soon as the device is connected: before that it says so."""
    async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession(headers={"Authorization": token}) as session:
        while True:
            async with session.post(f"{gateway}/send", data=fields) as sent:
                answer = await sent.json()
            if answer["status"]:
                return
            assert "disconnected" in answer["reason"]
            await asyncio.sleep(0.1)


def test_where_no_fake_runs_the_command_says_how_to_run_one() -> None:
    """In the language of whoever types."""
    result = typed("fake-whatsapp", "say", BOB, OWNER, "x", "--url", "http://127.0.0.1:9")
    assert (result.exit_code, "merpati fake-whatsapp serve" in result.output) == (1, True)


def test_the_page_names_every_command_fault_and_end() -> None:
    """In code or in a row."""
    assert isinstance(fake_whatsapp, Group)
    named = {*re.findall(r"`([a-z_]+)`", HOWTO), *re.findall(r"merpati fake-whatsapp ([a-z]+)", HOWTO)}
    assert set(fake_whatsapp.commands) - named == set()
    rows = set(re.findall(r"^\| `(\w+)` \|", HOWTO, re.MULTILINE))
    assert {*map(str, Fault), *map(str, asks.How)} <= rows
