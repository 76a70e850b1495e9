"""The hot commands of the sender: the intent before a hand-over, and what came of it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from merpati.core.errors import Code
from merpati.core.facts import AnyFact, MessageFailed, MessageRetried, MessageSent, MessageUncertain
from merpati.core.ids import AccountId, Address, DeviceId, Epoch, Incarnation, MessageId, WaId
from merpati.devices.views import cautious_devices
from merpati.messages import store_accept, store_outcomes
from merpati.messages import store_outbox as store
from merpati.messages.actions import record_all
from merpati.messages.first_contact import REFUSALS, Head, hold_strangers, pause
from merpati.messages.model import LIFE, HoldReason, MessageEvent, MessageState, OpenRow, Options, Priority, Taken
from merpati.messages.own_changes import apply_own
from merpati.messages.receipts import settle_early
from merpati.messages.unclear import hold_unclear
from merpati.storage.clock import database_now
from merpati.storage.lane import HotAction
from merpati.storage.port import Row, Tx
from merpati.transports.port import Content


class Intent(msgspec.Struct, frozen=True):
    """A sender asks for up to `most` messages that its device may hand over now."""

    device: DeviceId
    inc: Incarnation
    epoch: Epoch
    most: int
    warms_up: bool = False
    """Its network bans numbers that write to many people who do not know them."""


class Outcome(StrEnum):
    """What came of a hand-over."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"


