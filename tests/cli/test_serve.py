"""`merpati demo` and `merpati serve`, each as a process of its own, as a newcomer starts it."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

from merpati.core.ids import Address
from merpati.transports.port import Text
from merpati.transports.simulator.entries import HandOff
from merpati.transports.simulator.link import open_phone
from tests.cli.keyboard import answered, typed

pytestmark = pytest.mark.process
run = asyncio.to_thread  # a command has an event loop of its own
STARTS_WITHIN_S, ENDS_WITHIN_S, FLIES_WITHIN_S = 60.0, 5.0, 30.0


class Gateway:
    """A `merpati` process and what it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def has_loaded(self, library: str) -> bool:
        """Whether the process has this in memory; it is taken for so where the system does not say."""
        maps = Path(f"/proc/{self._process.pid}/maps")
        return not maps.exists() or library in maps.read_text()

    async def line(self, containing: str = "") -> str:
        """The next line of its output that has this."""
        assert self._process.stdout is not None
        async with asyncio.timeout(STARTS_WITHIN_S):
            while containing not in (line := (await self._process.stdout.readline()).decode()) and line:
                pass
        assert line, "the process has ended"
        return line

    async def rest(self) -> str:
        """What it printed until its end."""
        assert self._process.stdout is not None
        return (await self._process.stdout.read()).decode()

    async def end(self) -> int:
        """Its exit code after SIGTERM; raises TimeoutError when it takes longer than it may."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(ENDS_WITHIN_S):
            return await self._process.wait()


def environ_of(language: str) -> dict[str, str]:
    """Without any setting of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MERPATI_")}
    return {**kept, "MERPATI_LANG": language}


@contextlib.asynccontextmanager
async def running(*words: str) -> AsyncIterator[Gateway]:
    """`merpati` with these words; it is killed at the end when it has not ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "merpati", *words),
        stdout=asyncio.subprocess.PIPE,
        env=environ_of("en"),
    )
    try:
        yield Gateway(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def send(demo: dict[str, Any], **fields: str) -> dict[str, Any]:
    """What a program written for Fonnte gets from `/send`, with the first device's token."""
    headers = {"Authorization": demo["devices"][0]["token"]}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{demo['url']}/send", data=fields) as answer,
    ):
        return dict(await answer.json())


async def arrived(folder: Path, number: str) -> str:
    """The text of the first message on this person's phone."""
    link = await open_phone(folder / "simulator")
    try:
        async with asyncio.timeout(FLIES_WITHIN_S):
            async for entry in link.phone.watch(Address(number)):
                if isinstance(entry, HandOff) and isinstance(entry.content, Text):
                    return entry.content.body
    finally:
        await link.close()
    raise AssertionError("the network has ended")


async def shown_as(data: Sequence[str], message: int, state: str) -> str:
    """The message's page, as soon as the message is in this state."""
    async with asyncio.timeout(FLIES_WITHIN_S):
        while f": {state}\n" not in (page := await run(page_of, data, message)):  # noqa: ASYNC110 - of a process
            await asyncio.sleep(0.1)
    return page


def page_of(data: Sequence[str], message: int) -> str:
    return typed("message", "show", str(message), *data).output


async def test_a_newcomer_sends_a_message(tmp_path: Path) -> None:
    """One command; what it prints is enough to send a message to a simulated phone and to see what became of it."""
    data = ("--data", str(tmp_path / "data"))
    async with running("demo", "--json", "--port", "0", *data) as gateway:
        demo = json.loads(await gateway.line())
        assert [device["connected"] for device in demo["devices"]] == [True, True, False]
        assert len(demo["people"]) >= 3
        assert set(demo["owner"]) == {"email", "password"}
        said = await send(demo, target=demo["people"][0], message="Halo Siti")
        assert said["status"] is True
        assert await arrived(tmp_path / "data", demo["people"][0]) == "Halo Siti"
        page = await shown_as(data, said["id"][0], "read")
        steps = ["accepted by request", "handed over", "acknowledged by WhatsApp", "delivered", "read"]
        assert [step for step in steps if step in page] == steps
        assert await gateway.end() == 0


async def test_a_restart_keeps_what_the_demo_printed(tmp_path: Path) -> None:
    """Sown twice is sown once: the same login, tokens, people; a device that was disconnected stays so."""
    words = ("demo", "--json", "--port", "0", "--data", str(tmp_path))
    printed = []
    for _ in range(2):
        async with running(*words) as gateway:
            printed.append(json.loads(await gateway.line()))
            assert await gateway.end() == 0
        await run(typed, "device", "disconnect", printed[0]["devices"][1]["number"], "--data", str(tmp_path))
    first, second = printed
    assert second["devices"][1] == {**first["devices"][1], "connected": False}
    for name in ("owner", "account_token", "people", "groups"):
        assert second[name] == first[name]


