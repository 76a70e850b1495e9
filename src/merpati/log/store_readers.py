"""The SQL of cursors and of the shards' leases."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, Epoch, Incarnation
from merpati.log.model import SHARDS, Cursor, FactSearch, RawEntry
from merpati.storage.nodes import dead_owner
from merpati.storage.port import Tx, Value

_RAW = "account_id, seq, at, kind, device_id, body"


# -- cursors --


async def insert_cursors(tx: Tx, kind: str, readers: Sequence[tuple[int, AccountId]]) -> None:
    await tx.set(
        "INSERT INTO reader_cursor (kind, reader_id, account_id, seq) "
        "SELECT r.kind, r.reader_id, r.account_id, "
        "coalesce((SELECT c.seq FROM account_clock c WHERE c.account_id = r.account_id), 0) "
        "FROM {r} WHERE true ON CONFLICT (kind, reader_id, account_id) DO NOTHING",
        "kind text, reader_id bigint, account_id bigint",
        [(kind, reader, account) for reader, account in readers],
    )


async def delete_cursors(tx: Tx, kind: str, readers: Sequence[tuple[int, AccountId]]) -> None:
    await tx.set(
        "DELETE FROM reader_cursor WHERE (kind, reader_id, account_id) IN "
        "(SELECT r.kind, r.reader_id, r.account_id FROM {r})",
        "kind text, reader_id bigint, account_id bigint",
        [(kind, reader, account) for reader, account in readers],
    )


async def move_cursors(tx: Tx, kind: str, cursors: Sequence[Cursor]) -> None:
    await tx.set(
        "UPDATE reader_cursor SET seq = r.seq FROM {r} WHERE reader_cursor.kind = r.kind "
        "AND reader_cursor.reader_id = r.reader_id AND reader_cursor.account_id = r.account_id "
        "AND reader_cursor.seq < r.seq",
        "kind text, reader_id bigint, account_id bigint, seq bigint",
        [(kind, cursor.reader, cursor.account, cursor.seq) for cursor in cursors],
    )


async def cursors_in(tx: Tx, kind: str, shards: Sequence[int]) -> list[Cursor]:
    rows = await tx.set(
        "SELECT k.reader_id, k.account_id, k.seq FROM reader_cursor k, {r} "
        f"WHERE k.kind = r.kind AND k.account_id % {SHARDS} = r.shard",
        "kind text, shard bigint",
        [(kind, shard) for shard in shards],
    )
    return [Cursor(reader, AccountId(account), seq) for reader, account, seq in rows]


async def heads_beyond(tx: Tx, positions: Sequence[tuple[AccountId, int]]) -> list[tuple[AccountId, int]]:
    rows = await tx.set(
        "SELECT c.account_id, c.seq FROM account_clock c, {r} WHERE c.account_id = r.account_id AND c.seq > r.seq",
        "account_id bigint, seq bigint",
        positions,
    )
    return [(AccountId(account), seq) for account, seq in rows]


# -- facts --


async def raw_after_each(tx: Tx, positions: Sequence[tuple[AccountId, int]], span: int) -> list[RawEntry]:
    rows = await tx.set(
        "SELECT f.account_id, f.seq, f.at, f.kind, f.device_id, f.body FROM {r}, fact f "
        "WHERE f.account_id = r.account_id AND f.seq > r.seq AND f.seq <= r.seq + r.span "
        "ORDER BY f.account_id, f.seq",
        "account_id bigint, seq bigint, span bigint",
        [(account, seq, span) for account, seq in positions],
    )
    return [RawEntry(*row) for row in rows]


async def raw_found(tx: Tx, search: FactSearch, limit: int) -> list[RawEntry]:
    where, values = _where(search)
    rows = await tx.all(f"SELECT {_RAW} FROM fact WHERE {where} ORDER BY seq LIMIT $1", limit, *values)
    return [RawEntry(*row) for row in rows]


async def count_found(tx: Tx, search: FactSearch, most: int) -> int:
    where, values = _where(search)
    row = await tx.one(f"SELECT count(*) FROM (SELECT 1 FROM fact WHERE {where} LIMIT $1) AS found", most, *values)
    return row[0] if row else 0


def _where(search: FactSearch) -> tuple[str, list[Value]]:
    """Conditions, with their values from $2 on."""
    values: list[Value] = [search.account, search.after, search.upto]
    where = "account_id = $2 AND seq > $3 AND seq <= $4"
    for column, among in (("device_id", search.devices), ("kind", search.kinds)):
        if among:
            marks = ", ".join(f"${n}" for n in range(2 + len(values), 2 + len(values) + len(among)))
            where += f" AND {column} IN ({marks})"
            values += among
    return where, values


async def raw_by_seqs(tx: Tx, account: AccountId, seqs: Sequence[int]) -> list[RawEntry]:
    rows = await tx.set(
        "SELECT f.account_id, f.seq, f.at, f.kind, f.device_id, f.body FROM {r}, fact f "
        "WHERE f.account_id = r.account_id AND f.seq = r.seq",
        "account_id bigint, seq bigint",
        [(account, seq) for seq in seqs],
    )
    return [RawEntry(*row) for row in rows]


async def first_kept(tx: Tx, account: AccountId) -> int | None:
    row = await tx.one("SELECT min(seq) FROM fact WHERE account_id = $1", account)
    return row[0] if row else None


# -- shards --


async def open_shards(tx: Tx, kind: str) -> None:
    await tx.set(
        "INSERT INTO reader_shard (kind, shard, owner_inc, epoch) SELECT kind, shard, NULL, 0 FROM {r} "
        "WHERE true ON CONFLICT (kind, shard) DO NOTHING",
        "kind text, shard bigint",
        [(kind, shard) for shard in range(SHARDS)],
    )


async def join(tx: Tx, kind: str, inc: Incarnation) -> None:
    await tx.run("INSERT INTO reader_node (kind, inc) VALUES ($1, $2) ON CONFLICT DO NOTHING", kind, inc)


async def leave(tx: Tx, kind: str, inc: Incarnation) -> None:
    await tx.run("DELETE FROM reader_node WHERE kind = $1 AND inc = $2", kind, inc)


async def forget_dead(tx: Tx, kind: str) -> None:
    await tx.run(f"DELETE FROM reader_node WHERE kind = $1 AND {dead_owner('reader_node.inc')}", kind)


async def count_joined(tx: Tx, kind: str) -> int:
    row = await tx.one("SELECT count(*) FROM reader_node WHERE kind = $1", kind)
    return row[0] if row else 0


async def shards_of(tx: Tx, kind: str, inc: Incarnation) -> dict[int, Epoch]:
    rows = await tx.all("SELECT shard, epoch FROM reader_shard WHERE kind = $1 AND owner_inc = $2", kind, inc)
    return {shard: Epoch(epoch) for shard, epoch in rows}


async def claim_shards(tx: Tx, kind: str, inc: Incarnation, limit: int) -> dict[int, Epoch]:
    rows = await tx.all(
        "WITH free AS MATERIALIZED "
        f"(SELECT shard FROM reader_shard WHERE kind = $2 AND {dead_owner('reader_shard.owner_inc')} "
        "ORDER BY shard LIMIT $3 {skip_locked}) "
        "UPDATE reader_shard SET owner_inc = $1, epoch = epoch + 1 WHERE kind = $2 "
        "AND shard IN (SELECT shard FROM free) RETURNING shard, epoch",
        inc,
        kind,
        limit,
    )
    return {shard: Epoch(epoch) for shard, epoch in rows}


async def release_shards(tx: Tx, kind: str, inc: Incarnation, shards: Sequence[int]) -> None:
    await tx.set(
        "UPDATE reader_shard SET owner_inc = NULL FROM {r} WHERE reader_shard.kind = r.kind "
        "AND reader_shard.shard = r.shard AND reader_shard.owner_inc = r.inc",
        "kind text, shard bigint, inc text",
        [(kind, shard, inc) for shard in shards],
    )


async def hold_shards(tx: Tx, kind: str, inc: Incarnation, epochs: Sequence[tuple[int, Epoch]]) -> set[int]:
    """Writes nothing new: the rows' locks keep a claim out until this transaction ends."""
    rows = await tx.set(
        "UPDATE reader_shard SET epoch = r.epoch FROM {r} WHERE reader_shard.kind = r.kind "
        "AND reader_shard.shard = r.shard AND reader_shard.owner_inc = r.inc AND reader_shard.epoch = r.epoch "
        "RETURNING reader_shard.shard",
        "kind text, shard bigint, inc text, epoch bigint",
        [(kind, shard, inc, epoch) for shard, epoch in sorted(epochs)],
    )
    return {row[0] for row in rows}
