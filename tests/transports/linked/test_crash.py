"""What kills and cuts leave behind: nothing is called sent that was not, all stays readable, what came is kept."""

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from merpati.fakes.whatsapp import contents
from merpati.fakes.whatsapp.faults import Fault
from merpati.transports.linked.transport import LinkedTransport
from merpati.transports.port import (
    AnyEvent,
    Inbound,
    Receipt,
    ReceiptKind,
    SendError,
    SendFault,
    SessionState,
    Text,
)
from tests.conformance.transport_rig import Heard, fault_of, text
from tests.transports.linked.rig import DEVICE, LinkedRig, open_rig, opened

_S = SessionState


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[LinkedRig]:
    async with open_rig(tmp_path) as rig:
        yield rig


def kill_worker(rig: LinkedRig) -> None:
    for worker in rig.link.workers:
        if worker.pid is not None:
            os.kill(worker.pid, signal.SIGKILL)


async def until(holds: Callable[[], object]) -> None:
    """Wait for what nobody tells."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


def kept(rig: LinkedRig) -> int:
    """How much the worker keeps until it is stored."""
    with contextlib.closing(sqlite3.connect(rig.link.folder(DEVICE).path / "worker.db")) as db:
        return int(db.execute("SELECT count(*) FROM news").fetchone()[0])


def read_by_bob(rig: LinkedRig) -> list[contents.Content]:
    return [each.content for each in rig.bob.shown]


async def test_a_kill_in_mid_send_is_unclear_and_never_repeated_by_itself(rig: LinkedRig) -> None:
    """WhatsApp had the message; nobody will ever say so. What follows stays readable on the phone."""
    transport, heard = await opened(rig)
    await transport.send(text("a", rig.person, "satu"))
    rig.network.faults.add(Fault.HOLD)
    sending = asyncio.create_task(fault_of(transport, text("b", rig.person, "dua")))
    await rig.network.until(lambda: len(rig.bob.shown) == 2)

    kill_worker(rig)

    assert (await sending).fault is SendFault.AMBIGUOUS
    await heard.until(lambda: heard.states().count(_S.OPEN) == 2)
    await transport.send(text("c", rig.person, "tiga"))
    await rig.say("masih terbaca?")
    assert [each.content for each in await heard.count(Inbound)] == [Text(body="masih terbaca?")]
    assert read_by_bob(rig) == [contents.Text(body=each) for each in ("satu", "dua", "tiga")]


async def test_a_kill_before_the_stanza_left_is_unclear_too(rig: LinkedRig) -> None:
    """From here it looks the same; the next message is readable."""
    transport, heard = await opened(rig)
    await transport.send(text("a", rig.person, "satu"))
    rig.network.faults.add(Fault.IGNORE)
    sending = asyncio.create_task(fault_of(transport, text("b", rig.person, "dua")))
    await until(lambda: rig.network.stanzas["message"] == 2)

    kill_worker(rig)

    assert (await sending).fault is SendFault.AMBIGUOUS
    await heard.until(lambda: heard.states().count(_S.OPEN) == 2)
    await transport.send(text("c", rig.person, "tiga"))
    assert read_by_bob(rig) == [contents.Text(body="satu"), contents.Text(body="tiga")]


async def test_an_acknowledgement_that_comes_after_a_cut_settles_the_message(rig: LinkedRig) -> None:
    """The library repeats the stanza under its id; the receipt names our reference."""
    transport, heard = await opened(rig)
    rig.network.faults.add(Fault.TAKE_AND_CUT)

    try:
        sent_id = (await transport.send(text("ref", rig.person))).wa_id
    except SendError as error:  # either is right, by who was quicker
        assert error.fault is SendFault.AMBIGUOUS
        await heard.until(lambda: any(each.kind is ReceiptKind.TAKEN for each in heard.of(Receipt)))
        [taken] = [each for each in heard.of(Receipt) if each.kind is ReceiptKind.TAKEN]
        assert taken.ref == "ref"
        [sent_id] = taken.ids

    assert rig.bob.shown[0].id == sent_id


async def send_all(transport: LinkedTransport, rig: LinkedRig, count: int) -> list[SendFault | None]:
    """How each of so many hand-overs ended; None: sent."""

    async def one(number: int) -> SendFault | None:
        try:
            await transport.send(text(f"r{number}", rig.person, str(number)))
        except SendError as error:
            return error.fault
        return None

    return await asyncio.gather(*(one(number) for number in range(count)))


async def test_of_twenty_that_were_taken_without_a_word_none_is_called_sent(rig: LinkedRig) -> None:
    """The socket is cut: one is unclear, those behind it certainly have not left."""
    transport, heard = await opened(rig)
    rig.network.faults.add(Fault.LOSE_ANSWER, times=0)
    sending = asyncio.create_task(send_all(transport, rig, 20))
    await rig.network.until(lambda: len(rig.bob.shown) == 1)

    await rig.cut()
    ended = await sending
    rig.network.faults.clear()

    assert ended[0] is SendFault.AMBIGUOUS
    assert None not in ended
    assert set(ended[1:]) <= {SendFault.NOT_OPEN, SendFault.AMBIGUOUS}
    assert heard.of(Inbound) == []


async def test_what_came_is_told_again_after_a_kill_of_either_side(rig: LinkedRig) -> None:
    """The library had acknowledged it to WhatsApp; the worker has kept it."""
    transport, _ = await opened(rig)
    await transport.stop()
    stuck = asyncio.Event()

    async def never_stored(event: AnyEvent) -> None:
        if isinstance(event, Inbound):
            stuck.set()
            await asyncio.Event().wait()

    lost = rig.transport()
    await lost.start(never_stored)
    said = [await rig.say("satu"), await rig.say("dua")]
    await stuck.wait()
    await until(lambda: kept(rig) == 2)

    kill_worker(rig)
    await rig.link.close()
    again, heard = rig.transport(), Heard()
    await again.start(heard.emit)
    await heard.state(_S.OPEN)

    assert [each.wa_id for each in heard.of(Inbound)] == said
