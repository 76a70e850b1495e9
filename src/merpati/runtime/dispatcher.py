"""The senders of a node: one heap of due times for all its devices, no poll per device.

A device is woken when a message is accepted, a hand-over ends, its session opens, or its time comes. It then takes
its heads out of the outbox (the intent), hands each over, and stores what came of it. The intent is committed
before anything reaches the network; the node's guard is asked just before it does.
"""

import asyncio
import heapq
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from merpati.core.clock import Clock
from merpati.core.crashpoint import crashpoint
from merpati.core.errors import Code
from merpati.core.ids import DeviceId, MessageId
from merpati.devices.model import Claim
from merpati.messages.handover import HANDED_OVER, INTENT, HandedOver, Intent, Outcome, due_devices, next_wake
from merpati.messages.model import Taken
from merpati.messages.pace import Pace
from merpati.messages.retries import Verdict, judge
from merpati.runtime.supervisor import Supervisor
from merpati.storage.lane import HotLane
from merpati.storage.port import Storage, StorageError
from merpati.transports.cards import Edit, Revoke
from merpati.transports.port import Outbound, SendError, SendFault, Sent, Signal, Transport

logger = logging.getLogger(__name__)

POLL_S = {True: 0.25, False: 2.0}
"""How often the outbox is looked at for messages that another process accepted: while busy, while idle."""
STORE_AGAIN_S = 0.5
SPARE_WAKINGS = 256
"""An earlier waking leaves the later one in the heap, for years if a message is due then: so many may lie."""
LEASE_UNSURE = "lease_unsure"
"""Why a message that was taken goes back: this process cannot be sure that it still owns the device."""


class Guard(Protocol):
    """The node's lease, as a sender sees it."""

    def may_hand_over(self) -> bool:
        """Whether the lease surely still holds."""
        ...

    def claim_of(self, device: DeviceId) -> Claim | None:
        """Under what this process holds the device; None: it does not."""
        ...


class Sender:
    """One device's session, as the dispatcher sees it: the same one each time it opens, as what was in hand when it
    closed may be in hand still."""

    def __init__(self, device: DeviceId, claim: Claim, transport: Transport, pace: Callable[[], Pace]) -> None:
        self.device, self.claim, self.transport, self.pace = device, claim, transport, pace
        self.in_hand: set[MessageId] = set()
        """Taken, and what came of it is not stored yet."""
        self.asking = False
        self.again = False
        self.idle = asyncio.Event()
        """Nothing is being taken, and nothing is in hand."""
        self.idle.set()

    @property
    def room(self) -> int:
        """How many more may be in flight: with a pace of its own, a device hands over one after the other."""
        most = 1 if self.pace().to_ms else self.transport.caps.in_flight
        return most - len(self.in_hand)

    def intent(self, most: int) -> Intent:
        """What it asks the outbox for."""
        warms_up = self.transport.caps.warms_up
        return Intent(self.device, self.claim.inc, self.claim.epoch, most, warms_up)

    def rest(self) -> None:
        """Be idle, if there is nothing left to do."""
        if not self.asking and not self.in_hand:
            self.idle.set()


