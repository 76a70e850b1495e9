"""One worker process: started, spoken to, watched, killed when it does not answer, started again after a while.

It inherits one end of a socket pair and nothing else of ours: no listener, no path that somebody could connect to,
none of our settings and secrets in its environment.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Final, Protocol

from msgspec import Struct

from merpati.core.ids import DeviceId
from merpati.transports.linked import protocol
from merpati.transports.linked.frames import FrameInvalid, FrameReader, framed
from merpati.transports.linked.protocol import Answer, FromGateway, FromWorker, OnDevice

LAST_LINES: Final = 20
LAST_WORDS_S: Final = 1.0
"""They are there already, and end with the process, unless it has given them to another."""
NOT_THEIRS: Final = "MERPATI_"
"""Settings of ours, among them the database's password, are not the worker's business."""
ALWAYS: Final = {"NEONIZE_BOT_TAG": "off"}
"""Else the library marks each message as a bot's."""
logger = logging.getLogger(__name__)


class Beats(Struct, frozen=True):
    """Seconds."""

    ping: float = 2.0
    dead: float = 15.0
    """A ping without an answer for so long: it hangs, and is killed."""
    hello: float = 30.0
    """Loading the library takes a second, on a busy small machine ten."""
    close: float = 12.0
    """Ending a session; later the process is killed."""
    first_wait: float = 0.2
    longest_wait: float = 30.0
    healthy: float = 60.0
    """Having lived so long, a worker starts again at once."""


class WorkerGone(Exception):
    """The process ended before it answered."""


class WorkerDown(Exception):
    """There is no process now; nothing was asked."""


class Listener(Protocol):
    """A device's transport."""

    def hear(self, word: OnDevice) -> None: ...

    def worker_up(self) -> None:
        """A fresh process is there; it knows nothing of the device."""
        ...

    def worker_down(self) -> None:
        """The process has ended; it is started again by itself."""
        ...

    def worker_useless(self, code: str) -> None:
        """It cannot run here, and is not tried again."""
        ...


