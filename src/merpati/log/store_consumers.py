"""The SQL of consumers."""

from merpati.core.ids import AccountId
from merpati.log.model import Consumer, ConsumerName
from merpati.storage.port import Row, Tx

KIND = "pull"
"""Of their cursors."""
_FOUND = (
    "SELECT c.account_id, c.key_id, c.name, c.id, c.created_at, c.acked_at, k.seq FROM consumer c "
    f"JOIN reader_cursor k ON k.kind = '{KIND}' AND k.reader_id = c.id AND k.account_id = c.account_id"
)


async def insert_consumer(tx: Tx, name: ConsumerName, id_: int) -> None:
    await tx.run(
        "INSERT INTO consumer (account_id, key_id, name, id, created_at, acked_at) VALUES ($1, $2, $3, $4, $5, 0) "
        "ON CONFLICT DO NOTHING",
        *name,
        id_,
        tx.now,
    )


async def consumer_by(tx: Tx, name: ConsumerName) -> Consumer | None:
    row = await tx.one(f"{_FOUND} WHERE c.account_id = $1 AND c.key_id = $2 AND c.name = $3", *name)
    return _consumer(row) if row else None


async def consumers_of(tx: Tx, account: AccountId, key: int) -> list[Consumer]:
    rows = await tx.all(f"{_FOUND} WHERE c.account_id = $1 AND c.key_id = $2 ORDER BY c.name", account, key)
    return [_consumer(row) for row in rows]


async def count_consumers(tx: Tx, account: AccountId) -> int:
    row = await tx.one("SELECT count(*) FROM consumer WHERE account_id = $1", account)
    return row[0] if row else 0


async def touch_consumer(tx: Tx, id_: int) -> None:
    await tx.run("UPDATE consumer SET acked_at = $1 WHERE id = $2", tx.now, id_)


async def delete_consumer(tx: Tx, id_: int) -> None:
    await tx.run("DELETE FROM consumer WHERE id = $1", id_)


def _consumer(row: Row) -> Consumer:
    account, key, name, id_, created_at, acked_at, position = row
    return Consumer(
        name=ConsumerName(account, key, name), id=id_, position=position, created_at=created_at, acked_at=acked_at
    )
