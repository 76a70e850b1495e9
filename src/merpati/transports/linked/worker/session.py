"""One linked device in the worker: its keys, its connection, its pairing, and how these end."""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from sqlite3 import Error as StoreError
from typing import Any, Final

import msgspec

from merpati.core.clock import Millis
from merpati.core.ids import Address
from merpati.transports.linked import protocol
from merpati.transports.linked.folder import Mark, SessionFolder
from merpati.transports.linked.protocol import End
from merpati.transports.linked.worker import past
from merpati.transports.linked.worker.client import Client, LibraryTrouble
from merpati.transports.linked.worker.ends import BAN_CRASH, ban_until, end_of_event, end_of_status
from merpati.transports.linked.worker.library import Happening
from merpati.transports.linked.worker.line import Line, Tools
from merpati.transports.linked.worker.reading import Reading
from merpati.transports.linked.worker.sending import Sending
from merpati.transports.linked.worker.store import SPOKEN, Store
from merpati.transports.linked.worker.telling import Telling
from merpati.transports.port import PairHow

KEPT: Final = frozenset({Happening.MESSAGE, Happening.RECEIPT, Happening.UNDECRYPTABLE})
"""Events that are kept until they are confirmed."""
QR_MS: Final = (60_000, 20_000)
"""How long WhatsApp takes the first code of a row, and each later one. Source: whatsmeow's `qrchan.go`."""
CODE_MS: Final = 160_000
CAUGHT_UP_WITHIN_S: Final = 10.0
"""WhatsApp says when all that waited was sent; should it not, we go on."""
AGAIN_S: Final = (0.5, 300.0)
"""The first wait after the library gave up; it doubles up to the second."""
NUMBER_AGAIN_S: Final = 0.5
UNREADABLE_IN_A_ROW: Final = 3
LOG_OUT_S: Final = 5.0
SPOKEN_AT_ONCE: Final = 500


