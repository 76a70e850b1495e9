"""A worker's session of one device, over a library that does as it is told."""

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any, cast

from merpati.core.clock import SystemClock
from merpati.core.ids import Address
from merpati.transports.linked import protocol
from merpati.transports.linked.worker.gate import Gate
from merpati.transports.linked.worker.library import Happening, Library, load_messages
from merpati.transports.linked.worker.line import Tools
from merpati.transports.linked.worker.session import DeviceSession
from merpati.transports.port import PairHow
from tests.transports.linked.rig import DEVICE
from tests.transports.linked.test_folder import made, put_session


class SlowLibrary:
    """Sessions that run until they are stopped; leaving the network takes until it is let."""

    def __init__(self) -> None:
        self.running: dict[bytes, threading.Event] = {}
        self.leaving, self.may_leave = threading.Event(), threading.Event()

    def run(self, id_: bytes, _database: str, **hears: Any) -> str:  # noqa: ANN401 - as the real one's
        self.running[id_] = stopped = threading.Event()
        hears["on_status"]("success")
        stopped.wait()
        return ""

    def end(self, name: str, id_: bytes) -> None:
        if name == "Disconnect":
            self.leaving.set()
            self.may_leave.wait(1)
        else:
            self.running.pop(id_).set()


async def until_said(said: list[protocol.FromWorker], word: protocol.FromWorker) -> None:
    async with asyncio.timeout(10):
        while word not in said:  # noqa: ASYNC110 - a list tells nobody
            await asyncio.sleep(0.01)


async def test_a_pairing_that_meets_a_reconnection_is_the_only_session(tmp_path: Path) -> None:
    """Two with the same keys would spoil each other's."""
    library, said = SlowLibrary(), list[protocol.FromWorker]()
    tools = Tools(cast("Library", library), messages := load_messages(), Gate(1), SystemClock(), said.append)
    folder = made(tmp_path)
    put_session(folder)
    session = DeviceSession(tools, protocol.Open(device=DEVICE, folder=str(folder.path), spool=str(tmp_path)))
    await session.begin()
    failure = messages.neonize.ConnectFailure(Reason=8, Message="busy", Raw=messages.neonize.Node(Tag="failure"))

    session.heard_event(Happening.CONNECT_FAILURE, failure.SerializePartialToString(), 1)
    await asyncio.to_thread(library.leaving.wait)
    pairing = asyncio.create_task(session.pair(protocol.Pair(device=DEVICE, attempt=1, how=PairHow.QR)))
    await asyncio.sleep(0.1)
    library.may_leave.set()
    await pairing
    await asyncio.sleep(1)

    assert len(library.running) == 1
    await session.close(protocol.Close(device=DEVICE, q=1))
    assert library.running == {}


async def test_a_session_whose_keys_are_being_written_opens_when_they_are(tmp_path: Path) -> None:
    """A slow disk: whose they are is asked again."""
    library, said = SlowLibrary(), list[protocol.FromWorker]()
    library.may_leave.set()
    tools = Tools(cast("Library", library), load_messages(), Gate(1), SystemClock(), said.append)
    folder = made(tmp_path)
    put_session(folder)
    session = DeviceSession(tools, protocol.Open(device=DEVICE, folder=str(folder.path), spool=str(tmp_path)))
    await session.begin()

    with contextlib.closing(sqlite3.connect(folder.session, isolation_level=None)) as writing:
        writing.execute("BEGIN EXCLUSIVE")
        session.heard_event(Happening.CONNECTED, b"", 1)
        session.heard_event(Happening.OFFLINE_DONE, b"", 1)
        await until_said(said, protocol.Began(device=DEVICE))
    await until_said(said, protocol.Opened(device=DEVICE, number=Address("62811")))

    await session.close(protocol.Close(device=DEVICE, q=1))
