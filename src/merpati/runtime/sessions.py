"""The sessions of the devices that this node owns: start, events in, state out, stop.

An event is answered only when what it means is committed, so that the network may forget it then. When a session
opens, in this order: what waited too long expires, what an earlier owner was handing over is settled, the state is
recorded, and only then the device may hand over.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from merpati.core.clock import Clock, Millis
from merpati.core.crashpoint import crashpoint
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, DeviceId, Epoch
from merpati.devices.connection import change_state
from merpati.devices.model import LIVE, Claim, Device, Reason
from merpati.devices.views import find_device
from merpati.messages.first_contact import know_people
from merpati.messages.pace import Pace
from merpati.messages.receipts import RECEIPT, Receipted
from merpati.messages.recovery import EXPIRED_AT_ONCE, expire_overdue, open_session
from merpati.messages.undelivered import GIVEN_UP, GivenUp
from merpati.messages.warm_up import pace_of
from merpati.runtime.dispatcher import Dispatcher, Sender
from merpati.runtime.node import Loss
from merpati.runtime.receiving import Receiving
from merpati.runtime.supervisor import Supervisor
from merpati.runtime.typing import TypingShown
from merpati.storage.lane import HotLane
from merpati.storage.port import Storage, StorageError, UnstorableText
from merpati.transports.port import (
    AnyEvent,
    FromPhone,
    Group,
    Inbound,
    NumberCheck,
    PairCode,
    PairHow,
    PairQr,
    PollVote,
    Receipt,
    SessionState,
    Spoken,
    State,
    Transport,
    Typing,
    Undelivered,
)

logger = logging.getLogger(__name__)

STORE_AGAIN_S = 0.5
FINISH_S = 5.0
"""How long an ordered end of a session waits for the hand-overs under way."""
PAIR_S = 10.0
GOOD_FOR_MS = 45_000
MakeTransport = Callable[[Device, str], Transport]


_SHOWN = {PairHow.QR: PairQr, PairHow.CODE: PairCode}
_PAIRING_CODES = {"other_number": Code.PAIRING_OTHER_NUMBER}
"""The network's words for the end of a pairing that have a code of their own."""


class Pairing:
    """One beginning of a pairing: what must be scanned or typed, or the end of it."""

    def __init__(self, how: PairHow, phone: Address | None) -> None:
        self.asked = (how, phone)
        self.shown: asyncio.Future[PairQr | PairCode] = asyncio.get_running_loop().create_future()
        self.shown.add_done_callback(lambda shown: shown.cancelled() or shown.exception())
        self.latest: PairQr | PairCode | None = None
        """WhatsApp's own codes follow one another while nobody scans."""
        self._begun = self._ended = False

    def show(self, event: PairQr | PairCode) -> None:
        if not isinstance(event, _SHOWN[self.asked[0]]):
            return
        self.latest = event
        if not self.shown.done():
            self.shown.set_result(event)

    def is_good(self, now: Millis) -> bool:
        """What was shown last can be scanned or typed for a good while; who is shown it counts a minute."""
        return not self._ended and self.latest is not None and self.latest.expires_at > now + GOOD_FOR_MS

    def hear(self, event: State) -> None:
        """Only what follows the network's PAIRING is about this one; a session that is open needs none."""
        if event.state is SessionState.PAIRING:
            self._begun = True
        elif event.state is SessionState.OPEN:
            self.refuse(Refusal(Code.DEVICE_ALREADY_CONNECTED))
        elif self._begun and event.state not in LIVE:
            self.fail(event.reason)

    def fail(self, reason: str) -> None:
        """It came to its end; `reason` is a word of the network or ours."""
        self.refuse(Refusal(_PAIRING_CODES.get(reason, Code.PAIRING_ENDED), reason=reason))

    def refuse(self, refusal: Refusal) -> None:
        self._ended = True
        if not self.shown.done():
            self.shown.set_exception(refusal)


class Session:
    """One device's session on this node."""

    def __init__(
        self, device: Device, claim: Claim, transport: Transport, typing: TypingShown, clock: Clock
    ) -> None:
        self.device, self.claim, self.transport, self.typing, self.clock = device, claim, transport, typing, clock
        self.sender = Sender(device.id, claim, transport, self.pace)
        self.state = SessionState.OFF
        self.pairing: Pairing | None = None
        self.stopped = False
        self.since_at: Millis | None = None
        """Since when it is its number, once that is known."""

    def pace(self) -> Pace:
        """Its own, or what its age allows."""
        now = self.clock.now()
        since_at = now if self.since_at is None else self.since_at
        return pace_of(self.device.settings, self.transport.caps.warms_up, since_at, now)


