"""What a person, a program or time does to a message: cancel, reschedule, resend, expire, recover.

One transaction each. All of them settle with the sender on one row of the outbox, so exactly one wins.
"""

import random
from collections.abc import Callable, Mapping, Sequence

import msgspec

from merpati.core.clock import SECOND_MS
from merpati.core.errors import Code, Refusal
from merpati.core.facts import AnyFact, MessageCancelled, MessageExpired, MessageQueued, MessageRescheduled
from merpati.core.ids import AccountId, Address, DeviceId, Epoch, MessageId
from merpati.devices.deletion import Gone, deleted_devices
from merpati.messages import batches, store_accept, store_changes, store_outbox
from merpati.messages.actions import record_all
from merpati.messages.first_contact import hurry
from merpati.messages.handover import HandedOver, Outcome, finish_handovers
from merpati.messages.model import LIFE, DelayRange, HoldReason, MessageEvent, MessageState, OpenRow, Priority
from merpati.messages.store_authored import own_changes
from merpati.messages.store_changes import Known
from merpati.storage.port import Tx


class Reschedule(msgspec.Struct, frozen=True, kw_only=True):
    """What `/reset-message` asks: another schedule, another delay, or both; None leaves it as it is.

    `seed` draws the delays, so that a rerun of the action draws the same. Source: Fonnte docs, API reschedule.
    """

    schedule_at: int | None = None
    delay: DelayRange | None = None
    by_schedule: bool = False
    """All messages of the device that share this message's schedule."""
    seed: int = 0


async def cancel_message(tx: Tx, account: AccountId, devices: Sequence[DeviceId], message: MessageId) -> None:
    """Take a queued message back. A cancelled message is never handed over.

    Raises Refusal: MESSAGE_UNKNOWN (none of these devices'), else one of `TOO_LATE`.
    """
    await tx.lock([account])
    known = await _known(tx, devices, message)
    if message not in await store_outbox.take_back(tx, [message]):
        raise _too_late(known)
    await end_messages(tx, [known], MessageEvent.CANCELLED, "")


async def _known(tx: Tx, devices: Sequence[DeviceId], message: MessageId) -> Known:
    await batches.make_part_of(tx, message)
    known = await store_changes.known_message(tx, message)
    if known is None or known.device not in devices:
        raise Refusal(Code.MESSAGE_UNKNOWN)
    return known


TOO_LATE: Mapping[MessageState, Code] = {
    MessageState.SENDING: Code.MESSAGE_PROCESSING,
    MessageState.SENT: Code.MESSAGE_SENT,
    MessageState.DELIVERED: Code.MESSAGE_SENT,
    MessageState.READ: Code.MESSAGE_SENT,
    MessageState.FAILED: Code.MESSAGE_FAILED,
    MessageState.CANCELLED: Code.MESSAGE_CANCELLED,
    MessageState.EXPIRED: Code.EXPIRED,
    MessageState.UNCERTAIN: Code.OUTCOME_UNKNOWN,
}
"""Why a message can no longer be taken back or moved, by its state."""


def _too_late(known: Known) -> Refusal:
    open_still = known.state == MessageState.QUEUED  # its row does not say so, but the sender has it
    return Refusal(TOO_LATE[MessageState.SENDING if open_still else known.state])


_ENDED: dict[MessageEvent, Callable[[DeviceId, MessageId, Address], AnyFact]] = {
    MessageEvent.CANCELLED: MessageCancelled,
    MessageEvent.EXPIRED: MessageExpired,
}


async def end_messages(tx: Tx, known: Sequence[Known], event: MessageEvent, code: str) -> None:
    """What has left the outbox ends so; the caller took it out, under the account's lock."""
    state = LIFE.next(MessageState.QUEUED, event)
    await store_changes.set_ended(tx, [k.message for k in known], state, code, tx.now)
    await record_all(tx, [(k.account, _ENDED[event](k.device, k.message, k.chat)) for k in known])


_CLOCKS_MS = SECOND_MS
"""What two machines' clocks may differ by: nothing is said to wait so long."""


async def reschedule_message(
    tx: Tx, account: AccountId, devices: Sequence[DeviceId], message: MessageId, asked: Reschedule
) -> list[MessageId]:
    """Give a queued message, or all of its schedule, another due time; answers which moved. What has passed is now.

    Raises Refusal as `cancel_message` does.
    """
    await tx.lock([account])
    known = await _known(tx, devices, message)
    if asked.schedule_at is not None:
        asked = msgspec.structs.replace(asked, schedule_at=max(asked.schedule_at, tx.now))
    chosen = [known]
    if asked.by_schedule and known.schedule_at is not None:
        await batches.check_all_made(tx, account, known.schedule_at)
        chosen = await store_changes.of_schedule(tx, known.device, known.schedule_at)
    dues = _new_dues(chosen, asked, tx.now)
    moved = await store_outbox.move_due(tx, dues)
    if message not in moved:
        raise _too_late(known)
    at_once = {id_ for id_, due, _ in dues if due <= tx.now}
    await hurry(tx, [(k.device, k.chat) for k in chosen if k.message in at_once & moved])
    if asked.schedule_at is not None:
        await store_changes.set_schedule(tx, list(moved), asked.schedule_at)
    await _record_moves(tx, [k for k in chosen if k.message in moved], {id_: due for id_, due, _ in dues})
    return sorted(moved)


