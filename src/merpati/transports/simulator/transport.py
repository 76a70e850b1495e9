"""One device on the simulated network: the transport port over the link."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from merpati.core.clock import DAY_MS, MINUTE_MS, Clock, Millis
from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, WaId
from merpati.transports.interactive import file_of, with_file
from merpati.transports.limits import META_FILES, META_TEXT
from merpati.transports.port import (
    AnyEvent,
    Capabilities,
    Emit,
    Group,
    NumberCheck,
    Outbound,
    PairCode,
    PairHow,
    PairQr,
    SendError,
    SendFault,
    Sent,
    SessionState,
    Signal,
    State,
)
from merpati.transports.simulator import wire
from merpati.transports.simulator.connection import Connection, LinkDown, LinkLost
from merpati.transports.simulator.entries import Receipted
from merpati.transports.simulator.events import event_of
from merpati.transports.simulator.life import CONNECTED, LIFE, OF_CLOSING, RESTING, SessionEvent

CAPS = Capabilities(
    in_flight=64, takes_ref=True, contact=True, reaction=True, edit_ms=15 * MINUTE_MS, revoke_ms=2 * DAY_MS
)
"""As a linked phone can: without buttons."""
OFFICIAL = Capabilities(
    in_flight=64,
    takes_ref=True,
    poll=False,
    check_number=False,
    groups=False,
    interactive=True,
    template=True,
    contact=True,
    reaction=True,
    hears_phone=False,
    window_ms=DAY_MS,
    max_text=META_TEXT,
    files=META_FILES,
)
"""As WhatsApp's official API can."""
RETRY_S = (0.05, 5.0)
"""The first wait after the network closed the session; it doubles up to the second."""
ANSWER_WITHIN_S = 30.0
"""A hand-over that is not acknowledged by then is `AMBIGUOUS`."""
_log = logging.getLogger(__name__)