class Dispatcher:
    """Hands over the due messages of the devices whose sessions are open.

    `locate` turns a stored message into what the transport gets, with the media file's real path; `on_end` hears
    what came of each hand-over, after it is stored.
    """

    def __init__(
        self,
        storage: Storage,
        lane: HotLane,
        guard: Guard,
        clock: Clock,
        rng: random.Random,
        supervisor: Supervisor,
        *,
        max_tries: int,
        locate: Callable[[Taken], Awaitable[Outbound]],
        on_end: Callable[[HandedOver], None],
    ) -> None:
        self.storage, self.lane, self.guard, self.clock, self.rng = storage, lane, guard, clock, rng
        self.supervisor, self.max_tries, self.locate, self.on_end = supervisor, max_tries, locate, on_end
        self.senders: dict[DeviceId, Sender] = {}
        self._heap: list[tuple[int, DeviceId]] = []
        self._next: dict[DeviceId, int] = {}
        self._woken = asyncio.Event()
        self._busy = False

    # -- what others call --

    def open(self, sender: Sender) -> None:
        """A session is open: its device may hand over."""
        self.senders[sender.device] = sender
        self.wake(sender.device)

    def close(self, device: DeviceId) -> None:
        """The session is not open any more; hand-overs under way end by themselves (`Sender.idle`)."""
        self.senders.pop(device, None)

    def wake(self, device: DeviceId, at: int = 0) -> None:
        """Look at this device's outbox at this instant (milliseconds; 0: now)."""
        if device in self.senders and at < self._next.get(device, at + 1):
            self._next[device] = at
            heapq.heappush(self._heap, (at, device))
            if len(self._heap) > 2 * len(self._next) + SPARE_WAKINGS:
                self._heap = [(due_at, waiting) for waiting, due_at in self._next.items()]
                heapq.heapify(self._heap)
            self._woken.set()

    @property
    def wakings(self) -> int:
        """How many lie in the heap."""
        return len(self._heap)

    # -- the loops, run by the supervisor --

    async def run(self) -> None:
        """Serve the heap, for ever."""
        while True:
            self._woken.clear()
            wait = self._serve_due()
            try:
                await asyncio.wait_for(self._woken.wait(), wait)
            except TimeoutError:
                continue

    def _serve_due(self) -> float | None:
        now = self.clock.now()
        while self._heap and self._heap[0][0] <= now:
            at, device = heapq.heappop(self._heap)
            if self._next.get(device) == at:  # else: an earlier waking has served it
                del self._next[device]
                self._ask(device)
        return (self._heap[0][0] - now) / 1000 if self._heap else None

    def _ask(self, device: DeviceId) -> None:
        sender = self.senders.get(device)
        if sender is None:
            return
        if sender.asking:
            sender.again = True
            return
        sender.asking = True
        sender.idle.clear()
        self.supervisor.spawn(self._take(sender))

    async def poll(self) -> None:
        """Notice what other processes accepted, for ever."""
        while True:
            await asyncio.sleep(POLL_S[self._busy])
            self._busy = False
            try:
                due = await self.storage.read(due_devices, list(self.senders))
            except StorageError:
                continue
            for device in due:
                self.wake(device)

    # -- one device --

    async def _take(self, sender: Sender) -> None:
        try:
            while True:
                sender.again = False
                await self._take_once(sender)
                if not sender.again:
                    return
        except StorageError:
            self.wake(sender.device, self.clock.now() + int(STORE_AGAIN_S * 1000))
        finally:
            sender.asking = False
            sender.rest()

    async def _take_once(self, sender: Sender) -> None:
        room = sender.room
        if room <= 0 or self.senders.get(sender.device) is not sender or not self.guard.may_hand_over():
            return
        taken = await self.lane(INTENT, sender.intent(room))
        crashpoint("after_intent")
        for message in taken:
            sender.in_hand.add(message.id)
            self.supervisor.spawn(self._hand_over(sender, message))
        if taken:
            self._busy = True
        else:
            wait_ms = await self.storage.read(next_wake, sender.device)
            if wait_ms is not None:
                self.wake(sender.device, self.clock.now() + wait_ms)

    async def _hand_over(self, sender: Sender, message: Taken) -> None:
        end = await self._try(sender, message)
        crashpoint("after_ack")
        await self._store(sender, end)
        crashpoint("after_ack_stored")
        sender.in_hand.discard(message.id)
        sender.rest()
        self.wake(sender.device)

    async def _try(self, sender: Sender, message: Taken) -> HandedOver:
        """Hand over one message; it goes back unsent when the lease is not sure any more."""
        try:
            if isinstance(message.content, Edit | Revoke) and self.clock.now() > message.content.until:
                return self._end(sender, message, Verdict(Outcome.FAILED, Code.CHANGE_TOO_LATE))
            await self._show_typing(sender, message)
            outbound = await self.locate(message)  # a file may take long to come
            if not self.guard.may_hand_over():
                return self._end(sender, message, Verdict(Outcome.RETRY, LEASE_UNSURE))
            crashpoint("before_send")
            sent = await asyncio.wait_for(sender.transport.send(outbound), sender.transport.caps.hand_over_s)
        except SendError as error:
            return self._end(sender, message, self._judge(sender, message, error))
        except TimeoutError:
            unclear = SendError(SendFault.AMBIGUOUS, "no_acknowledgement")
            return self._end(sender, message, self._judge(sender, message, unclear))
        except Exception as error:  # the supervisor of hand-overs: nobody knows how far it came
            logger.error("message %d was not handed over, by a fault of ours", message.id, exc_info=error)
            return self._end(sender, message, Verdict(Outcome.UNKNOWN, Code.OUTCOME_UNKNOWN))
        return self._end(sender, message, Verdict(Outcome.SENT, ""), sent)

    async def _show_typing(self, sender: Sender, message: Taken) -> None:
        if message.options.typing_ms and sender.transport.caps.typing:
            await sender.transport.signal(message.chat, Signal.TYPING)
            await asyncio.sleep(message.options.typing_ms / 1000)

    def _judge(self, sender: Sender, message: Taken, error: SendError) -> Verdict:
        return judge(
            error,
            refusals=message.refusals,
            max_tries=self.max_tries,
            takes_ref=sender.transport.caps.takes_ref or _is_change(message),
            rng=self.rng,
        )

    def _end(self, sender: Sender, message: Taken, verdict: Verdict, sent: Sent | None = None) -> HandedOver:
        now = self.clock.now()
        end = HandedOver(
            account=message.account,
            device=message.device,
            message=message.id,
            chat=message.chat,
            attempt=message.attempt,
            priority=message.priority,
            outcome=verdict.outcome,
            handed_at=message.handed_at,
            at=now,
            wa_id=sent.wa_id if sent else None,
            code=verdict.code,
            wait_ms=verdict.wait_ms,
            costs_try=verdict.costs_try,
            is_change=_is_change(message),
            warms_up=sender.transport.caps.warms_up,
            receipt_may_be_early=not sender.transport.caps.takes_ref,
        )
        gap_ms = sender.pace().gap(self.rng.random()) if end.may_have_arrived else 0
        return msgspec.structs.replace(end, gap_ms=gap_ms)

    async def _store(self, sender: Sender, end: HandedOver) -> None:
        """Store what came of a hand-over; while the database is away it is kept as long as the device is ours."""
        while True:
            try:
                await self.lane(HANDED_OVER, end)
                self.on_end(end)
                return
            except StorageError:
                if self.guard.claim_of(sender.device) != sender.claim:
                    return  # the next owner settles it
                await asyncio.sleep(STORE_AGAIN_S)


def _is_change(message: Taken) -> bool:
    """Of a message that was sent before: the same twice is once."""
    return isinstance(message.content, Edit | Revoke)
