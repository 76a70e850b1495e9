"""What people, disks and kills may do to a worker, and what must go on for all that."""

import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp import acting, contents
from merpati.fakes.whatsapp.faults import Fault, On
from merpati.fakes.whatsapp.media import HOST
from merpati.transports.cards import NotShown
from merpati.transports.linked.process import Beats
from merpati.transports.linked.worker.store import MOST_BEGUN
from merpati.transports.port import AnyEvent, Inbound, Media, SessionState, Text
from tests.conformance.transport_rig import Heard, text
from tests.transports.linked.rig import DEVICE, LinkedRig, open_rig, opened


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[LinkedRig]:
    async with open_rig(tmp_path) as rig:
        yield rig


async def until(holds: Callable[[], object]) -> None:
    """Wait for what nobody tells."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


def contents_of(heard: Heard) -> list[object]:
    return [each.content for each in heard.of(Inbound)]


async def test_a_message_that_no_frame_holds_is_told_by_its_beginning(rig: LinkedRig) -> None:
    """Five million letters silence nobody."""
    _, heard = await opened(rig)

    await rig.post(proto.Message(conversation="panjang" * 700_000))
    await rig.say("sesudahnya")

    await heard.count(Inbound, 2)
    long, after = contents_of(heard)
    assert after == Text(body="sesudahnya")
    assert isinstance(long, NotShown)
    assert (long.kind, long.text) == ("too_long", ("panjang" * 700_000)[:10_000])


async def test_a_place_that_is_nowhere_is_none(rig: LinkedRig) -> None:
    """What is no number could be stored, and never be read again."""
    _, heard = await opened(rig)
    where = proto.Message.LocationMessage(degreesLatitude=float("nan"), degreesLongitude=float("inf"))

    await rig.post(proto.Message(locationMessage=where))

    await heard.count(Inbound)
    assert contents_of(heard) == [NotShown(kind="locationMessage")]


async def test_a_file_waits_for_room_on_the_disk(rig: LinkedRig) -> None:
    """The spool takes nothing for a while: the file comes late, and what follows behind it."""
    _, heard = await opened(rig)
    spool = rig.folder / "spool"
    spool.rmdir()
    spool.write_bytes(b"in the way")

    picture = contents.Media(kind=contents.MediaKind.IMAGE, data=b"gambar" * 100, mime="image/png")
    await acting.say(rig.network, rig.bob, rig.shop, picture)
    await rig.say("sesudahnya")
    await asyncio.to_thread(_free, spool)

    await heard.count(Inbound, 2)
    came, after = contents_of(heard)
    assert isinstance(came, Media)
    assert came.size_bytes == 600
    assert after == Text(body="sesudahnya")


def _free(spool: Path) -> None:
    spool.unlink()
    spool.mkdir()


async def test_what_a_full_disk_does_not_remember_is_sent_and_heard(rig: LinkedRig) -> None:
    """WhatsApp has acknowledged it: that we remember nothing of it makes it not unclear."""
    transport, heard = await opened(rig)
    with contextlib.closing(sqlite3.connect(rig.link.folder(DEVICE).path / "worker.db")) as db:
        db.execute("DROP TABLE known")
        db.execute("DROP TABLE person")
        db.execute("ALTER TABLE news RENAME TO gone")
        db.commit()

    await transport.send(text("a", rig.person, "satu"))
    await rig.say("dua")
    await heard.count(Inbound)
    await transport.send(text("b", rig.person, "tiga"))

    assert contents_of(heard) == [Text(body="dua")]
    assert [each.content for each in rig.bob.shown] == [contents.Text(body="satu"), contents.Text(body="tiga")]
    assert heard.states()[-1] is SessionState.OPEN


async def test_a_folder_that_was_not_there_for_a_while_is_opened_when_it_is(rig: LinkedRig) -> None:
    """Nobody has to press anything."""
    await rig.pair()
    folder = rig.link.folder(DEVICE).path
    kept = folder.rename(folder.with_name("elsewhere"))
    folder.write_bytes(b"in the way")
    transport, heard = rig.transport(), Heard()

    await transport.start(heard.emit)
    await heard.state(SessionState.RETRYING)
    folder.unlink()
    kept.rename(folder)

    await heard.state(SessionState.OPEN)


async def test_a_file_that_kills_each_worker_is_told_without_it(tmp_path: Path) -> None:
    """Too large for the memory, or a fault of the library: it is not tried for ever."""
    async with open_rig(tmp_path, beats=Beats(first_wait=0.05, longest_wait=0.05)) as rig:
        rig.network.faults.add(Fault.HOLD, on=On.DOWNLOAD, times=0)
        _, heard = await opened(rig)
        picture = contents.Media(kind=contents.MediaKind.IMAGE, data=b"gambar", mime="image/png")
        await acting.say(rig.network, rig.bob, rig.shop, picture)
        await rig.say("sesudahnya")

        for life in range(1, MOST_BEGUN + 2):
            await until(partial(_is_fetched, rig, life))
            _kill(rig)

        await heard.count(Inbound, 2)
        came, after = contents_of(heard)
        assert isinstance(came, Media)
        assert came.path == ""
        assert after == Text(body="sesudahnya")


def _is_fetched(rig: LinkedRig, times: int) -> bool:
    return sum(HOST in each for each in rig.network.reached) >= times


def _kill(rig: LinkedRig) -> None:
    for worker in rig.link.workers:
        if worker.pid is not None:
            os.kill(worker.pid, signal.SIGKILL)


async def test_an_event_that_nobody_can_store_does_not_hold_up_what_follows(rig: LinkedRig) -> None:
    """A fault of ours in one is logged, and the others are told."""
    await rig.pair()
    heard = Heard()

    async def emit(event: AnyEvent) -> None:
        if isinstance(event, Inbound) and event.content == Text(body="racun"):
            raise OverflowError("an int beyond 64 bits")
        await heard.emit(event)

    transport = rig.transport()
    await transport.start(emit)
    await rig.say("racun")
    await rig.say("sesudahnya")

    await heard.count(Inbound)
    assert contents_of(heard) == [Text(body="sesudahnya")]
    await heard.state(SessionState.OPEN)
