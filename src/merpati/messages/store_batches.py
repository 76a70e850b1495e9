"""The SQL of batches."""

from typing import Any

import msgspec

from merpati.core.ids import AccountId, BatchId, MessageId, RequestId
from merpati.messages.model import BatchPlan, MessageState, PartTarget
from merpati.messages.store_accept import decode_part
from merpati.storage.port import Row, Tx

_plan = msgspec.json.Decoder(BatchPlan)


class Header(msgspec.Struct, frozen=True):
    batch: BatchId
    account: AccountId
    request: RequestId
    count: int
    made: int
    plan: BatchPlan
    queued_at: int
    shift_ms: int


class Part(msgspec.Struct, frozen=True):
    batch: BatchId
    n: int
    first: MessageId
    count: int
    targets: tuple[PartTarget, ...]


_PART = "SELECT batch_id, n, first_id, count, targets FROM batch_part "


def _part(row: Row | None) -> Part | None:
    if row is None:
        return None
    batch, n, first, count, targets = row
    return Part(batch, n, first, count, decode_part(targets))


async def header_of(tx: Tx, batch: BatchId) -> Header | None:
    row = await tx.one(
        "SELECT id, account_id, request_id, count, made, plan, queued_at, shift_ms FROM batch WHERE id = $1", batch
    )
    if row is None:
        return None
    id_, account, request, count, made, plan, queued_at, shift_ms = row
    return Header(id_, account, request, count, made, _plan.decode(plan), queued_at, shift_ms)


async def first_part(tx: Tx, batch: BatchId) -> Part | None:
    return _part(await tx.one(_PART + "WHERE batch_id = $1 ORDER BY n LIMIT 1", batch))


async def part_of(tx: Tx, message: MessageId) -> Part | None:
    part = _part(await tx.one(_PART + "WHERE first_id <= $1 ORDER BY first_id DESC LIMIT 1", message))
    return part if part is not None and message < part.first + part.count else None


async def take_part(tx: Tx, part: Part) -> bool:
    """Remove the part; false when somebody else has made it."""
    row = await tx.one("DELETE FROM batch_part WHERE batch_id = $1 AND n = $2 RETURNING n", part.batch, part.n)
    return row is not None


async def add_made(tx: Tx, batch: BatchId, count: int) -> None:
    await tx.run("UPDATE batch SET made = made + $2 WHERE id = $1", batch, count)


async def open_plans(tx: Tx, account: AccountId) -> list[BatchPlan]:
    """The plans of the account's batches that are still being made."""
    rows = await tx.all("SELECT plan FROM batch WHERE made < count AND account_id = $1", account)
    return [_plan.decode(plan) for (plan,) in rows]


async def unmade_target(tx: Tx, message: MessageId) -> PartTarget | None:
    """The target of a message that its batch has not made yet."""
    part = await part_of(tx, message)
    return part.targets[message - part.first] if part else None


_LISTED = ("id", "account", "request", "first", "count", "made", "queued_at")
_LISTED_SQL = "SELECT id, account_id, request_id, first_id, count, made, queued_at FROM batch "


async def batches_before(tx: Tx, account: AccountId, before: BatchId, limit: int) -> list[dict[str, Any]]:
    rows = await tx.all(
        _LISTED_SQL + "WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3", account, before, limit
    )
    return [dict(zip(_LISTED, row, strict=True)) for row in rows]


async def batch_by_id(tx: Tx, batch: BatchId) -> dict[str, Any] | None:
    row = await tx.one(_LISTED_SQL + "WHERE id = $1", batch)
    return dict(zip(_LISTED, row, strict=True)) if row else None


async def states_between(tx: Tx, first: MessageId, count: int) -> list[tuple[MessageState, int]]:
    """How many of these `count` messages are in each state; one that is being handed over is `SENDING`."""
    rows = await tx.all(
        "SELECT CASE WHEN o.state = 1 THEN 1 ELSE m.state END AS s, count(*) FROM message m "
        "LEFT JOIN outbox o ON o.message_id = m.id WHERE m.id >= $1 AND m.id < $1 + $2 GROUP BY 1 ORDER BY 1",
        first,
        count,
    )
    return [(MessageState(state), n) for state, n in rows]


async def queued_between(tx: Tx, first: MessageId, count: int, limit: int) -> list[MessageId]:
    rows = await tx.all(
        "SELECT message_id FROM outbox WHERE message_id >= $1 AND message_id < $1 + $2 AND state = 0 "
        "ORDER BY message_id LIMIT $3",
        first,
        count,
        limit,
    )
    return [MessageId(row[0]) for row in rows]