def _new_dues(chosen: Sequence[Known], asked: Reschedule, now: int) -> list[tuple[MessageId, int, int | None]]:
    """A new delay is drawn anew, each after the one before; an old one keeps its distance from the schedule."""
    rng, waited, dues = random.Random(asked.seed), 0, []
    for known in chosen:
        base = asked.schedule_at if asked.schedule_at is not None else known.schedule_at
        if asked.delay is not None:
            gap = rng.randint(asked.delay.from_ms, asked.delay.to_ms)
            waited += gap
            dues.append((known.message, max(base or now, now) + waited, gap or None))
        else:
            distance = known.due_at - max(known.schedule_at or 0, known.queued_at)
            dues.append((known.message, max(base or now, now) + max(distance, 0), known.gap_ms))
    return dues


async def _record_moves(tx: Tx, moved: Sequence[Known], dues: Mapping[MessageId, int]) -> None:
    later = [k.message for k in moved if dues[k.message] > tx.now + _CLOCKS_MS]
    await store_accept.insert_holds(tx, [(id_, tx.now, HoldReason.SCHEDULE, dues[id_]) for id_ in later])
    await record_all(
        tx, [(k.account, MessageRescheduled(k.device, k.message, k.chat, dues[k.message])) for k in moved]
    )


async def resend_message(
    tx: Tx,
    account: AccountId,
    devices: Sequence[DeviceId],
    message: MessageId,
    seq: int,
    *,
    accept_twice: bool = True,
) -> None:
    """Queue a failed, expired, cancelled or uncertain message again: a new attempt that a person asked for.

    `seq` is a fresh message id, its new place in the order. The reference on the wire stays, so that a network
    that takes it shows the message once. `accept_twice`: also of an uncertain one, which may have arrived.
    Raises Refusal: MESSAGE_UNKNOWN, MESSAGE_WAITING, MESSAGE_SENT, OUTCOME_UNKNOWN, DEVICE_DELETED.
    """
    await tx.lock([account])
    known = await _known(tx, devices, message)
    if await deleted_devices(tx, [known.device]):
        raise Refusal(Code.DEVICE_DELETED)
    if known.state not in LIFE.sources(MessageEvent.RESENT):
        raise Refusal(TOO_LATE.get(known.state, Code.MESSAGE_WAITING))
    if known.state == MessageState.UNCERTAIN and not accept_twice:
        raise Refusal(Code.OUTCOME_UNKNOWN)
    await store_changes.set_queued(tx, message)
    await store_changes.enter_outbox(tx, message, seq, tx.now)
    await record_all(tx, [(account, MessageQueued(known.device, message, known.chat, tx.now))])


async def expire_messages(tx: Tx, account: AccountId, device: DeviceId, due_by: int, limit: int) -> int:
    """End up to `limit` queued messages that were due at or before `due_by`; answers how many. May run twice."""
    await tx.lock([account])
    rows = await store_outbox.rows_due_by(tx, device, due_by, limit)
    gone = await store_outbox.take_back(tx, [row.message for row in rows])
    known = await store_changes.known_messages(tx, sorted(gone))
    await end_messages(tx, known, MessageEvent.EXPIRED, Code.EXPIRED)
    return len(known)


_LATEST = 2**62


async def cancel_of_device(tx: Tx, gone: Gone, at: int, limit: int) -> int:
    """End up to `limit` messages of a deleted device that wait, and what nobody is handing over any more.

    Answers how many. Each waiting one is cancelled; of a hand-over that was lost nobody knows whether it arrived.
    May run twice.
    """
    await tx.lock([gone.account])
    rows = await store_outbox.rows_due_by(tx, gone.id, _LATEST, limit)
    back = await store_outbox.take_back(tx, [row.message for row in rows])
    await end_messages(
        tx, await store_changes.known_messages(tx, sorted(back)), MessageEvent.CANCELLED, Code.DEVICE_DELETED
    )
    lost = 0 if gone.held else await recover_device(tx, gone.id, Epoch(gone.epoch + 1), False, at)
    return len(back) + lost


async def recover_device(tx: Tx, device: DeviceId, epoch: Epoch, takes_ref: bool, at: int, gap_ms: int = 0) -> int:
    """Settle what an earlier owner was handing over when it was lost; answers how many. May run twice.

    Where the network takes our reference, the message is tried again, first in line, with the same reference and
    bytes; so is an edit or a deletion, which is the same twice. Elsewhere nobody knows whether it arrived: it
    becomes uncertain. As it may have arrived only now, the paces count from here: the device's own makes it wait
    `gap_ms`.
    """
    rows = [row for row in await store_outbox.sending_rows(tx, [device]) if row.epoch < epoch]
    again = {made.id for made in await own_changes(tx, [row.message for row in rows])}
    ends = [(row, Outcome.RETRY if takes_ref or row.message in again else Outcome.UNKNOWN) for row in rows]
    if rows:
        await finish_handovers(tx, [_lost_track(row, outcome, at, gap_ms) for row, outcome in ends])
    return len(rows)


async def give_back(tx: Tx, rows: Sequence[OpenRow], at: int) -> None:
    """Queue again what this process took and never handed over: its intent was stored, its answer was lost.

    May run twice; a message that has moved on since it was looked at stays as it is.
    """
    await finish_handovers(tx, [_lost_track(row, Outcome.RETRY, at, 0) for row in rows])


def _lost_track(row: OpenRow, outcome: Outcome, at: int, gap_ms: int) -> HandedOver:
    return HandedOver(
        account=row.account,
        device=row.device,
        message=row.message,
        chat=row.chat,
        attempt=row.attempt,
        priority=Priority(row.priority),
        outcome=outcome,
        handed_at=row.handed_at,
        at=at,
        code=Code.OUTCOME_UNKNOWN,
        keeps_place=True,
        gap_ms=gap_ms,
    )