class DeviceSession:
    """Made by `Open`. All methods are called on the loop."""

    def __init__(self, tools: Tools, opening: protocol.Open) -> None:
        """Raises `OSError`, `sqlite3.Error`."""
        self._tools, self._opening, self.device = tools, opening, opening.device
        self._loop = asyncio.get_running_loop()
        self.folder = SessionFolder(Path(opening.folder))
        self.folder.make()
        self._lock = self.folder.lock()
        try:
            self._store = Store(self.folder.path)
        except StoreError:
            os.close(self._lock)
            raise
        self._is_copy, self._was_clean = self.folder.has(Mark.RESTORED), self.folder.has(Mark.CLEAN)
        self._line = Line()
        self._reading = Reading(opening, tools, self._line, self._store, self._unreadable)
        self._telling = Telling(self.device, self._store, tools.say, self._reading.read)
        self.sending = Sending(tools, self._line, self._store, self._telling.add, self._number)
        self._clients = self._tries = self._shown = 0
        self._own = ""
        self._attempt, self._pairing, self._paired = 0, False, False
        self._how: PairHow = PairHow.QR
        self._phone: Address | None = None
        self._all_sent = False
        """WhatsApp has sent what waited; it may say so before the library calls itself connected."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._ending = False
        self._changing = asyncio.Lock()

    # -- its life --

    async def begin(self) -> None:
        """Log in, where there are keys to log in with. Again is harmless; raises `OSError`, `sqlite3.Error`."""
        if self._line.client is not None:
            return
        self.folder.bring_keys_back()
        if self.folder.has(Mark.MOVED):
            self._say_ended(End.MOVED)
        elif not self.folder.paired_as():
            self._say_ended(End.NOT_PAIRED)
        else:
            self.folder.take(Mark.CLEAN)
            await self._connect()

    async def pair(self, word: protocol.Pair) -> None:
        """Begin with new keys; what was begun before is over. Those that there are are kept until it succeeds."""
        self._attempt, self._how, self._phone = word.attempt, word.how, word.phone
        async with self._changing:
            await self._disconnect()
            if self._attempt != word.attempt:
                return  # begun again meanwhile
            self.folder.set_aside_keys()
            self._is_copy, self._shown, self._pairing, self._paired = False, 0, True, False
            self._own = ""
            await self._connect()

    async def close(self, word: protocol.Close) -> None:
        """In order: what has come is kept, the keys are whole."""
        self._ending = True
        try:
            await self._end(logout=word.logout)
        finally:
            os.close(self._lock)
        self._tools.say(protocol.Done(q=word.q))

    async def _end(self, *, logout: bool) -> None:
        if logout and (client := self._line.open_client) is not None:
            with contextlib.suppress(TimeoutError, LibraryTrouble):
                async with asyncio.timeout(LOG_OUT_S):
                    await client.log_out()
        async with self._changing:
            await self._disconnect()
        self.folder.bring_keys_back()
        was_paired = bool(self.folder.paired_as())
        await self._telling.stop()
        self.sending.stop()
        for task in self._tasks:
            task.cancel()
        self._store.close()
        if logout:
            self.folder.forget()
        elif was_paired and not self.folder.has(Mark.MOVED):
            self.folder.take(Mark.RESTORED)
            self.folder.put(Mark.CLEAN)

    async def _connect(self) -> None:
        self._clients += 1
        tools, name, heard = self._tools, f"{self.device}.{self._clients}", _Heard(self, self._clients)
        self._line.client = client = Client(tools.library, tools.messages, tools.gate, name, heard)
        await client.begin(self.folder.session, self._opening.proxy)

    async def _disconnect(self) -> None:
        client, self._line.client = self._line.client, None
        self._offline()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if client is not None:
            await client.end()

    def _offline(self) -> None:
        self._line.went()
        self._all_sent = False
        self._telling.close()

    def _connect_again(self) -> None:
        """After a while: the library gave up."""
        first_s, longest_s = AGAIN_S
        wait_s = min(first_s * 2**self._tries, longest_s)
        self._tries += 1
        client = self._clients
        self._timers.append(self._loop.call_later(wait_s, lambda: self.spawn(self._reconnect(client))))

    async def _reconnect(self, client: int) -> None:
        """Unless another was begun in its place."""
        async with self._changing:
            if client == self._clients and not self._ending:
                await self._disconnect()
                await self._connect()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            print(f"device {self.device}: {error!r}", file=sys.stderr)  # noqa: T201 - the gateway keeps it
            self._say_ended(End.CRASHED)

    def _say_ended(self, how: End, until: Millis | None = None, attempt: int = 0) -> None:
        self._tools.say(protocol.Ended(device=self.device, how=how, until=until, attempt=attempt))

    # -- what the library says, on its threads --

    def heard_event(self, code: int, data: bytes, number: int) -> None:
        """What people said is kept before anything else, also of a client that is ending."""
        if code in KEPT:
            self._keep(code, data)
        elif code == Happening.PAST:
            self._keep_past(self._tools.messages.neonize.HistorySync.FromString(data).Data)
        else:
            self._loop.call_soon_threadsafe(self._happened, code, data, number)

    def _keep(self, code: int, data: bytes) -> None:
        self._loop.call_soon_threadsafe(self._telling.add, self._store.add_news(code, data))

    def _keep_past(self, part: Any) -> None:  # noqa: ANN401 - a message of the library
        self._store.know(past.pairs_of(part))
        people = past.people_of(part, self._store.phone_of)
        for start in range(0, len(people), SPOKEN_AT_ONCE):
            self._keep(SPOKEN, msgspec.msgpack.encode(people[start : start + SPOKEN_AT_ONCE]))

    def heard_soon(self, number: int, hear: Callable[[str], None], text: str) -> None:
        self._loop.call_soon_threadsafe(lambda: hear(text) if number == self._clients else None)

    # -- what the library says, on the loop --

    def heard_qr(self, code: str) -> None:
        if self._how is PairHow.CODE:
            if self._shown == 0:
                self.spawn(self._ask_code(self._attempt))
        else:
            for_ms = QR_MS[min(self._shown, 1)]
            self._tools.say(protocol.QrShown(device=self.device, attempt=self._attempt, code=code, for_ms=for_ms))
        self._shown += 1

    async def _ask_code(self, attempt: int) -> None:
        client = self._line.client
        assert client is not None
        try:
            code = await client.pair_phone(self._phone or Address(""))
        except LibraryTrouble as trouble:
            print(f"device {self.device}: no code: {trouble}", file=sys.stderr)  # noqa: T201
            self._end_pairing(End.REFUSED)
            return
        if attempt == self._attempt:
            self._tools.say(protocol.CodeShown(device=self.device, attempt=attempt, code=code, for_ms=CODE_MS))

    def heard_status(self, status: str) -> None:
        how = end_of_status(status)
        if how is not None and self._pairing:
            self._end_pairing(how)

    def _end_pairing(self, how: End) -> None:
        self._pairing = False
        self._say_ended(how, attempt=self._attempt)
        self.spawn(self._disconnect())

    def heard_end(self, line: str) -> None:
        """The library's session is over, and nobody asked for it."""
        print(f"device {self.device}: the session ended: {line[:200]}", file=sys.stderr)  # noqa: T201
        self._offline()
        if BAN_CRASH in line.lower():
            self._say_ended(End.BANNED)
        elif self._pairing:
            self._end_pairing(End.REFUSED)
        else:
            self._say_ended(End.CRASHED)
            self._connect_again()

    def _happened(self, code: int, data: bytes, number: int) -> None:
        if number != self._clients or self._ending:
            return
        types = self._tools.messages.neonize
        match code:
            case Happening.CONNECTED:
                self._connected()
            case Happening.OFFLINE_DONE:
                self._all_sent = True
                self._caught_up()
            case Happening.DISCONNECTED:
                self._lose()
            case Happening.PAIR_STATUS:
                self._pair_status(types.PairStatus.FromString(data))
            case Happening.CHAT_PRESENCE:
                if shown := self._reading.incoming.typing(types.ChatPresence.FromString(data)):
                    self._tools.say(protocol.Noticed(device=self.device, chat=shown[0], on=shown[1]))
            case _:
                self._maybe_end(code, data)

    def _pair_status(self, event: Any) -> None:  # noqa: ANN401 - a message of the library
        if event.Status == 2:
            self._pairing, self._paired = False, True
            self.folder.forget_keys_aside()
            self._tools.say(protocol.Paired(device=self.device, attempt=self._attempt))
        elif self._pairing:
            self._end_pairing(End.REFUSED)

    def _connected(self) -> None:
        self._tries = 0
        self._line.came()
        self._tools.say(protocol.Began(device=self.device))
        self._timers.append(self._loop.call_later(CAUGHT_UP_WITHIN_S, self._give_up_waiting))
        self._caught_up()

    def _give_up_waiting(self) -> None:
        self._all_sent = True
        self._caught_up()

    def _caught_up(self) -> None:
        if not (self._line.is_online and self._all_sent):
            return
        try:
            number = Address(self._number())
        except StoreError as error:  # the library writes its keys to a slow disk
            print(f"device {self.device}: {error!r}", file=sys.stderr)  # noqa: T201 - the gateway keeps it
            self._timers.append(self._loop.call_later(NUMBER_AGAIN_S, self._caught_up))
            return
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._telling.open(protocol.Opened(device=self.device, number=number))

    def _number(self) -> str:
        """The device's own, digits; known from the first login on."""
        if not self._own:
            self._own = re.split("[.:@]", self.folder.paired_as())[0]
        return self._own

    def _lose(self) -> None:
        if self._pairing or (self._paired and not self._line.is_online):
            return  # the connection changes after the pairing
        self._offline()
        self._say_ended(End.LOST)

    def _maybe_end(self, code: int, data: bytes) -> None:
        name = _NAMES.get(code)
        if name is None:
            return
        event = getattr(self._tools.messages.neonize, name).FromString(data)
        how = end_of_event(code, event)
        if how is not None:
            until = ban_until(event, self._tools.clock.now()) if code == Happening.BANNED else None
            self._say_ended(how, until)
            self.spawn(self._disconnect())
        elif code == Happening.CONNECT_FAILURE:
            self._offline()
            self._say_ended(End.LOST)
            self._connect_again()

    def _unreadable(self, in_a_row: int) -> None:
        """Of a copy that is too old nothing that comes can be decrypted. One that was stopped in order may be: the
        original may have gone on; the first message that can be read shows that it has not."""
        if not in_a_row and self._was_clean:
            self._is_copy = False
        if self._is_copy and in_a_row >= UNREADABLE_IN_A_ROW:
            self._say_ended(End.UNREADABLE)
            self.spawn(self._disconnect())

    def confirm(self, word: protocol.Confirm) -> None:
        self._telling.confirm(word.seq)


_NAMES: Mapping[int, str] = {
    Happening.LOGGED_OUT: "LoggedOut",
    Happening.REPLACED: "StreamReplaced",
    Happening.BANNED: "TemporaryBan",
    Happening.OUTDATED: "ClientOutdated",
    Happening.CONNECT_FAILURE: "ConnectFailure",
}


class _Heard:
    """A client's ears: what comes of an earlier one is not about the present."""

    def __init__(self, session: DeviceSession, number: int) -> None:
        self._session, self._number = session, number

    def on_qr(self, code: str) -> None:
        self._session.heard_soon(self._number, self._session.heard_qr, code)

    def on_status(self, status: str) -> None:
        self._session.heard_soon(self._number, self._session.heard_status, status)

    def on_event(self, code: int, data: bytes) -> None:
        self._session.heard_event(code, data, self._number)

    def on_end(self, line: str) -> None:
        self._session.heard_soon(self._number, self._session.heard_end, line)