async def test_a_device_is_paired_from_the_terminal(tmp_path: Path) -> None:
    """The gateway gives a code, the device's phone takes it, and the device is connected."""
    data = ("--data", str(tmp_path))
    async with running("demo", "--json", "--port", "0", *data) as gateway:
        demo = json.loads(await gateway.line())
        number, port = demo["devices"][2]["number"], demo["url"].rpartition(":")[2]
        code = (await run(answered, "device", "pair", number, "--port", port, *data))["code"]
        assert (await run(typed, "phone", "scan", code, *data)).exit_code == 0
        async with asyncio.timeout(FLIES_WITHIN_S):
            while not (await run(answered, "device", "show", number, *data))["connected"]:  # noqa: ASYNC110 - of a process
                await asyncio.sleep(0.1)
        again = await run(typed, "device", "pair", number, "--port", port, *data)
        assert again.output == "Error: This device is connected already.\n"
        assert await gateway.end() == 0


async def test_the_demo_proposes_a_device_that_can_send(tmp_path: Path) -> None:
    """The first that is connected; its phone is watched in the folder that is in force."""
    words = ("demo", "--port", "0", "--data", str(tmp_path))
    async with running(*words, "--json") as gateway:
        devices = json.loads(await gateway.line())["devices"]
        assert await gateway.end() == 0
    await run(typed, "device", "disconnect", devices[0]["number"], "--data", str(tmp_path))
    async with running(*words) as gateway:
        assert f"--data {tmp_path}" in await gateway.line("phone watch")
        assert f"Authorization: {devices[1]['token']}" in await gateway.line("curl")
        assert await gateway.end() == 0


class Refused(NamedTuple):
    """A start that came to nothing."""

    exit_code: int | None
    output: str


async def started(*words: str) -> Refused:
    """`merpati` with these words, which must end by itself."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "merpati", *words), stderr=asyncio.subprocess.PIPE, env=environ_of("en")
    )
    async with asyncio.timeout(STARTS_WITHIN_S):
        _, told = await process.communicate()
    return Refused(process.returncode, told.decode())


async def test_a_second_process_is_refused(tmp_path: Path) -> None:
    """On the same data folder, and on the same port: a sentence that says what to do, exit code 1."""
    async with running("demo", "--json", "--port", "0", "--data", str(tmp_path / "one")) as gateway:
        port = json.loads(await gateway.line())["url"].rpartition(":")[2]
        same_folder = await started("serve", "--port", "0", "--data", str(tmp_path / "one"))
        assert same_folder.exit_code == 1
        assert "is in use by process" in same_folder.output
        same_port = await started("demo", "--port", port, "--data", str(tmp_path / "two"))
        assert same_port.exit_code == 1
        assert f"Port {port} on 127.0.0.1 is taken" in same_port.output
        assert "--port" in same_port.output
        doctor = await run(answered, "doctor", "--port", port, "--data", str(tmp_path / "one"))
        assert {each["grade"] for each in doctor} == {"ok"}
        assert await gateway.end() == 0


async def test_the_first_start_invites_the_owner(tmp_path: Path) -> None:
    """`serve` prints a link to the page that makes the owner; afterwards it prints none. Its loop is uvloop's."""
    words = ("serve", "--port", "0", "--data", str(tmp_path))
    async with running(*words) as gateway:
        found = re.search(r"http://\S+/app/setup/\S+", await gateway.line("/setup/"))
        assert found is not None
        assert gateway.has_loaded("uvloop")
        form = {"email": "ayu@toko.example", "password": "rahasia kita"}
        async with aiohttp.ClientSession() as session:
            async with session.get(found[0]) as page:
                assert (page.status, page.content_type) == (200, "text/html")
            async with session.post(found[0].replace("/app/setup/", "/api/v1/setup/"), json=form) as made:
                assert made.status == 201
        assert await gateway.end() == 0
    assert (await run(answered, "user", "list", "--data", str(tmp_path)))[0]["email"] == "ayu@toko.example"
    async with running(*words) as gateway:
        await gateway.line("serves at")
        assert await gateway.end() == 0
        assert await gateway.rest() == ""


async def test_a_demo_is_not_mixed_with_real_data(tmp_path: Path) -> None:
    """In a folder with an account that is not the demo's, nothing is sown."""
    await run(answered, "user", "add", "a@b.example", "--generate", "--data", str(tmp_path))
    refused = await started("demo", "--port", "0", "--data", str(tmp_path))
    assert (refused.exit_code, "has data that is no demo" in refused.output) == (1, True)
    assert len(await run(answered, "user", "list", "--data", str(tmp_path))) == 1
