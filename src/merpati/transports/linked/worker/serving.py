"""The worker's process: speaks with the gateway over one socket, and ends with it.

It ends hard: the library has threads that nothing else can end.
"""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping
from sqlite3 import Error as StoreError
from typing import Any, Final, NoReturn

from merpati.core.clock import SystemClock
from merpati.core.errors import Code
from merpati.core.ids import DeviceId
from merpati.transports.linked import protocol
from merpati.transports.linked.errors import UNKNOWN
from merpati.transports.linked.frames import FrameInvalid, FrameReader, framed
from merpati.transports.linked.worker.gate import Gate
from merpati.transports.linked.worker.library import VERSION, Library, LibraryMissing, LibraryOther, load_messages
from merpati.transports.linked.worker.line import Tools
from merpati.transports.linked.worker.sending import Sending
from merpati.transports.linked.worker.session import DeviceSession
from merpati.transports.port import SendFault

SILENCE_S: Final = 60.0
"""A gateway that says nothing so long is gone, or paused while another may hold its devices."""
logger = logging.getLogger(__name__)
BEGIN_AGAIN_S: Final = 2.0
OK, CUT_OFF, CANNOT, GARBLED = 0, 3, 4, 5


def end(code: int) -> NoReturn:
    os._exit(code)


class Worker:
    """One process's."""

    def __init__(self, writer: asyncio.StreamWriter, devices: int) -> None:
        """Raises `LibraryMissing`, `LibraryOther`."""
        self._writer = writer
        library, messages = Library(), load_messages()
        self._tools = Tools(library, messages, Gate(devices), SystemClock(), self.say)
        self._sessions: dict[DeviceId, DeviceSession] = {}
        self._wanted: dict[DeviceId, protocol.Open] = {}
        self._turns: dict[DeviceId, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard_at = asyncio.get_running_loop().time()

    def say(self, word: protocol.FromWorker) -> None:
        self._writer.write(framed(protocol.body_of(word)))

    def hear(self, word: protocol.FromGateway) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        if isinstance(word, protocol.Ping):
            self.say(protocol.Pong(n=word.n))
        else:
            _HEARD[type(word)](self, word)

    async def watch(self) -> NoReturn:
        """End when the gateway is silent."""
        loop = asyncio.get_running_loop()
        while True:
            left = self._heard_at + SILENCE_S - loop.time()
            if left <= 0:
                end(CUT_OFF)
            await asyncio.sleep(left)

    # -- words --

    def _open(self, word: protocol.Open) -> None:
        self._wanted[word.device] = word
        self._in_turn(word.device, lambda: self._begin(word))

    async def _begin(self, word: protocol.Open) -> None:
        """Its folder, or its disk, may not be there for a while: then again, until it is closed."""
        try:
            if (session := self._sessions.get(word.device)) is None:
                self._sessions[word.device] = session = DeviceSession(self._tools, word)
            await session.begin()
        except (OSError, StoreError) as error:
            print(f"device {word.device}: {error!r}", file=sys.stderr)  # noqa: T201 - the gateway keeps it
            self.say(protocol.Ended(device=word.device, how=protocol.End.CRASHED))
            asyncio.get_running_loop().call_later(BEGIN_AGAIN_S, self._begin_again, word)

    def _begin_again(self, word: protocol.Open) -> None:
        if self._wanted.get(word.device) is word:
            self._in_turn(word.device, lambda: self._begin(word))

    def _pair(self, word: protocol.Pair) -> None:
        async def pair() -> None:
            if (session := self._sessions.get(word.device)) is not None:
                await session.pair(word)

        self._in_turn(word.device, pair)

    def _close(self, word: protocol.Close) -> None:
        self._wanted.pop(word.device, None)

        async def close() -> None:
            if (session := self._sessions.pop(word.device, None)) is not None:
                await session.close(word)
            else:
                self.say(protocol.Done(q=word.q))

        self._in_turn(word.device, close)

    def _of_session(self, word: Any) -> None:  # noqa: ANN401 - by the table
        session = self._sessions.get(word.device)
        if session is None:
            if (q := getattr(word, "q", None)) is not None:
                self.say(protocol.Refused(q=q, fault=SendFault.NOT_OPEN, code=Code.DEVICE_DISCONNECTED))
            return
        if isinstance(word, protocol.Confirm):
            session.confirm(word)
        else:
            session.spawn(self._asked(session, word))

    async def _asked(self, session: DeviceSession, word: Any) -> None:  # noqa: ANN401 - by the table
        try:
            await _ASKED[type(word)](session.sending, word)
        except Exception as error:  # the supervisor of what is asked: nobody knows how far it came
            logger.error("device %d: %s failed", word.device, type(word).__name__, exc_info=error)
            if (q := getattr(word, "q", None)) is not None:
                self.say(protocol.Refused(q=q, fault=UNKNOWN.fault, code=UNKNOWN.code))

    def _in_turn(self, device: DeviceId, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Beginnings and ends of one device, one after the other."""

        async def run() -> None:
            async with self._turns.setdefault(device, asyncio.Lock()):
                await work()

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._turned(device, done))

    def _turned(self, device: DeviceId, done: "asyncio.Task[None]") -> None:
        self._tasks.discard(done)
        if not done.cancelled() and (error := done.exception()) is not None:
            print(f"device {device}: {error!r}", file=sys.stderr)  # noqa: T201 - the gateway keeps it
            self.say(protocol.Ended(device=device, how=protocol.End.CRASHED))


_HEARD: Mapping[type, Callable[[Worker, Any], None]] = {
    protocol.Open: Worker._open,
    protocol.Pair: Worker._pair,
    protocol.Close: Worker._close,
    **dict.fromkeys(
        (
            protocol.Send,
            protocol.Show,
            protocol.MarkRead,
            protocol.Check,
            protocol.ListGroups,
            protocol.Confirm,
        ),
        Worker._of_session,
    ),
}
_ASKED: Mapping[type, Callable[[Sending, Any], Coroutine[Any, Any, None]]] = {
    protocol.Send: Sending.send,
    protocol.Show: Sending.show,
    protocol.MarkRead: Sending.mark_read,
    protocol.Check: Sending.check,
    protocol.ListGroups: Sending.list_groups,
}


async def serve(fd: int, devices: int) -> NoReturn:
    """Speak on this socket until it ends."""
    os.umask(0o077)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=fd))
    try:
        worker = Worker(writer, devices)
    except (LibraryMissing, LibraryOther) as error:
        code = "library_other" if isinstance(error, LibraryOther) else "library_missing"
        print(repr(error), file=sys.stderr)  # noqa: T201 - the gateway keeps it
        writer.write(framed(protocol.body_of(protocol.Trouble(code=code))))
        await writer.drain()
        end(CANNOT)
    worker.say(protocol.Hello(version=protocol.VERSION, library=f"neonize {VERSION}"))
    watching = asyncio.create_task(worker.watch())
    frames = FrameReader()
    try:
        while data := await reader.read(65_536):
            for body in frames.feed(data):
                worker.hear(protocol.word_of_gateway(body))
    except (FrameInvalid, ConnectionError) as error:
        print(repr(error), file=sys.stderr)  # noqa: T201 - the gateway keeps it
        end(GARBLED)
    watching.cancel()
    end(OK)


def run(fd: int, devices: int) -> NoReturn:
    asyncio.run(serve(fd, devices))
    end(OK)
