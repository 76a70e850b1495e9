"""One linked device: the transport port over a worker."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from merpati.core.clock import DAY_MS, MINUTE_MS, Clock, Millis
from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, WaId
from merpati.transports.linked import protocol
from merpati.transports.linked.folder import SessionFolder
from merpati.transports.linked.life import CONNECTED, ENDED, LIFE, LIVE, MEANINGS, RESTING, SessionEvent
from merpati.transports.linked.process import WorkerDown, WorkerGone, WorkerProcess
from merpati.transports.linked.protocol import End
from merpati.transports.linked.storing import Storing
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
    Typing,
)

if TYPE_CHECKING:
    from merpati.transports.linked.link import Settings

CAPS: Final = Capabilities(
    in_flight=1,
    takes_ref=False,
    tells_block=False,
    contact=True,
    reaction=True,
    edit_ms=15 * MINUTE_MS,
    revoke_ms=2 * DAY_MS,
    hand_over_s=400,
    warms_up=True,
)
"""As a linked device can: no buttons, no templates. The library draws the ids of messages, so that a hand-over with
an unknown outcome cannot be repeated under the same."""
ANSWER_S: Final = 380.0
"""A large upload and the library's own 75 s for WhatsApp's acknowledgement."""
ASK_S: Final = 60.0
_log = logging.getLogger(__name__)


class LinkedTransport:
    """A phone's linked device; made by `link.LinkedLink.transport`.

    OPEN comes only after all that waited at the login is stored. An `emit` that raises loses nothing: the worker
    keeps what came until it is confirmed, over its own death and ours.
    """

    caps = CAPS

    def __init__(
        self,
        device: DeviceId,
        folder: SessionFolder,
        place: Callable[[], WorkerProcess],
        settings: "Settings",
        clock: Clock,
    ) -> None:
        self.device, self.folder = device, folder
        self._place, self._settings, self._clock = place, settings, clock
        self._worker: WorkerProcess | None = None
        self._state = SessionState.OFF
        self._attempt, self._opened = 0, False
        self._asked: tuple[PairHow, Address | None] | None = None
        self._waiting: set[asyncio.Future[protocol.Answer]] = set()
        self._sending = asyncio.Lock()
        self._storing = Storing(device, self._confirm)

    # -- the port --

    async def start(self, emit: Emit) -> None:
        """See the port. Harmless when it runs."""
        self._storing.emit = emit
        if self._state in RESTING:
            self._go(SessionEvent.STARTED)
            self._open()

    async def pair(self, how: PairHow, phone: Address | None = None) -> None:
        """See the port; `start` comes first. Does nothing when the session is open."""
        if self._storing.emit is None:
            raise RuntimeError("pair before start")
        if self._state is SessionState.OPEN:
            return
        self._storing.forget_codes()
        self._go(SessionEvent.PAIRING_BEGUN)
        self._attempt += 1
        self._asked = (how, phone)
        self._open()

    async def stop(self, *, logout: bool = False) -> None:
        """See the port. What was not confirmed comes again after the next start."""
        self._asked = None
        self._storing.forget_all()
        await self._storing.drained()
        self._fail_waiting()
        await self._close(logout=logout)
        self._storing.forget_all()
        if logout:
            self.folder.forget()
        if logout and self._state not in (SessionState.OFF, SessionState.LOGGED_OUT):
            self._go(SessionEvent.LOGGED_OUT, "logged_out")
        elif self._state in LIVE:
            self._go(SessionEvent.STOPPED)
        await self._storing.drained()

    async def send(self, message: Outbound) -> Sent:
        """See the port. Calls reach WhatsApp in the order in which they were made."""
        async with self._sending:
            self._check_open()
            answer = await self._ask(
                lambda q: protocol.Send(device=self.device, q=q, message=message), ANSWER_S, SendFault.AMBIGUOUS
            )
        assert isinstance(answer, protocol.Acked)
        return Sent(wa_id=answer.wa_id, at=answer.at)

    async def signal(self, chat: Address, what: Signal) -> None:
        """See the port."""
        self._check_open()
        self._say(protocol.Show(device=self.device, chat=chat, what=what))

    async def mark_read(self, chat: Address, sender: Address, ids: Sequence[WaId]) -> None:
        """See the port."""
        if self._state not in (SessionState.CONNECTING, SessionState.OPEN):
            raise SendError(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED)
        self._say(protocol.MarkRead(device=self.device, chat=chat, sender=sender, ids=tuple(ids)))

    async def check(self, numbers: Sequence[Address]) -> list[NumberCheck]:
        """See the port."""
        self._check_open()
        answer = await self._ask(
            lambda q: protocol.Check(device=self.device, q=q, numbers=tuple(numbers)), ASK_S, SendFault.RETRY
        )
        assert isinstance(answer, protocol.Checked)
        return list(answer.numbers)

    async def groups(self) -> list[Group]:
        """See the port."""
        self._check_open()
        answer = await self._ask(lambda q: protocol.ListGroups(device=self.device, q=q), ASK_S, SendFault.RETRY)
        assert isinstance(answer, protocol.InGroups)
        return list(answer.groups)

    # -- the worker --

    def _open(self) -> None:
        """Have a worker, and the session in it; a pairing that was asked for begins."""
        if self._worker is None:
            self._worker = self._place()
            self._worker.join(self.device, self)
        if self._worker.is_up:
            self._open_in(self._worker)

    def _open_in(self, worker: WorkerProcess) -> None:
        settings = self._settings
        if not self._opened:
            self._opened = True
            worker.say(
                protocol.Open(
                    device=self.device,
                    folder=str(self.folder.path),
                    spool=str(settings.spool),
                    proxy=settings.proxy,
                    most_bytes=settings.most_bytes,
                )
            )
        if self._asked is not None:
            how, phone = self._asked
            worker.say(protocol.Pair(device=self.device, attempt=self._attempt, how=how, phone=phone))

    async def _close(self, *, logout: bool) -> None:
        """The session is out of the worker when this returns; a worker that does not let go is killed."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        was_opened, self._opened = self._opened, False
        if was_opened and worker.is_up:
            q = worker.next_q()
            try:
                async with asyncio.timeout(self._settings.beats.close):
                    await worker.ask(q, protocol.Close(device=self.device, q=q, logout=logout))
            except TimeoutError:
                _log.warning("device %d: its session does not end; its worker is killed", self.device)
                worker.kill()
            except (WorkerGone, WorkerDown):
                pass
            finally:
                worker.forget(q)
        await worker.leave(self.device)

    def _say(self, word: protocol.FromGateway) -> None:
        if self._worker is not None:
            self._worker.say(word)

    def _check_open(self) -> None:
        if self._state is not SessionState.OPEN:
            raise SendError(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED)

    async def _ask(
        self, word: Callable[[int], protocol.FromGateway], within_s: float, when_unknown: SendFault
    ) -> protocol.Answer:
        """The answer; raises `SendError`, with `when_unknown` where none came."""
        worker = self._worker
        if worker is None:
            raise SendError(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED)
        q = worker.next_q()
        try:
            answer = worker.ask(q, word(q))
        except WorkerDown:
            raise SendError(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED) from None
        self._waiting.add(answer)
        try:
            async with asyncio.timeout(within_s):
                result = await answer
        except (TimeoutError, WorkerGone):
            raise SendError(when_unknown, Code.OUTCOME_UNKNOWN) from None
        finally:
            self._waiting.discard(answer)
            worker.forget(q)
        if isinstance(result, protocol.Refused):
            raise SendError(result.fault, result.code, retry_after_ms=result.retry_after_ms)
        return result

    def _fail_waiting(self) -> None:
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(WorkerGone())
        self._waiting.clear()

    # -- what the worker tells --

    def hear(self, word: protocol.OnDevice) -> None:
        """A word about this device."""
        if self._worker is not None:
            _HEARD[type(word)](self, word)

    def worker_up(self) -> None:
        """See `process.Listener`."""
        self._opened = False
        if self._worker is not None and (self._state in CONNECTED or self._asked is not None):
            self._open_in(self._worker)

    def worker_down(self) -> None:
        """See `process.Listener`."""
        self._opened = False
        self._storing.forget_told()
        if self._state is SessionState.PAIRING:
            self._end(End.REFUSED)
        elif self._state in (SessionState.CONNECTING, SessionState.OPEN):
            self._end(End.CRASHED)

    def worker_useless(self, code: str) -> None:
        """See `process.Listener`."""
        if self._state in LIVE:
            self._go(SessionEvent.FAILED, code)
        self._worker, self._opened, self._asked = None, False, None

    def _began(self, _word: protocol.Began) -> None:
        if self._state is SessionState.RETRYING:
            self._go(SessionEvent.BEGAN)

    def _is_open(self, word: protocol.Opened) -> None:
        if self._state is SessionState.CONNECTING:
            self._go(SessionEvent.OPENED, number=word.number)

    def _paired(self, word: protocol.Paired) -> None:
        if self._state is SessionState.PAIRING and word.attempt == self._attempt:
            self._asked = None
            self._go(SessionEvent.PAIRED)

    def _ended(self, word: protocol.Ended) -> None:
        if self._state is SessionState.PAIRING:
            if word.attempt == self._attempt:
                self._end(word.how, word.until)
        elif self._state in CONNECTED and word.attempt in (0, self._attempt):
            self._end(word.how, word.until)

    def _end(self, how: End, until: Millis | None = None) -> None:
        meaning, was_pairing = MEANINGS[how], self._state is SessionState.PAIRING
        if (self._state, meaning.event) not in LIFE.table:
            return  # the same loss told twice
        self._go(meaning.event, meaning.reason, until)
        if self._state in ENDED:
            self._asked = None
            self._let_go()
            if was_pairing and self.folder.has_keys_aside:  # the link of before goes on
                self._go(SessionEvent.STARTED)
                self._open()

    def _let_go(self) -> None:
        """Out of the worker, when it can: nothing is running any more."""
        if self._worker is not None and self._opened:
            self._opened = False
            self._say(protocol.Close(device=self.device, q=self._worker.next_q()))

    def _qr(self, word: protocol.QrShown) -> None:
        self._show(
            word.attempt,
            word.for_ms,
            lambda at, until: PairQr(device=self.device, at=at, code=word.code, expires_at=until),
        )

    def _code(self, word: protocol.CodeShown) -> None:
        self._show(
            word.attempt,
            word.for_ms,
            lambda at, until: PairCode(device=self.device, at=at, code=word.code, expires_at=until),
        )

    def _show(self, attempt: int, for_ms: int, event: Callable[[Millis, Millis], AnyEvent]) -> None:
        """Of the beginning that is under way; what an earlier one shows is worth nothing."""
        if attempt == self._attempt and self._asked is not None:
            now = self._clock.now()
            self._storing.put(event(now, Millis(now + for_ms)))

    def _noticed(self, word: protocol.Noticed) -> None:
        self._storing.put(Typing(device=self.device, at=self._clock.now(), chat=word.chat, on=word.on))

    def _confirm(self, seq: int) -> None:
        self._say(protocol.Confirm(device=self.device, seq=seq))

    def _told(self, word: protocol.Told) -> None:
        self._storing.put(word)

    # -- states --

    def _go(
        self, event: SessionEvent, reason: str = "", until: Millis | None = None, *, number: Address | None = None
    ) -> None:
        self._state = LIFE.next(self._state, event)
        self._storing.put(
            State(
                device=self.device,
                at=self._clock.now(),
                state=self._state,
                reason=reason,
                until=until,
                number=number,
            )
        )


_HEARD: Mapping[type, Callable[[LinkedTransport, Any], None]] = {
    protocol.Began: LinkedTransport._began,
    protocol.Opened: LinkedTransport._is_open,
    protocol.Ended: LinkedTransport._ended,
    protocol.Paired: LinkedTransport._paired,
    protocol.QrShown: LinkedTransport._qr,
    protocol.CodeShown: LinkedTransport._code,
    protocol.Told: LinkedTransport._told,
    protocol.Noticed: LinkedTransport._noticed,
}
