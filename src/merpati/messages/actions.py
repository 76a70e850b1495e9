"""The hot command of acceptance: set-based, coalesced by the lane, safe to run again.

Every function takes the items that waited at one moment and answers one result per item. The lane has taken the
accounts' locks before; `tx.lock` again costs nothing, and keeps the rule for those who call a command alone.
"""

from collections.abc import Iterable, Sequence

import msgspec

from merpati.core.facts import AnyFact, BatchAccepted, MessageQueued
from merpati.core.ids import AccountId, BatchId, DeviceId
from merpati.devices.plans import quotas_of, set_quotas
from merpati.jobs.actions import enqueue_jobs
from merpati.jobs.model import NewJob
from merpati.log.actions import record
from merpati.log.model import IdempotencyRow, Recorded
from merpati.log.requests import recall_keys, record_requests, remember_keys, requests_stored
from merpati.messages import store_accept as store
from merpati.messages.metering import Purse
from merpati.messages.model import Acceptance, Accepted, Batch, Draft, KeyReused, QuotaUsedUp, Replayed
from merpati.storage.clock import database_now
from merpati.storage.lane import HotAction
from merpati.storage.port import Tx

MAKE_BATCH = "messages.make_batch"
"""The kind of job that turns a batch's parts into messages; its args are `MakeBatch`."""


class MakeBatch(msgspec.Struct, frozen=True):
    """Which batch to make."""

    batch: BatchId


Verdict = Accepted | Replayed | KeyReused | QuotaUsedUp


async def accept_calls(tx: Tx, calls: Sequence[Acceptance]) -> list[Verdict]:
    """Store these calls: request rows, keys, messages, outbox rows, facts; batches with their jobs.

    A call whose idempotency key is known stores nothing and is answered `Replayed`, or `KeyReused` when its body
    differs; one that spends more than a device's quota has left stores nothing and is answered `QuotaUsedUp`. Runs
    twice harmlessly: what is there by its id stays.
    """
    await tx.lock([call.account for call in calls])
    verdicts, fresh = await _judge_calls(tx, calls)
    await record_requests(tx, [call.request for call in fresh])
    await remember_keys(tx, [call.idempotency for call in fresh if call.idempotency is not None])
    await store.insert_media(tx, [m for call in fresh for m in call.media], tx.now)
    drafts = [draft for call in fresh for draft in call.drafts]
    batches = [batch for call in fresh for batch in call.batches]
    await _mark_sent(tx, fresh)
    await add_messages(tx, drafts, batches)
    return verdicts


async def _mark_sent(tx: Tx, calls: Sequence[Acceptance]) -> None:
    """The files that these calls send, and that came before them. No statement where there are none."""
    of_drafts = {draft.media for call in calls for draft in call.drafts}
    of_batches = {
        plan.media
        for call in calls
        for batch in call.batches
        for plan in (batch.plan, *(target.plan for part in batch.parts for target in part))
        if plan is not None
    }
    came_with = {media.id for call in calls for media in call.media}
    earlier = [id_ for id_ in of_drafts | of_batches if id_ is not None and id_ not in came_with]
    if earlier:
        await store.mark_sent(tx, sorted(earlier))


async def _judge_calls(tx: Tx, calls: Sequence[Acceptance]) -> tuple[list[Verdict], list[Acceptance]]:
    """A verdict for each, and those to store."""
    keys = [call.idempotency for call in calls if call.idempotency is not None]
    known = await recall_keys(tx, [(key.account, key.key) for key in keys]) if keys else {}
    purse = await _open_purse(tx, [call for call in calls if call.metered is not None])
    verdicts: list[Verdict] = []
    fresh: list[Acceptance] = []
    for call in calls:
        verdict: Verdict | None = _judge_key(call.idempotency, known)
        if verdict is None and (paid := purse.pay(call)) is not None:
            fresh.append(paid)
            if paid.idempotency is not None:
                known[paid.account, paid.idempotency.key] = paid.idempotency
            verdict = Accepted(paid.metered.answer if paid.metered is not None else None)
        verdicts.append(verdict or QuotaUsedUp())
    await set_quotas(tx, purse.changed)
    return verdicts, fresh


async def _open_purse(tx: Tx, metered: Sequence[Acceptance]) -> Purse:
    """No statement where nothing is metered."""
    if not metered:
        return Purse({}, ())
    devices = {device for call in metered if call.metered is not None for device, _ in call.metered.uses}
    stored = await requests_stored(tx, [call.request.id for call in metered])
    return Purse(await quotas_of(tx, sorted(devices)), stored)


def _judge_key(
    key: IdempotencyRow | None, known: dict[tuple[AccountId, str], IdempotencyRow]
) -> Replayed | KeyReused | None:
    """None: it is new, or there is none."""
    first = known.get((key.account, key.key)) if key is not None else None
    if key is None or first is None:
        return None
    return Replayed(first.answer) if first.body_hash == key.body_hash else KeyReused()


async def add_messages(
    tx: Tx, drafts: Sequence[Draft], batches: Sequence[Batch] = (), *, shift_ms: int | None = None
) -> None:
    """Messages with their outbox rows and facts, and batches with their jobs; those that are there stay.

    Due times were told by the clock of the process that accepted the call: here they count from the database's,
    which is ahead of it by `shift_ms` where that is known from before. A schedule is the same by every clock.
    """
    now = await database_now(tx)

    def shift(draft: Draft) -> int:
        queued_at = now if shift_ms is None else draft.queued_at + shift_ms
        schedule_at = draft.schedule_at or 0
        return max(queued_at, schedule_at) - max(draft.queued_at, schedule_at)

    new = await store.insert_drafts(tx, drafts, shift)
    facts: list[tuple[AccountId, AnyFact]] = [
        (d.account, MessageQueued(d.device, d.id, d.chat, d.due_at + shift(d))) for d in drafts if d.id in new
    ]
    if batches:
        made = await store.insert_batches(tx, batches, now)
        fresh = [batch for batch in batches if batch.id in made]
        await enqueue_jobs(tx, [_making(batch) for batch in fresh])
        facts += [(b.account, BatchAccepted(_device_of(b), b.id, b.first, b.count)) for b in fresh]
    await record_all(tx, facts)


def _making(batch: Batch) -> NewJob:
    return NewJob(id=batch.job, kind=MAKE_BATCH, args=MakeBatch(batch.id), lane=f"batch:{batch.id}")


def _device_of(batch: Batch) -> DeviceId:
    """The first target's; with several tokens in one call the messages' own facts name theirs."""
    return batch.parts[0][0].device


async def record_all(tx: Tx, facts: Iterable[tuple[AccountId, AnyFact]]) -> None:
    """Record these facts; none is fine."""
    recorded = [Recorded(account, fact) for account, fact in facts]
    if recorded:
        await record(tx, recorded)


ACCEPT: HotAction[Acceptance, Verdict] = HotAction(accept_calls, lambda call: call.account)
