"""`/batches`: calls with more than 200 targets, how far each is, and its end before all of it went."""

from litestar import Router, get, post
from litestar.params import FromPath

from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.paging import LAST_ID, USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Instant, instant
from merpati.core.clock import Millis
from merpati.core.errors import Code
from merpati.core.ids import BatchId, JobId
from merpati.jobs.actions import enqueue_jobs
from merpati.jobs.model import NewJob
from merpati.messages.batch_list import (
    CANCEL_BATCH,
    BatchView,
    CancelBatch,
    cancel_part,
    count_batch,
    list_batches,
)
from merpati.messages.model import MessageState

CHUNKS_IN_CALL = 10
"""Of 200 messages: a call cancels so many itself, in less than a second, and leaves the rest to a job."""


class BatchAnswer(Answer, frozen=True, kw_only=True):
    """A call with many targets. Its messages have the ids from `first_message` on; `made` of `count` are made."""

    id: int
    request: int
    first_message: int
    count: int
    made: int
    accepted_at: Instant


class BatchCounts(Answer, frozen=True, kw_only=True):
    """How many of its messages are in each state; those that are not made yet are queued."""

    queued: int = 0
    sending: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    failed: int = 0
    cancelled: int = 0
    expired: int = 0
    uncertain: int = 0


class BatchProgressAnswer(Answer, frozen=True, kw_only=True):
    """A batch with what became of its messages. `ended`: none is queued or being handed over."""

    batch: BatchAnswer
    counts: BatchCounts
    ended: bool


class BatchCancelledAnswer(Answer, frozen=True, kw_only=True):
    """How many messages were taken back before this was answered, and how the batch is since."""

    cancelled: int
    progress: BatchProgressAnswer


def _show(batch: BatchView) -> BatchAnswer:
    return BatchAnswer(
        id=batch.id,
        request=batch.request,
        first_message=batch.first,
        count=batch.count,
        made=batch.made,
        accepted_at=instant(Millis(batch.queued_at)),
    )


async def _progress(gateway: TheGateway, batch: BatchView) -> BatchProgressAnswer:
    found = await gateway.storage.read(count_batch, batch)
    counts = BatchCounts(**{MessageState(state).name.lower(): count for state, count in found.items()})
    return BatchProgressAnswer(batch=_show(batch), counts=counts, ended=not counts.queued and not counts.sending)


@get(
    "/",
    operation_id="listBatches",
    summary="List batches",
    responses=refusals(Code.CURSOR_INVALID, Code.KEY_DEVICES_CHOSEN),
)
async def get_batches(
    gateway: TheGateway, principal: ThePrincipal, cursor: Cursor = None, limit: Limit = USUAL
) -> Page[BatchAnswer]:
    """Newest first. A call with fewer targets has none: its messages are made at once."""
    access.every_device(principal)
    (before,) = position(cursor, (LAST_ID,))
    found = await gateway.storage.read(list_batches, principal.account.id, BatchId(before), limit + 1)
    return page_of(found, limit, _show, lambda batch: (batch.id,))


@get(
    "/{id:int}",
    operation_id="getBatch",
    summary="One batch",
    responses=refusals(Code.BATCH_UNKNOWN, Code.KEY_DEVICES_CHOSEN),
)
async def get_batch(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> BatchProgressAnswer:
    """How far it is. Its messages: `listMessages` with `batch`."""
    return await _progress(gateway, await access.batch(gateway, principal, id))


@post(
    "/{id:int}/cancel",
    operation_id="cancelBatch",
    summary="Cancel a batch",
    status_code=200,
    responses=refusals(Code.BATCH_UNKNOWN, Code.KEY_DEVICES_CHOSEN),
)
async def post_cancel_batch(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> BatchCancelledAnswer:
    """Takes back what is still queued; what is being handed over goes on. Some thousands are taken back when
    this is answered; the rest follows by itself, and `getBatch` tells how far it is."""
    batch, cancelled = await access.batch(gateway, principal, id), 0
    for _ in range(CHUNKS_IN_CALL):
        count = await gateway.storage.write_bulk(cancel_part, batch)
        if count is None:
            break
        cancelled += count
    else:
        await _cancel_rest(gateway, batch)
    return BatchCancelledAnswer(
        cancelled=cancelled, progress=await _progress(gateway, await access.batch(gateway, principal, id))
    )


async def _cancel_rest(gateway: TheGateway, batch: BatchView) -> None:
    job = JobId((await gateway.ids.take("job"))[0])
    cancelling = NewJob(id=job, kind=CANCEL_BATCH, args=CancelBatch(batch.id), lane=f"cancel:{batch.id}")
    await gateway.storage.write(enqueue_jobs, [cancelling])
    gateway.made()


def batches_router() -> Router:
    return Router("/batches", route_handlers=[get_batches, get_batch, post_cancel_batch], tags=["Messages"])