class Sessions:
    """All sessions of this node; `gain` and `lose` are the node's callbacks."""

    def __init__(
        self,
        storage: Storage,
        lane: HotLane,
        receiving: Receiving,
        clock: Clock,
        dispatcher: Dispatcher,
        supervisor: Supervisor,
        make: MakeTransport,
        *,
        claim_of: Callable[[DeviceId], Claim | None],
        expire_after_ms: int,
        on_change: Callable[[DeviceId], None],
    ) -> None:
        """`on_change` hears of a device after something of it was stored: its state, a receipt, a message."""
        self.storage, self.lane, self.receiving, self.clock = storage, lane, receiving, clock
        self.dispatcher, self.supervisor, self.make = dispatcher, supervisor, make
        self.claim_of, self.expire_after_ms, self.on_change = claim_of, expire_after_ms, on_change
        self.live: dict[DeviceId, Session] = {}
        self._starting: dict[DeviceId, asyncio.Task[None]] = {}

    # -- owning --

    async def gain(self, device: DeviceId, _epoch: Epoch) -> None:
        """This node holds the device: start its session in the background."""
        self._starting[device] = self.supervisor.spawn(self._start(device))

    async def _start(self, id_: DeviceId) -> None:
        device, claim = await self._load(id_), self.claim_of(id_)
        if device is None or claim is None or id_ in self.live:
            return
        note = f"{claim.inc}:{claim.epoch}"
        transport = self.make(device, note)
        session = Session(device, claim, transport, TypingShown(transport, self.supervisor), self.clock)
        self.live[id_] = session
        await self._open_transport(session)

    async def _open_transport(self, session: Session) -> None:
        await session.transport.start(lambda event: self._hear(session, event))

    async def _load(self, id_: DeviceId) -> Device | None:
        while self.claim_of(id_) is not None:
            try:
                return await self.storage.read(find_device, id_)
            except StorageError:
                await asyncio.sleep(STORE_AGAIN_S)
        return None

    async def lose(self, device: DeviceId, why: Loss) -> None:
        """End the session; unless the lease is lost, what is being handed over is finished first."""
        starting = self._starting.pop(device, None)
        if starting is not None and not starting.done():
            starting.cancel()
            await asyncio.wait([starting])
        session = self.live.get(device)
        if session is None:
            return
        self.dispatcher.close(device)
        if why is not Loss.LEASE:
            await self._finish(session)
        if self.live.get(device) is session:
            del self.live[device]
        if why is Loss.LEASE:
            session.stopped = True  # its events are the next owner's
        await session.transport.stop(logout=False)
        session.stopped = True
        if session.pairing is not None:
            session.pairing.fail(Reason.RELEASED)

    async def _finish(self, session: Session) -> None:
        """What is being handed over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_S):
                await session.sender.idle.wait()

    async def restart(self, device: DeviceId) -> None:
        """End a live session, when what is being handed over is finished, and start it anew.

        Raises `Refusal` (DEVICE_DISCONNECTED): it is not, or no longer, this node's.
        """
        session = self._live(device)
        self.dispatcher.close(device)
        await self._finish(session)
        await session.transport.stop()
        if not session.stopped:
            await self._open_transport(session)

    async def pair(self, device: DeviceId, how: PairHow, phone: Address | None = None) -> PairQr | PairCode:
        """Begin pairing a device whose session is live, and wait for what the person must scan or type.

        Who asks for the same while that is waited for gets the same, and later, while it is good, what is shown
        now; asking for another way ends the wait for the first. Raises `Refusal` (DEVICE_DISCONNECTED,
        DEVICE_ALREADY_CONNECTED, PAIRING_UNSUPPORTED, PAIRING_OTHER_NUMBER, PAIRING_ENDED), `SendError`, and
        `TimeoutError` after some seconds.
        """
        session = self._live(device)
        if session.state is SessionState.OPEN:
            raise Refusal(Code.DEVICE_ALREADY_CONNECTED)
        caps = session.transport.caps
        if not (caps.pair_qr if how is PairHow.QR else caps.pair_code):
            raise Refusal(Code.PAIRING_UNSUPPORTED)
        async with asyncio.timeout(PAIR_S):
            pairing = await self._begin_pairing(session, how, phone)
            shown = await asyncio.shield(pairing.shown)
            return pairing.latest or shown

    # -- asking the network --

    async def show_typing(self, device: DeviceId, chat: Address, for_ms: int) -> None:
        """See `TypingShown.show`; raises `SendError` and `Refusal` (DEVICE_DISCONNECTED, UNSUPPORTED)."""
        session = self._open(device)
        if not session.transport.caps.typing:
            raise Refusal(Code.UNSUPPORTED, what="typing")
        await session.typing.show(chat, for_ms)

    async def check(self, device: DeviceId, numbers: Sequence[Address]) -> list[NumberCheck]:
        """Which are on WhatsApp; raises `SendError` and `Refusal` (DEVICE_DISCONNECTED, UNSUPPORTED)."""
        session = self._open(device)
        if not session.transport.caps.check_number:
            raise Refusal(Code.UNSUPPORTED, what="check_number")
        return await session.transport.check(numbers)

    async def groups(self, device: DeviceId) -> list[Group]:
        """The device's groups; raises `SendError` and `Refusal` (DEVICE_DISCONNECTED, UNSUPPORTED)."""
        session = self._open(device)
        if not session.transport.caps.groups:
            raise Refusal(Code.UNSUPPORTED, what="groups")
        return await session.transport.groups()

    def _live(self, device: DeviceId) -> Session:
        """It may be lost at any time."""
        session = self.live.get(device)
        if session is None:
            raise Refusal(Code.DEVICE_DISCONNECTED)
        return session

    def _open(self, device: DeviceId) -> Session:
        session = self._live(device)
        if session.state is not SessionState.OPEN:
            raise Refusal(Code.DEVICE_DISCONNECTED)
        return session

    async def _begin_pairing(self, session: Session, how: PairHow, phone: Address | None) -> Pairing:
        """The one that is under way already, when it is the same."""
        before = session.pairing
        if before is not None and before.asked == (how, phone) and before.is_good(self.clock.now()):
            return before
        if before is not None and not before.shown.done():
            if before.asked == (how, phone):
                return before
            before.fail("started_over")
        session.pairing = pairing = Pairing(how, phone)
        await session.transport.pair(how, phone)
        return pairing

    # -- events --

    async def _hear(self, session: Session, event: AnyEvent) -> None:
        """Take in one event; returns when it is stored, or when the session is not ours any more."""
        while not session.stopped:
            try:
                await self._take_in(session, event)
                self.on_change(session.device.id)
                return
            except UnstorableText:
                logger.error("device %d: an event with a NUL where none may be is left out", session.device.id)
                return
            except StorageError:
                await asyncio.sleep(STORE_AGAIN_S)
        raise asyncio.CancelledError

    async def _take_in(self, session: Session, event: AnyEvent) -> None:
        match event:
            case State():
                await self._change_state(session, event)
                if session.pairing is not None:
                    session.pairing.hear(event)
            case Receipt():
                await self._receipt(session, event)
            case Undelivered():
                await self._undelivered(session, event)
            case Inbound() | PollVote() | FromPhone():
                device = await self.storage.read(find_device, session.device.id) or session.device
                await self.receiving.take_in(device, event, session.transport)
            case PairQr() | PairCode():
                if session.pairing is not None:
                    session.pairing.show(event)
            case Spoken():
                await self.storage.write(know_people, session.device.id, event.people)
            case Typing():
                return  # shown nowhere yet; nothing of it is kept

    async def _change_state(self, session: Session, event: State) -> None:
        device, now = session.device, self.clock.now()
        session.state = event.state
        if event.state is not SessionState.OPEN:
            self.dispatcher.close(device.id)
            await self.storage.write(
                change_state,
                device,
                event.state,
                event.reason,
                now,
                claim=session.claim,
                until=event.until,
            )
            return
        while await self.storage.write(expire_overdue, device, now, self.expire_after_ms) == EXPIRED_AT_ONCE:
            pass  # a chunk at a time, as live calls wait for each; `open_session` ends the rest
        session.since_at = await self.storage.write(
            open_session,
            device,
            session.claim,
            number=event.number or "",
            takes_ref=session.transport.caps.takes_ref,
            at=now,
            gap_ms=session.pace().gap(self.dispatcher.rng.random()),
            expire_after_ms=self.expire_after_ms,
        )
        if not session.stopped:
            self.dispatcher.open(session.sender)

    async def _receipt(self, session: Session, event: Receipt) -> None:
        device = session.device
        await self.lane(
            RECEIPT,
            Receipted(
                account=device.account,
                device=device.id,
                ids=event.ids,
                kind=event.kind,
                at=self.clock.now(),
                ref=event.ref,
                handed_at=event.handed_at,
                cost=event.cost,
                may_be_early=not session.transport.caps.takes_ref,
                gap_ms=session.pace().gap(self.dispatcher.rng.random()),
            ),
        )
        crashpoint("after_receipt_stored")

    async def _undelivered(self, session: Session, event: Undelivered) -> None:
        device = session.device
        due_at = await self.lane(
            GIVEN_UP,
            GivenUp(
                account=device.account,
                device=device.id,
                wa_id=event.wa_id,
                ref=event.ref,
                handed_at=event.handed_at,
                fault=event.fault,
                code=event.code,
                retry_after_ms=event.retry_after_ms,
                max_tries=self.dispatcher.max_tries,
                seed=self.dispatcher.rng.getrandbits(32),
            ),
        )
        if due_at is not None:
            self.dispatcher.wake(device.id, due_at)
