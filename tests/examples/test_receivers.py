"""The example receivers keep Fonnte's table right, and miss nothing when they are killed."""

import asyncio
import contextlib
import http.client
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from merpati.core.facts import (
    AnyFact,
    DeviceStateChanged,
    MessageDelivered,
    MessageFailed,
    MessageRead,
    MessageReceived,
    MessageSent,
    Telling,
)
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.storage.port import Storage
from merpati.webhooks.model import EndpointKind
from merpati.webhooks.signing import parse_secret, sign, webhook_id
from tests.examples.programs import Program
from tests.sqlite import open_empty
from tests.webhooks.stage import CHAT, SECRET, Stage, staged

_needs_php = pytest.mark.skipif(shutil.which("php") is None, reason="there is no PHP here")
pytestmark = [
    pytest.mark.process,
    pytest.mark.parametrize("language", ["python", "node", pytest.param("php", marks=_needs_php)]),
]
DEVICE = DeviceId(3)
MESSAGES = 40


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """An account on SQLite."""
    storage: Storage = await open_empty(tmp_path / "merpati.db")

    async def reopen() -> Storage:
        return storage

    async with staged(storage, reopen) as it:
        yield it
    await storage.close()


def life_of(n: int) -> Sequence[AnyFact]:
    to = (DEVICE, MessageId(n), CHAT)
    wa_id = WaId(f"3EB0{n:04}")
    return MessageSent(*to, wa_id, 1), MessageDelivered(*to, wa_id), MessageRead(*to, wa_id)


async def test_a_receiver_that_is_killed_and_restarted_misses_nothing(
    stage: Stage, tmp_path: Path, language: str
) -> None:
    """Killed at any moment, down while more happens: in the end every message is there, read, and none twice."""
    program = Program(language, tmp_path)
    await program.start()
    await stage.set(DEVICE, program.url)
    await stage.start()
    try:
        for begin in range(0, MESSAGES, 10):
            await stage.record([fact for n in range(begin, begin + 5) for fact in life_of(n)])
            await _until(stage, program, f"id >= {begin}", 2)
            await program.kill()
            await stage.record([fact for n in range(begin + 5, begin + 10) for fact in life_of(n)])
            await program.start()
        await _until(stage, program, "status = 'sent' AND state = 'read'", MESSAGES)
    finally:
        await program.kill()
    expected = [(n, f"3EB0{n:04}") for n in range(MESSAGES)]
    assert program.rows("SELECT id, stateid FROM report ORDER BY id") == expected
    assert program.rows("SELECT count(*) FROM seen") == [(3 * MESSAGES,)]


async def _until(stage: Stage, program: Program, where: str, at_least: int) -> None:
    """Wait until the table has so many; a minute passes whenever it has not."""
    async with asyncio.timeout(60):
        while program.count(where) < at_least:
            stage.wait_for_retry()
            await asyncio.sleep(0.05)


async def test_failures_and_the_devices_status_are_kept(stage: Stage, tmp_path: Path, language: str) -> None:
    """A status without `stateid` changes the status alone; the connect webhook goes to its own table."""
    program = Program(language, tmp_path)
    await program.start()
    try:
        await stage.set(DEVICE, program.url)
        await stage.set(DEVICE, program.url, EndpointKind.CONNECT)
        await stage.start()
        await stage.record(
            [
                MessageFailed(DEVICE, MessageId(7), CHAT, "recipient_not_on_whatsapp"),
                DeviceStateChanged(DEVICE, "logged_out", ""),
            ]
        )
        await _until(stage, program, "status = 'invalid'", 1)
        async with asyncio.timeout(20):
            while not program.rows("SELECT 1 FROM device_status"):  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)
    finally:
        await program.kill()
    assert program.rows("SELECT id, status, state, stateid FROM report") == [(7, "invalid", None, None)]
    assert program.rows("SELECT status, reason FROM device_status") == [("disconnect", "logged_out")]


async def test_what_people_write_is_answered_once(stage: Stage, tmp_path: Path, language: str) -> None:
    """Fonnte's sample of an automatic reply. While the gateway is away the event comes again, with the same key."""
    sent: list[tuple[str, str, dict[str, str]]] = []

    async def take(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        sent.append((request.headers["Idempotency-Key"], request.headers["Authorization"], form))
        return web.json_response({"status": len(sent) > 1}, status=503 if len(sent) == 1 else 200)

    async with gateway(take) as url:
        program = Program(language, tmp_path, gateway=url)
        await program.start()
        try:
            await stage.set(DEVICE, program.url, EndpointKind.MESSAGE)
            await stage.start()
            await stage.record([said(7, "Test", CHAT), said(8, "halo", Address("120363000000000001@g.us"))])
            async with asyncio.timeout(60):
                while program.rows("SELECT count(*) FROM incoming") != [(2,)]:
                    stage.wait_for_retry()
                    await asyncio.sleep(0.05)
        finally:
            await program.kill()
    form = {"target": CHAT, "message": "working great!", "inboxid": "7"}
    assert sent == [(webhook_id(AccountId(1), 1), "TOKEN", form)] * 2
    rows = program.rows("SELECT sender, name, message FROM incoming ORDER BY message DESC")
    assert rows == [("120363000000000001@g.us", "Budi", "halo"), (CHAT, "Budi", "Test")]


def said(id_: int, text: str, chat: Address) -> AnyFact:
    return MessageReceived(
        DEVICE, MessageId(id_), chat, CHAT, WaId(f"IN{id_}"), Telling(1, "text", "Budi", text, in_inbox=True)
    )


@contextlib.asynccontextmanager
async def gateway(take: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """A gateway that takes `/send` so; its address."""
    app = web.Application()
    app.router.add_post("/send", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_only_signed_and_fresh_calls_are_believed(tmp_path: Path, language: str) -> None:
    """With a secret: a wrong, missing or old signature is refused, and so is what is not a JSON object."""
    program = Program(language, tmp_path, SECRET)
    await program.start()
    now = int(time.time())
    body = json.dumps({"id": 1, "status": "sent", "device": "0812"}).encode()
    try:
        statuses = [
            await asyncio.to_thread(_post, program.port, signed, sent, stamp)
            for signed, sent, stamp in (
                (b"", body, now),
                (b"other", body, now),
                (body, body, now - 3_600),
                (b"[1, 2", b"[1, 2", now),
                (b"1", b"1", now),
                (body, body, now),
                (body, body, now),
            )
        ]
    finally:
        await program.kill()
    assert statuses == [401, 401, 401, 400, 400, 200, 200]
    assert program.rows("SELECT id, status FROM report") == [(1, "sent")]


def _post(port: int, signed: bytes, sent: bytes, stamp: int) -> int:
    event = webhook_id(AccountId(1), 1)
    headers = {"webhook-id": event, "webhook-timestamp": str(stamp)}
    if signed:
        headers["webhook-signature"] = f"v1,old {sign(parse_secret(SECRET), event, stamp, signed)}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/", sent, headers)
    status = connection.getresponse().status
    connection.close()
    return status