class SimulatorTransport:
    """A device on the simulated network; made by `link.SimulatorLink.transport`.

    OPEN comes only after all events that waited at the login are stored, so that who then hands over again what was
    unclear has seen every receipt. An `emit` that raises loses nothing: the session starts over and the network
    tells the event again.
    """

    def __init__(
        self,
        device: DeviceId,
        number: Address,
        connection: Connection,
        clock: Clock,
        *,
        note: str = "",
        answer_within_s: float = ANSWER_WITHIN_S,
        caps: Capabilities = CAPS,
    ) -> None:
        self.caps = caps
        self._device, self._number, self._note = device, number, note
        self._connection, self._clock, self._answer_within_s = connection, clock, answer_within_s
        self._channel = connection.new_channel()
        self._emit: Emit | None = None
        self._state = SessionState.OFF
        self._pairing: wire.Pair | None = None
        self._attempt = 0
        self._waiting: set[asyncio.Future[wire.Answer]] = set()
        self._gate = asyncio.Lock()
        self._queue: deque[AnyEvent | wire.Told] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._tries = 0

    # -- the port --

    async def start(self, emit: Emit) -> None:
        """See the port. Harmless when it runs."""
        self._emit = emit
        self._connection.join(self._channel, self)
        if self._state in RESTING:
            self._go(SessionEvent.STARTED)
            self._login()

    async def pair(self, how: PairHow, phone: Address | None = None) -> None:
        """See the port; `start` comes first. Does nothing when the session is open."""
        if self._emit is None:
            raise RuntimeError("pair before start")
        if self._state is SessionState.OPEN:
            return
        self._cancel_retry()
        self._connection.join(self._channel, self)
        self._queue = deque(each for each in self._queue if not isinstance(each, PairQr | PairCode))
        self._go(SessionEvent.PAIRING_BEGUN)
        self._attempt += 1
        self._pairing = wire.Pair(
            channel=self._channel, device=self._number, how=how, phone=phone, attempt=self._attempt
        )
        self._connection.put(self._pairing)

    async def stop(self, *, logout: bool = False) -> None:
        """See the port. Events that were not confirmed come again after the next start."""
        self._cancel_retry()
        self._pairing = None
        self._connection.leave(self._channel)
        self._queue.clear()
        await self._drained()
        self._connection.put(wire.Leave(channel=self._channel, device=self._number, logout=logout))
        self._fail_waiting()
        if logout and self._state in (*CONNECTED, SessionState.REPLACED, SessionState.BANNED):
            self._go(SessionEvent.LOGGED_OUT, "logged_out")
        elif self._state not in RESTING:
            self._go(SessionEvent.STOPPED)
        await self._drained()

    async def send(self, message: Outbound) -> Sent:
        """See the port. Calls reach the network in the order in which they were made."""
        async with self._gate:
            outgoing = await self._upload(message)
            self._check_open()
            q = self._connection.next_q()
            ask = wire.Send(q=q, channel=self._channel, message=outgoing)
            answer = self._ask(q, ask)
        ack = await self._answer(q, answer, SendFault.AMBIGUOUS)
        assert isinstance(ack, wire.Ack)
        return Sent(wa_id=ack.wa_id, at=ack.at)

    async def signal(self, chat: Address, what: Signal) -> None:
        """See the port."""
        self._check_open()
        self._connection.put(wire.Show(channel=self._channel, chat=chat, what=what))

    async def mark_read(self, chat: Address, sender: Address, ids: Sequence[WaId]) -> None:  # noqa: ARG002
        """See the port. It goes out ahead of the confirmation of what is read: lost, both come again."""
        if self._state not in (SessionState.CONNECTING, SessionState.OPEN):
            raise SendError(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED)
        self._connection.put(wire.MarkRead(channel=self._channel, chat=chat, ids=tuple(ids)))

    async def check(self, numbers: Sequence[Address]) -> list[NumberCheck]:
        """See the port."""
        self._check_open()
        q = self._connection.next_q()
        answer = await self._answer(q, self._ask(q, wire.Check(q=q, numbers=tuple(numbers))), SendFault.RETRY)
        assert isinstance(answer, wire.Checked)
        return list(answer.numbers)

    async def groups(self) -> list[Group]:
        """See the port."""
        self._check_open()
        q = self._connection.next_q()
        answer = await self._answer(q, self._ask(q, wire.MyGroups(q=q, device=self._number)), SendFault.RETRY)
        assert isinstance(answer, wire.InGroups)
        return list(answer.groups)

    # -- questions and answers --

    def _check_open(self) -> None:
        if self._state is not SessionState.OPEN:
            raise SendError(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED)

    async def _upload(self, message: Outbound) -> Outbound:
        file = file_of(message.content)
        if file is None:
            return message
        self._check_open()
        q = self._connection.next_q()
        ask = wire.Upload(q=q, path=os.fspath(file.path))
        answer = await self._answer(q, self._ask(q, ask), SendFault.RETRY)
        assert isinstance(answer, wire.Uploaded)
        return msgspec.structs.replace(message, content=with_file(message.content, answer.path))

    def _ask(self, q: int, frame: wire.FromClient) -> "asyncio.Future[wire.Answer]":
        try:
            answer = self._connection.ask(q, frame)
        except LinkDown:
            raise SendError(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED) from None
        self._waiting.add(answer)
        return answer

    async def _answer(self, q: int, answer: "asyncio.Future[wire.Answer]", when_unknown: SendFault) -> wire.Answer:
        """The answer; raises `SendError`, with `when_unknown` where none came."""
        try:
            async with asyncio.timeout(self._answer_within_s):
                result = await answer
        except TimeoutError:
            raise SendError(when_unknown, "no_answer") from None
        except LinkLost:
            fault = SendFault.NOT_OPEN if when_unknown is SendFault.RETRY else when_unknown
            raise SendError(fault, "connection_lost") from None
        finally:
            self._waiting.discard(answer)
            self._connection.forget(q)
        if isinstance(result, wire.Refused):
            raise SendError(result.fault, result.code, retry_after_ms=result.retry_after_ms)
        return result

    def _fail_waiting(self) -> None:
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(LinkLost())
        self._waiting.clear()

    # -- what the link tells --

    def hear(self, frame: wire.OnChannel) -> None:
        """A frame for this device's channel."""
        _HEARD[type(frame)](self, frame)

    def link_up(self) -> None:
        """The link is back: go on where it broke."""
        if self._pairing is not None:
            self._connection.put(self._pairing)
        elif self._state is SessionState.RETRYING:
            self._login_again()

    def link_down(self) -> None:
        """The link broke; it reconnects by itself."""
        self._forget_news()
        if self._state in (SessionState.CONNECTING, SessionState.OPEN):
            self._go(SessionEvent.LOST, "link_lost")
        self._fail_waiting()

    def _caught_up(self, _frame: wire.CaughtUp) -> None:
        if self._state is SessionState.CONNECTING:
            self._tries = 0
            self._go(SessionEvent.OPENED)

    def _closed(self, frame: wire.Closed) -> None:
        if self._state not in (SessionState.CONNECTING, SessionState.OPEN):
            return
        self._forget_news()
        state = self._go(OF_CLOSING[frame.state], frame.reason, frame.until)
        self._fail_waiting()
        if state is SessionState.RETRYING:
            self._retry_later()

    def _told(self, frame: wire.Told) -> None:
        self._enqueue(frame)

    def _typed(self, frame: wire.Typed) -> None:
        self._enqueue(event_of(self._device, frame, self._clock.now()))

    def _shown(self, frame: wire.QrShown | wire.CodeShown) -> None:
        if frame.attempt == self._attempt:  # else it is about a beginning that was started over
            self._enqueue(event_of(self._device, frame, self._clock.now()))

    def _pair_ended(self, frame: wire.PairEnded) -> None:
        if self._state is not SessionState.PAIRING or frame.attempt != self._attempt:
            return
        self._pairing = None
        if frame.reason:
            self._go(SessionEvent.PAIRING_ENDED, frame.reason)
        else:
            self._go(SessionEvent.PAIRED)
            self._login()

    # -- states --

    def _go(self, event: SessionEvent, reason: str = "", until: Millis | None = None) -> SessionState:
        self._state = LIFE.next(self._state, event)
        now, number = self._clock.now(), self._number if self._state is SessionState.OPEN else None
        self._enqueue(
            State(device=self._device, at=now, state=self._state, reason=reason, until=until, number=number)
        )
        return self._state

    def _login(self) -> None:
        if self._connection.is_up:
            self._connection.put(self._as_login())
        else:
            self._go(SessionEvent.LOST, "link_lost")

    def _as_login(self) -> wire.Login:
        return wire.Login(
            channel=self._channel, device=self._number, note=self._note, window_ms=self.caps.window_ms
        )

    def _login_again(self) -> None:
        self._retry = None
        if self._state is SessionState.RETRYING and self._connection.is_up:
            self._go(SessionEvent.RETRIED)
            self._login()

    def _retry_later(self) -> None:
        first_s, longest_s = RETRY_S
        wait_s = min(first_s * 2**self._tries, longest_s)
        self._tries += 1
        self._retry = asyncio.get_running_loop().call_later(wait_s, self._login_again)

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    # -- events, one after the other; receipts of different messages together --

    def _forget_news(self) -> None:
        """What is not handed over yet comes again after the next login."""
        self._queue = deque(each for each in self._queue if not isinstance(each, wire.Told))

    def _enqueue(self, what: AnyEvent | wire.Told) -> None:
        self._queue.append(what)
        if self._drain is None:
            self._begin_drain()

    def _begin_drain(self) -> None:
        self._drain = asyncio.get_running_loop().create_task(self._hand_over())
        self._drain.add_done_callback(self._drain_ended)

    async def _hand_over(self) -> None:
        assert self._emit is not None
        while self._queue:
            what = self._queue.popleft()
            if not isinstance(what, wire.Told):
                await self._emit(what)
                continue
            told = [what, *self._receipts_after(what)]
            await _all(self._emit(event_of(self._device, each.news, each.news.t)) for each in told)
            self._connection.put(wire.Confirm(channel=self._channel, seq=told[-1].news.seq))

    def _receipts_after(self, first: wire.Told) -> Iterator[wire.Told]:
        """Those that wait right behind a receipt, each of another message."""
        refs = {first.news.ref} if isinstance(first.news, Receipted) else set()
        while refs and self._queue:
            told = self._queue[0]
            if not (isinstance(told, wire.Told) and isinstance(told.news, Receipted)) or told.news.ref in refs:
                return
            refs.add(told.news.ref)
            self._queue.popleft()
            yield told

    def _drain_ended(self, drain: "asyncio.Task[None]") -> None:
        self._drain = None
        failure = None if drain.cancelled() else drain.exception()
        if failure is not None:
            _log.error(
                "an event of device %s was not stored; its session starts over", self._number, exc_info=failure
            )
            self._start_over()
        elif self._queue:  # it came after the last look of the drain that has ended
            self._begin_drain()

    def _start_over(self) -> None:
        self._forget_news()
        if self._state in (SessionState.CONNECTING, SessionState.OPEN):
            self._connection.put(wire.Leave(channel=self._channel, device=self._number))
            self._go(SessionEvent.LOST, "event_not_stored")
            self._fail_waiting()
            self._retry_later()

    async def _drained(self) -> None:
        """Wait until the event being handed over is stored, unless it is that one who waits."""
        drain = self._drain
        if drain is not None and drain is not asyncio.current_task():
            await asyncio.wait([drain])


async def _all(emits: Iterable[Awaitable[None]]) -> None:
    """Wait for all of them, then raise what the first that failed has raised."""
    for outcome in await asyncio.gather(*emits, return_exceptions=True):
        if outcome is not None:
            raise outcome


_HEARD: dict[type[wire.Frame], Callable[[SimulatorTransport, Any], None]] = {
    wire.Welcome: lambda transport, frame: None,  # noqa: ARG005 - OPEN comes with CaughtUp
    wire.CaughtUp: SimulatorTransport._caught_up,
    wire.Closed: SimulatorTransport._closed,
    wire.Told: SimulatorTransport._told,
    wire.Typed: SimulatorTransport._typed,
    wire.QrShown: SimulatorTransport._shown,
    wire.CodeShown: SimulatorTransport._shown,
    wire.PairEnded: SimulatorTransport._pair_ended,
}
