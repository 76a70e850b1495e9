"""Batches as a person sees them: the list, how far one is, and its end before all of it went."""

from collections.abc import Mapping

import msgspec

from merpati.core.ids import AccountId, BatchId, MessageId, RequestId
from merpati.messages import store_batches as store
from merpati.messages import store_outbox
from merpati.messages.batches import make_part
from merpati.messages.changes import end_messages
from merpati.messages.model import MessageEvent, MessageState
from merpati.messages.store_changes import known_messages
from merpati.storage.port import Storage, Tx

CANCEL_BATCH = "messages.cancel_batch"
"""The kind of job that cancels what is queued of a batch; its args are `CancelBatch`."""
CANCELLED_AT_ONCE = 200
"""Messages that one transaction cancels."""


class CancelBatch(msgspec.Struct, frozen=True):
    """Which batch to cancel."""

    batch: BatchId


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch. Its messages have the ids from `first` on; the first `made` of them, at least, are made."""

    id: BatchId
    account: AccountId
    request: RequestId
    first: MessageId
    count: int
    made: int
    queued_at: int


async def list_batches(tx: Tx, account: AccountId, before: BatchId, limit: int) -> list[BatchView]:
    """The account's, newest first, those with a lower id."""
    return [BatchView(**row) for row in await store.batches_before(tx, account, before, limit)]


async def find_batch(tx: Tx, batch: BatchId) -> BatchView | None:
    """A batch, of any account."""
    row = await store.batch_by_id(tx, batch)
    return BatchView(**row) if row is not None else None


async def count_batch(tx: Tx, batch: BatchView) -> Mapping[MessageState, int]:
    """How many of its messages are in each state; those not made yet are queued. Reads its rows."""
    counts = dict(await store.states_between(tx, batch.first, batch.count))
    unmade = batch.count - sum(counts.values())
    return {**counts, MessageState.QUEUED: counts.get(MessageState.QUEUED, 0) + unmade}


async def cancel_batch(storage: Storage, batch: BatchId) -> None:
    """Cancel what is still queued, a chunk at a time. May run twice."""
    view = await storage.read(find_batch, batch)
    while view is not None and await storage.write_bulk(cancel_part, view) is not None:
        pass


async def cancel_part(tx: Tx, batch: BatchView) -> int | None:
    """Cancel some of what is still queued: a part that was not made, else up to `CANCELLED_AT_ONCE` made ones.

    Answers how many; None: nothing is queued any more. What is being handed over goes on. May run twice.
    """
    await tx.lock([batch.account])
    header, part = await store.header_of(tx, batch.id), await store.first_part(tx, batch.id)
    if header is not None and part is not None:
        await make_part(tx, header, part)
        ids = [MessageId(part.first + n) for n in range(part.count)]
    else:
        ids = await store.queued_between(tx, batch.first, batch.count, CANCELLED_AT_ONCE)
    if not ids:
        return None
    gone = await store_outbox.take_back(tx, ids)
    await end_messages(tx, await known_messages(tx, sorted(gone)), MessageEvent.CANCELLED, "")
    return len(gone)
