"""The sessions of the devices that this node owns: start, events in, state out, stop.

An event is answered only when what it means is committed, so that the network may forget it then. When a session
opens, in this order: what waited too long expires, what an earlier owner was handing over is settled, the state is
recorded, and only then the device may hand over.
"""

import asyncio
import contextlib
from collections.abc import Callable

from merpati.core.clock import Clock
from merpati.core.crashpoint import crashpoint
from merpati.core.ids import Address, DeviceId, Epoch, MessageId, WaId
from merpati.devices.connection import change_state
from merpati.devices.model import Claim, Device
from merpati.devices.views import find_device
from merpati.messages.inbound import RECEIVE, Incoming
from merpati.messages.model import StoredContent, Vote
from merpati.messages.pace import Pace
from merpati.messages.receipts import RECEIPT, Receipted
from merpati.messages.recovery import open_session
from merpati.runtime.dispatcher import Dispatcher, Sender
from merpati.runtime.node import Loss
from merpati.runtime.supervisor import Supervisor
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import Storage, StorageError
from merpati.transports.port import (
    AnyEvent,
    Identity,
    Inbound,
    PairCode,
    PairHow,
    PairQr,
    PollVote,
    Receipt,
    SessionState,
    State,
    Transport,
    Typing,
)

STORE_AGAIN_S = 0.5
FINISH_S = 5.0
"""How long an ordered end of a session waits for the hand-overs under way."""
PAIR_S = 10.0
MakeTransport = Callable[[Device, str], Transport]


class Session:
    """One device's session on this node."""

    def __init__(self, device: Device, claim: Claim, transport: Transport) -> None:
        self.device, self.claim, self.transport = device, claim, transport
        self.state = SessionState.OFF
        self.pairing: asyncio.Future[PairQr | PairCode] = asyncio.get_running_loop().create_future()
        self.stopped = False

    def pace(self) -> Pace:
        return Pace(self.device.settings.pace_from_ms, self.device.settings.pace_to_ms)


class Sessions:
    """All sessions of this node; `gain` and `lose` are the node's callbacks."""

    def __init__(
        self,
        storage: Storage,
        lane: HotLane,
        ids: Ids,
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
        self.storage, self.lane, self.ids, self.clock = storage, lane, ids, clock
        self.dispatcher, self.supervisor, self.make = dispatcher, supervisor, make
        self.claim_of, self.expire_after_ms, self.on_change = claim_of, expire_after_ms, on_change
        self.live: dict[DeviceId, Session] = {}
        self._starting: dict[DeviceId, asyncio.Task[None]] = {}
        self._started = asyncio.Condition()

    # -- owning --

    async def gain(self, device: DeviceId, _epoch: Epoch) -> None:
        """This node holds the device: start its session in the background."""
        self._starting[device] = self.supervisor.spawn(self._start(device))

    async def _start(self, id_: DeviceId) -> None:
        device, claim = await self._load(id_), self.claim_of(id_)
        if device is None or claim is None or id_ in self.live:
            return
        note = f"{claim.inc}:{claim.epoch}"
        session = Session(device, claim, self.make(device, note))
        self.live[id_] = session
        await session.transport.start(lambda event: self._hear(session, event))
        async with self._started:
            self._started.notify_all()

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
        sender = self.dispatcher.close(device)
        if sender is not None and why is not Loss.LEASE:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sender.idle.wait(), FINISH_S)
        if self.live.get(device) is session:
            del self.live[device]
        if why is Loss.LEASE:
            session.stopped = True  # its events are the next owner's
        await session.transport.stop(logout=False)
        session.stopped = True

    async def pair(self, device: DeviceId, how: PairHow, phone: Address | None = None) -> PairQr | PairCode:
        """Begin pairing and wait for what the person must scan or type.

        Raises `TimeoutError` when this node does not get the device within some seconds, and `SendError`.
        """
        async with asyncio.timeout(PAIR_S):
            async with self._started:
                await self._started.wait_for(lambda: device in self.live)
            session = self.live[device]
            session.pairing = asyncio.get_running_loop().create_future()
            await session.transport.pair(how, phone)
            return await asyncio.shield(session.pairing)

    # -- events --

    async def _hear(self, session: Session, event: AnyEvent) -> None:
        """Take in one event; returns when it is stored, or when the session is not ours any more."""
        while not session.stopped:
            try:
                await self._take_in(session, event)
                self.on_change(session.device.id)
                return
            except StorageError:
                await asyncio.sleep(STORE_AGAIN_S)
        raise asyncio.CancelledError

    async def _take_in(self, session: Session, event: AnyEvent) -> None:
        match event:
            case State():
                await self._change_state(session, event)
            case Receipt():
                await self._receipt(session, event)
            case Inbound():
                await self._inbound(session, event.chat, event.sender, event.wa_id, event.content, event)
            case PollVote():
                vote = Vote(poll=event.poll, choices=event.choices)
                await self._inbound(session, event.chat, event.voter, event.wa_id, vote, event)
            case PairQr() | PairCode():
                if not session.pairing.done():
                    session.pairing.set_result(event)
            case Typing():
                return  # shown nowhere yet; nothing of it is kept

    async def _change_state(self, session: Session, event: State) -> None:
        device, now = session.device, self.clock.now()
        session.state = event.state
        if event.state is not SessionState.OPEN:
            self.dispatcher.close(device.id)
            await self.storage.write(change_state, device, event.state, event.reason, now, claim=session.claim)
            return
        await self.storage.write(
            open_session,
            device,
            session.claim,
            takes_ref=session.transport.caps.takes_ref,
            at=now,
            gap_ms=session.pace().gap(self.dispatcher.rng.random()),
            expire_after_ms=self.expire_after_ms,
        )
        if not session.stopped:
            self.dispatcher.open(Sender(device.id, session.claim, session.transport, session.pace))

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
                gap_ms=session.pace().gap(self.dispatcher.rng.random()),
            ),
        )
        crashpoint("after_receipt_stored")

    async def _inbound(
        self,
        session: Session,
        chat: Address,
        sender: Identity,
        wa_id: WaId,
        content: StoredContent,
        event: Inbound | PollVote,
    ) -> None:
        device = session.device
        await self.lane(
            RECEIVE,
            Incoming(
                id=MessageId((await self.ids.take("message"))[0]),
                account=device.account,
                device=device.id,
                chat=chat,
                sender=sender.id,
                name=sender.name,
                wa_id=wa_id,
                content=content,
                reply_to=event.quoted if isinstance(event, Inbound) else None,
                at=event.at,
            ),
        )
        crashpoint("after_inbound_stored")