class HandedOver(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one hand-over; `at` by the clock of the process that did it."""

    account: AccountId
    device: DeviceId
    message: MessageId
    chat: Address
    attempt: int
    priority: Priority
    outcome: Outcome
    handed_at: int
    at: int
    wa_id: WaId | None = None
    code: str = ""
    wait_ms: int = 0
    """How long a RETRY waits."""
    costs_try: bool = False
    """A RETRY that counts towards the most tries of a message."""
    keeps_place: bool = False
    """A RETRY that stays due when it was: first in line again."""
    is_change: bool = False
    """Of a message that was sent before: what WhatsApp takes of it is applied here."""
    gap_ms: int = 0
    """How long the device's own pace makes it wait after this; 0: not at all."""
    warms_up: bool = False
    """As in `Intent`."""
    receipt_may_be_early: bool = False
    """As in `receipts.Receipted`: what was told of it by WhatsApp's id counts from now."""

    @property
    def is_stopped(self) -> bool:
        """The network refused it as it does with numbers that write to too many strangers."""
        return self.outcome is Outcome.RETRY and self.code in REFUSALS

    @property
    def may_have_arrived(self) -> bool:
        """Whether the network took the message, or nobody knows: then every pace counts from here."""
        return self.outcome in (Outcome.SENT, Outcome.UNKNOWN) or self.code == Code.OUTCOME_UNKNOWN


_EVENT = {
    Outcome.SENT: MessageEvent.ACKNOWLEDGED,
    Outcome.FAILED: MessageEvent.REFUSED,
    Outcome.UNKNOWN: MessageEvent.LOST_TRACK,
}
_content = msgspec.json.Decoder(Content)
_options = msgspec.json.Decoder(Options)


async def take_intents(tx: Tx, intents: Sequence[Intent]) -> list[list[Taken]]:
    """Mark the heads of these devices as being handed over; one statement, no fact. Each intent gets its own.

    Nothing is taken for a device that the asking incarnation does not own under that epoch.
    """
    now = await database_now(tx)
    by_device: dict[DeviceId, list[Taken]] = {}
    asked, again = list(intents), MOST_ROUNDS
    while asked and again:
        taken = await _take(tx, asked, now)
        back = await hold_strangers(tx, await _careful(tx, taken, intents), now)
        for message in taken:
            if message.id not in back:
                by_device.setdefault(message.device, []).append(message)
        held = {message.device for message in taken if message.id in back}
        asked = [intent for intent in asked if intent.device in held and intent.device not in by_device]
        again -= 1
    return [by_device.pop(intent.device, []) for intent in intents]


MOST_ROUNDS = 3
"""So often others are looked for when all that was taken is too early."""


async def _take(tx: Tx, intents: Sequence[Intent], now: int) -> list[Taken]:
    heads = await store.take_heads(tx, [(i.device, i.inc, i.epoch, i.most) for i in intents], now)
    rank = {message: (due, seq, attempt, refusals) for message, attempt, seq, due, refusals in heads}
    rows = await store.taken_messages(tx, list(rank))
    return [_taken(row, *rank[row[0]][2:], now) for row in sorted(rows, key=lambda row: (row[7], rank[row[0]]))]


async def _careful(tx: Tx, taken: Sequence[Taken], intents: Sequence[Intent]) -> list[Head]:
    """Those of devices that are careful with people who do not know them."""
    warms_up = {intent.device: intent.warms_up for intent in intents}
    devices = {message.device for message in taken}
    careful = await cautious_devices(tx, {device: warms_up[device] for device in devices}) if devices else []
    return [
        Head(message=t.id, account=t.account, device=t.device, chat=t.chat, warms_up=warms_up[t.device])
        for t in taken
        if t.device in careful
    ]


def _taken(row: Row, attempt: int, refusals: int, at: int) -> Taken:
    id_, account, device, chat, content, options, ref, priority = row
    return Taken(
        id=id_,
        account=account,
        device=device,
        chat=chat,
        content=_content.decode(content),
        options=_options.decode(options),
        wire_ref=ref,
        attempt=attempt,
        refusals=refusals,
        priority=Priority(priority),
        handed_at=at,
    )


async def finish_handovers(tx: Tx, ends: Sequence[HandedOver]) -> list[bool]:
    """Store what came of these hand-overs; true where it changed the message.

    An acknowledgement is true whoever saw it: it is taken for any attempt and from any epoch. Every other outcome
    counts only for the attempt that is under way. Runs twice harmlessly.
    """
    await tx.lock([end.account for end in ends])
    open_rows = await store.outbox_rows(tx, [end.message for end in ends])
    ours: dict[int, HandedOver] = {}
    for end in ends:
        if _counts(end, open_rows.get(end.message)):
            ours.setdefault(end.message, end)
    await store.insert_attempts(
        tx, [(e.message, e.attempt, e.handed_at, e.at, e.outcome.value, e.code) for e in ends]
    )
    now = await database_now(tx)
    await _store_ends(tx, list(ours.values()), open_rows, now)
    await apply_own(tx, [end.message for end in ends if end.outcome is Outcome.SENT and end.is_change])
    late = [end for end in ends if end.outcome is Outcome.SENT and ours.get(end.message) is not end]
    confirmed = await store_outcomes.confirm_late(tx, [(e.message, e.wa_id, e.handed_at, e.at) for e in late])
    await record_all(tx, [(e.account, _fact(e, now)) for e in late if e.message in confirmed])
    await settle_early(tx, [(e.account, e.device, e.wa_id) for e in ends if e.wa_id and e.receipt_may_be_early])
    await store.arm_clocks(tx, _paces(ends, now), _clocks(ends, now))
    return [ours.get(end.message) is end or end.message in confirmed for end in ends]


def _counts(end: HandedOver, row: OpenRow | None) -> bool:
    if row is None:
        return False
    return end.outcome is Outcome.SENT or (row.sending == 1 and row.attempt == end.attempt)


async def _store_ends(tx: Tx, ends: Sequence[HandedOver], rows: Mapping[int, OpenRow], now: int) -> None:
    paused = await pause(tx, [_refused(end) for end in ends if end.is_stopped], now)
    retries = {
        end: paused.get(end.message) or (rows[end.message].due_at if end.keeps_place else now + end.wait_ms)
        for end in ends
        if end.outcome is Outcome.RETRY
    }
    await store.requeue(tx, [(end.message, due, int(end.costs_try)) for end, due in retries.items()])
    reasons = {end: HoldReason.CAUTION if end.message in paused else HoldReason.RETRY for end in retries}
    await store_accept.insert_holds(
        tx, [(e.message, e.at, reasons[e], due) for e, due in retries.items() if due > now]
    )
    ended = [end for end in ends if end.outcome is not Outcome.RETRY]
    await store_outcomes.end_messages(
        tx, [(e.message, _state(e), e.code, e.wa_id, e.handed_at, e.at) for e in ended]
    )
    await store.leave_outbox(tx, [end.message for end in ended])
    await hold_unclear(tx, [(e.message, e.device, e.at) for e in ended if e.outcome is Outcome.UNKNOWN], now)
    await record_all(tx, [(end.account, _fact(end, retries.get(end, now))) for end in ends])


def _refused(end: HandedOver) -> Head:
    return Head(message=end.message, account=end.account, device=end.device, chat=end.chat, warms_up=end.warms_up)


def _state(end: HandedOver) -> MessageState:
    return LIFE.next(MessageState.SENDING, _EVENT[end.outcome])


def _paces(ends: Sequence[HandedOver], now: int) -> list[tuple[int, int, int]]:
    """Every hand-over that reached the network, or may have, counts for the caller's delay."""
    reached = {(end.device, int(end.priority)) for end in ends if end.may_have_arrived}
    return [(device, priority, now) for device, priority in sorted(reached)]


def _clocks(ends: Sequence[HandedOver], now: int) -> list[tuple[int, int]]:
    longest: dict[int, int] = {}
    for end in ends:
        if end.gap_ms:
            longest[end.device] = max(end.gap_ms, longest.get(end.device, 0))
    return [(device, now + gap_ms) for device, gap_ms in longest.items()]


def _fact(end: HandedOver, due_at: int) -> AnyFact:
    match end.outcome:
        case Outcome.SENT:
            return MessageSent(end.device, end.message, end.chat, end.wa_id or WaId(""), end.handed_at)
        case Outcome.RETRY:
            return MessageRetried(end.device, end.message, end.chat, end.code, due_at)
        case Outcome.FAILED:
            return MessageFailed(end.device, end.message, end.chat, end.code)
        case Outcome.UNKNOWN:
            return MessageUncertain(end.device, end.message, end.chat)


async def next_wake(tx: Tx, device: DeviceId) -> int | None:
    """In how many milliseconds a sender that got nothing should ask again without being woken; None: never."""
    now = await database_now(tx)
    at = await store.next_wake(tx, device, now)
    return None if at is None else at - now


async def due_devices(tx: Tx, devices: Sequence[DeviceId]) -> list[DeviceId]:
    """Those of these devices that have a message due."""
    now = await database_now(tx)
    return [device for device, due_at in await store.next_due(tx, devices) if due_at <= now]


INTENT: HotAction[Intent, list[Taken]] = HotAction(take_intents, lambda _intent: None)
HANDED_OVER: HotAction[HandedOver, bool] = HotAction(finish_handovers, lambda end: end.account)
