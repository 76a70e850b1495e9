"""The hot commands of the sender: the intent before a hand-over, and what came of it."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from merpati.core.facts import AnyFact, MessageFailed, MessageRetried, MessageSent, MessageUncertain
from merpati.core.ids import AccountId, Address, DeviceId, Epoch, Incarnation, MessageId, WaId
from merpati.messages import store_accept, store_outcomes
from merpati.messages import store_outbox as store
from merpati.messages.actions import record_all
from merpati.messages.model import LIFE, HoldReason, MessageEvent, MessageState, Options, Priority, Taken
from merpati.storage.lane import HotAction
from merpati.storage.port import Row, Tx
from merpati.transports.port import Content


class Intent(msgspec.Struct, frozen=True):
    """A sender asks for up to `most` messages that its device may hand over now."""

    device: DeviceId
    inc: Incarnation
    epoch: Epoch
    most: int


class Outcome(StrEnum):
    """What came of a hand-over."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"


class HandedOver(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one hand-over. `at` is ours; a retry waits until `retry_at`."""

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
    retry_at: int = 0
    next_send_at: int = 0
    """When the device's own pace lets it hand over again; 0: at once."""


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
    heads = await store.take_heads(tx, [(i.device, i.inc, i.epoch, i.most) for i in intents], tx.now)
    rank = {message: (due, seq, attempt) for message, attempt, seq, due in heads}
    rows = await store.taken_messages(tx, list(rank))
    by_device: dict[DeviceId, list[Taken]] = {}
    for row in sorted(rows, key=lambda row: (row[7], rank[row[0]])):
        by_device.setdefault(row[2], []).append(_taken(row, rank[row[0]][2], tx.now))
    return [by_device.pop(intent.device, []) for intent in intents]


def _taken(row: Row, attempt: int, at: int) -> Taken:
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
    await _store_ends(tx, list(ours.values()))
    late = [end for end in ends if end.outcome is Outcome.SENT and ours.get(end.message) is not end]
    confirmed = await store_outcomes.confirm_late(tx, [(e.message, e.wa_id, e.handed_at, e.at) for e in late])
    await record_all(tx, [(e.account, _fact(e)) for e in late if e.message in confirmed])
    await store.arm_clocks(tx, _paces(ends), _clocks(ends))
    return [ours.get(end.message) is end or end.message in confirmed for end in ends]


def _counts(end: HandedOver, row: store.OpenRow | None) -> bool:
    if row is None:
        return False
    return end.outcome is Outcome.SENT or (row.sending == 1 and row.attempt == end.attempt)


async def _store_ends(tx: Tx, ends: Sequence[HandedOver]) -> None:
    retries = [end for end in ends if end.outcome is Outcome.RETRY]
    await store.requeue(tx, [(end.message, end.retry_at) for end in retries])
    await store_accept.insert_holds(tx, [(e.message, e.at, HoldReason.RETRY, e.retry_at) for e in retries])
    ended = [end for end in ends if end.outcome is not Outcome.RETRY]
    await store_outcomes.end_messages(
        tx, [(e.message, _state(e), e.code, e.wa_id, e.handed_at, e.at) for e in ended]
    )
    await store.leave_outbox(tx, [end.message for end in ended])
    await record_all(tx, [(end.account, _fact(end)) for end in ends])


def _state(end: HandedOver) -> MessageState:
    return LIFE.next(MessageState.SENDING, _EVENT[end.outcome])


def _paces(ends: Sequence[HandedOver]) -> list[tuple[int, int, int]]:
    """Every hand-over that reached the network, or may have, counts for the caller's delay."""
    newest: dict[tuple[int, int], int] = {}
    for end in ends:
        if end.outcome in (Outcome.SENT, Outcome.UNKNOWN):
            key = (end.device, end.priority)
            newest[key] = max(end.at, newest.get(key, 0))
    return [(device, priority, at) for (device, priority), at in newest.items()]


def _clocks(ends: Sequence[HandedOver]) -> list[tuple[int, int]]:
    newest: dict[int, int] = {}
    for end in ends:
        if end.next_send_at:
            newest[end.device] = max(end.next_send_at, newest.get(end.device, 0))
    return list(newest.items())


def _fact(end: HandedOver) -> AnyFact:
    match end.outcome:
        case Outcome.SENT:
            return MessageSent(end.device, end.message, end.chat, end.wa_id or WaId(""), end.handed_at)
        case Outcome.RETRY:
            return MessageRetried(end.device, end.message, end.chat, end.code, end.retry_at)
        case Outcome.FAILED:
            return MessageFailed(end.device, end.message, end.chat, end.code)
        case Outcome.UNKNOWN:
            return MessageUncertain(end.device, end.message, end.chat)


async def next_wake(tx: Tx, device: DeviceId) -> int | None:
    """When a sender that got nothing should ask again without being woken; None: when it is woken."""
    return await store.next_wake(tx, device)


async def next_dues(tx: Tx, devices: Sequence[DeviceId]) -> list[tuple[DeviceId, int]]:
    """When each of these devices has its next message due; devices with nothing queued are left out."""
    return await store.next_due(tx, devices)


INTENT: HotAction[Intent, list[Taken]] = HotAction(take_intents, lambda _intent: None)
HANDED_OVER: HotAction[HandedOver, bool] = HotAction(finish_handovers, lambda end: end.account)