class WorkerProcess:
    """Runs from the first device that joins to the last that leaves."""

    def __init__(self, command: Sequence[str], devices: int, beats: Beats, environment: Mapping[str, str]) -> None:
        self.devices, self._beats = devices, beats
        self._command, self._environment = command, environment
        self._listeners: dict[DeviceId, Listener] = {}
        self._questions = count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._life: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._unanswered_since: float | None = None
        self.starts = 0
        """How often the process was started."""
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        """Of what it wrote to its standard error."""

    # -- for transports --

    @property
    def load(self) -> int:
        """How many devices are in it."""
        return len(self._listeners)

    @property
    def is_up(self) -> bool:
        return self._writer is not None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def join(self, device: DeviceId, listener: Listener) -> None:
        """Hear what concerns the device. Again is harmless."""
        self._listeners[device] = listener
        if self._life is None or self._life.done():
            self._life = asyncio.get_running_loop().create_task(self._live())

    async def leave(self, device: DeviceId) -> None:
        """The last one ends the process."""
        self._listeners.pop(device, None)
        if not self._listeners:
            await self.stop()

    def say(self, word: FromGateway) -> None:
        """Does nothing while there is no process."""
        if self._writer is not None:
            self._writer.write(framed(protocol.body_of(word)))

    def next_q(self) -> int:
        return next(self._questions)

    def ask(self, q: int, word: FromGateway) -> "asyncio.Future[Answer]":
        """The answer, or `WorkerGone`; raises `WorkerDown`."""
        if self._writer is None:
            raise WorkerDown
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[q] = future
        self.say(word)
        return future

    def forget(self, q: int) -> None:
        """Nobody waits for this answer any more."""
        self._waiting.pop(q, None)

    def kill(self) -> None:
        """At once, with all devices in it; it is started again for those that have not left."""
        if self._process is not None and self._process.returncode is None:
            _kill(self._process.pid)

    async def stop(self) -> None:
        """May be called twice."""
        life, self._life = self._life, None
        if life is not None:
            life.cancel()
            await asyncio.wait([life])

    # -- its life --

    async def _live(self) -> None:
        beats, wait = self._beats, self._beats.first_wait
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            useless = await self._live_once()
            if useless:
                for listener in list(self._listeners.values()):
                    listener.worker_useless(useless)
                return
            if loop.time() - began > beats.healthy:
                wait = beats.first_wait
            await asyncio.sleep(wait)
            wait = min(wait * 2, beats.longest_wait)

    async def _live_once(self) -> str:
        """From start to end; why it is of no use, if so."""
        try:
            ours, process = await self._start()
        except OSError as error:  # no memory, no process, no descriptor left: there may be some later
            logger.error("no worker can be started: %r", error)
            return ""
        self.starts += 1
        reading = asyncio.get_running_loop().create_task(self._keep_lines(process))
        useless = ""
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
            try:
                useless = await self._serve(reader, writer)
            finally:
                writer.close()
        except (OSError, FrameInvalid) as error:
            logger.warning("worker %d: %r", process.pid, error)
        except Exception:  # the supervisor of workers: without one its devices are nobody's
            logger.exception("worker %d: what it said could not be taken in", process.pid)
        finally:
            await self._ended(process, reading)
        return useless

    async def _start(self) -> tuple[socket.socket, asyncio.subprocess.Process]:
        """Our end, and the process; raises `OSError`."""
        with contextlib.ExitStack() as stack:
            ours, theirs = map(stack.enter_context, socket.socketpair())
            with theirs:
                process = self._process = await self._spawn(theirs)
            stack.pop_all()
        return ours, process

    async def _spawn(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_THEIRS)}
        return await asyncio.create_subprocess_exec(
            *self._command,
            str(theirs.fileno()),
            str(self.devices),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            env=kept | ALWAYS | dict(self._environment),
            start_new_session=True,
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        frames = FrameReader()
        words: list[FromWorker] = []
        async with asyncio.timeout(self._beats.hello):
            while not words:
                words = [protocol.word_of_worker(body) for body in frames.feed(await _some(reader))]
        first = words.pop(0)
        if isinstance(first, protocol.Trouble):
            return first.code
        if not isinstance(first, protocol.Hello) or first.version != protocol.VERSION:
            return "worker_other"
        self._writer, self._unanswered_since = writer, None
        for listener in list(self._listeners.values()):
            listener.worker_up()
        beating = asyncio.get_running_loop().create_task(self._beat())
        try:
            while True:
                for word in words:
                    self._hear(word)
                words = [protocol.word_of_worker(body) for body in frames.feed(await _some(reader))]
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        """Its silence counts from a question on: nothing was asked while we ourselves stood still."""
        loop = asyncio.get_running_loop()
        for n in count(1):
            since = self._unanswered_since
            if since is not None and loop.time() - since > self._beats.dead:
                logger.warning("worker %s does not answer and is killed", self.pid)
                self.kill()
                return
            self.say(protocol.Ping(n=n))
            if since is None:
                self._unanswered_since = loop.time()
            await asyncio.sleep(self._beats.ping)

    def _hear(self, word: FromWorker) -> None:
        self._unanswered_since = None
        q = getattr(word, "q", None)
        if q is not None:
            future = self._waiting.pop(q, None)
            if future is not None and not future.done():
                future.set_result(word)  # type: ignore[arg-type]  # words with a q are answers
        elif (device := getattr(word, "device", None)) is not None:
            listener = self._listeners.get(device)
            if listener is not None:
                listener.hear(word)  # type: ignore[arg-type]  # words with a device are of one

    async def _ended(self, process: asyncio.subprocess.Process, reading: "asyncio.Task[None]") -> None:
        """It is gone when this returns, whatever state it was in."""
        was_up, self._writer = self._writer is not None, None
        if process.returncode is None:
            _kill(process.pid)
        code = await process.wait()
        await asyncio.wait([reading], timeout=LAST_WORDS_S)
        reading.cancel()
        if code not in {0, -signal.SIGKILL}:
            logger.warning("worker %d ended with %d: %s", process.pid, code, " | ".join(self.last_lines))
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(WorkerGone())
        self._waiting.clear()
        if was_up:
            for listener in list(self._listeners.values()):
                listener.worker_down()

    async def _keep_lines(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:  # longer than any line should be
                continue
            if not line:
                return
            self.last_lines.append(line.decode(errors="replace").rstrip()[:500])


def _kill(pid: int) -> None:
    """Not by `Process.kill`, which looks first whether it has ended, and so takes its end away from who waits."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


async def _some(reader: asyncio.StreamReader) -> bytes:
    data = await reader.read(65_536)
    if not data:
        raise ConnectionResetError("the worker has ended")
    return data
