"""A worker is watched: it is killed when it hangs, started again when it ends, and gone when nobody needs it."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from merpati.core.clock import SystemClock
from merpati.core.ids import Address, DeviceId
from merpati.transports.linked.link import LinkedLink, Settings
from merpati.transports.linked.process import Beats
from merpati.transports.port import SendFault, SessionState
from tests.conformance.transport_rig import Heard, fault_of, text

BEATS = Beats(ping=0.05, dead=0.4, hello=20, close=0.4, first_wait=0.01, longest_wait=0.05)
DEVICE, TO = DeviceId(7), Address("62812")
STUB = str(Path(__file__).with_name("stub_worker.py"))
_S = SessionState


@contextlib.asynccontextmanager
async def stubbed(folder: Path, how: str, **more: object) -> AsyncIterator[LinkedLink]:
    settings = Settings(
        root=folder / "linked",
        spool=folder,
        command=(sys.executable, STUB, how),
        environment={"COVERAGE_PROCESS_START": ""},
        beats=BEATS,
    )
    link = LinkedLink(msgspec.structs.replace(settings, **more), SystemClock())
    try:
        yield link
    finally:
        await link.close()


async def until(holds: Callable[[], object]) -> None:
    """Wait for what no event tells."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - a process does not tell
            await asyncio.sleep(0.005)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_session_opens_sends_and_takes_its_process_with_it(tmp_path: Path) -> None:
    """The last device that leaves ends the worker."""
    async with stubbed(tmp_path, "well") as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)
        await heard.state(_S.OPEN)
        [worker] = link.workers
        pid = worker.pid
        assert pid is not None and is_alive(pid)

        sent = await transport.send(text("r", TO))
        await transport.stop()

        assert sent.wa_id == "3EB0r"
        assert not is_alive(pid)
        assert heard.states() == [_S.CONNECTING, _S.OPEN, _S.OFF]


@pytest.mark.parametrize("how", ["dying", "aborting"])
async def test_a_worker_that_dies_in_a_hand_over_leaves_it_unclear(tmp_path: Path, how: str) -> None:
    """AMBIGUOUS, never repeated by itself; the session opens again in a new process."""
    async with stubbed(tmp_path, how) as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)
        await heard.state(_S.OPEN)

        raised = await fault_of(transport, text("r", TO))
        await heard.until(lambda: heard.states().count(_S.OPEN) == 2)

        assert raised.fault is SendFault.AMBIGUOUS
        assert heard.states() == [_S.CONNECTING, _S.OPEN, _S.RETRYING, _S.CONNECTING, _S.OPEN]
        assert link.workers[0].starts == 2
        assert "stub" in link.workers[0].last_lines[0] or "concurrent map" in link.workers[0].last_lines[0]


async def test_a_worker_that_does_not_answer_is_killed(tmp_path: Path) -> None:
    """By its heartbeats; another takes its place."""
    async with stubbed(tmp_path, "deaf") as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)
        await heard.state(_S.OPEN)
        first = link.workers[0].pid

        await heard.until(lambda: heard.states().count(_S.OPEN) == 2)

        assert first is not None and not is_alive(first)
        assert _S.RETRYING in heard.states()


async def test_a_worker_is_not_killed_because_we_stood_still(tmp_path: Path) -> None:
    """Stopped, or on a machine that swaps: nothing was asked meanwhile."""
    async with stubbed(tmp_path, "well") as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)
        await heard.state(_S.OPEN)

        time.sleep(2 * BEATS.dead)  # noqa: ASYNC251 - just that

        await transport.send(text("a", TO))
        await asyncio.sleep(2 * BEATS.ping)
        assert link.workers[0].starts == 1


async def test_a_worker_that_cannot_be_started_is_when_it_can(tmp_path: Path) -> None:
    """No memory, no room for a process: it is tried again."""
    command = tmp_path / "worker"
    async with stubbed(tmp_path, "well", command=(str(command), STUB, "well")) as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)
        await heard.state(_S.CONNECTING)
        await asyncio.sleep(2 * BEATS.longest_wait)

        draft = tmp_path / "draft"
        draft.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        draft.chmod(0o700)
        draft.rename(command)

        await heard.state(_S.OPEN)


async def test_a_stop_that_hangs_ends_by_killing(tmp_path: Path) -> None:
    """It returns soon, and nothing is left running."""
    async with stubbed(tmp_path, "stuck") as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)
        await heard.state(_S.OPEN)
        pid = link.workers[0].pid
        assert pid is not None

        await transport.stop()

        assert not is_alive(pid)
        assert heard.states()[-1] is _S.OFF


async def test_a_stop_does_not_wait_for_what_is_not_acknowledged(tmp_path: Path) -> None:
    """The hand-over is unclear."""
    async with stubbed(tmp_path, "mute") as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)
        await heard.state(_S.OPEN)
        sending = asyncio.create_task(fault_of(transport, text("r", TO)))
        await asyncio.sleep(0)

        await transport.stop()

        assert (await sending).fault is SendFault.AMBIGUOUS


async def test_a_worker_that_speaks_garbage_is_not_listened_to(tmp_path: Path) -> None:
    """It is killed and started again, with a growing wait."""
    async with stubbed(tmp_path, "garbage") as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)

        await until(lambda: link.workers[0].starts >= 3)

        assert heard.states() == [_S.CONNECTING]


@pytest.mark.parametrize(("how", "reason"), [("useless", "library_missing"), ("older", "worker_other")])
async def test_a_worker_that_can_never_work_is_not_tried_again(tmp_path: Path, how: str, reason: str) -> None:
    """FAILED, with the reason; a person has to do something."""
    async with stubbed(tmp_path, how) as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)

        await heard.state(_S.FAILED)

        assert heard.events[-1].reason == reason  # type: ignore[union-attr]  # it is a State
        assert link.workers[0].starts == 1


async def test_devices_share_a_worker_up_to_its_room(tmp_path: Path) -> None:
    """Three devices, two to a worker; who leaves does not disturb the other."""
    async with stubbed(tmp_path, "well", devices_per_worker=2) as link:
        devices = [(link.transport(DeviceId(number)), Heard()) for number in (1, 2, 3)]
        for transport, heard in devices:
            await transport.start(heard.emit)
        for _, heard in devices:
            await heard.state(_S.OPEN)
        first, second = link.workers
        assert (first.load, second.load) == (2, 1)

        await devices[0][0].stop()

        await devices[1][0].send(text("r", TO))
        assert devices[1][1].states() == [_S.CONNECTING, _S.OPEN]


async def test_a_worker_gets_none_of_our_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's password is not in the environment of somebody else's binary."""
    monkeypatch.setenv("MERPATI_DATABASE", "postgres://merpati:rahasia@localhost/merpati")
    async with stubbed(tmp_path, "well") as link:
        transport, heard = link.transport(DEVICE), Heard()
        await transport.start(heard.emit)
        await heard.state(_S.OPEN)

        environment = await asyncio.to_thread(Path(f"/proc/{link.workers[0].pid}/environ").read_bytes)

        assert b"rahasia" not in environment
        assert b"NEONIZE_BOT_TAG=off" in environment
