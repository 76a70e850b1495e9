"""The SQL of facts and cursors."""

from collections.abc import Sequence

from merpati.core.ids import AccountId
from merpati.log.model import Entry, decode_fact
from merpati.storage.port import Row, Tx


async def open_clock(tx: Tx, account: AccountId) -> None:
    await tx.run("INSERT INTO account_clock (account_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING", account)


async def bump_clocks(tx: Tx, counts: Sequence[tuple[AccountId, int]]) -> dict[AccountId, int]:
    """The newest seq of each account after `count` more."""
    rows = await tx.set(
        "UPDATE account_clock SET seq = seq + r.n FROM {r} WHERE account_clock.account_id = r.account_id "
        "RETURNING account_clock.account_id, account_clock.seq",
        "account_id bigint, n bigint",
        counts,
    )
    return {AccountId(account): seq for account, seq in rows}


async def insert_facts(tx: Tx, rows: Sequence[tuple[AccountId, int, int, str, int, str]]) -> None:
    await tx.set(
        "INSERT INTO fact (account_id, seq, at, kind, device_id, body) "
        "SELECT account_id, seq, at, kind, device_id, body FROM {r}",
        "account_id bigint, seq bigint, at bigint, kind text, device_id bigint, body text",
        rows,
    )


async def facts_after(tx: Tx, account: AccountId, seq: int, limit: int) -> list[Entry]:
    rows = await tx.all(
        "SELECT account_id, seq, at, device_id, body FROM fact WHERE account_id = $1 AND seq > $2 "
        "ORDER BY seq LIMIT $3",
        account,
        seq,
        limit,
    )
    return [_entry(row) for row in rows]


def _entry(row: Row) -> Entry:
    account, seq, at, device, body = row
    return Entry(account, seq, at, device, decode_fact(body))


async def delete_facts_before(tx: Tx, at: int, limit: int) -> int:
    rows = await tx.all(
        "DELETE FROM fact WHERE (account_id, seq) IN "
        "(SELECT account_id, seq FROM fact WHERE at < $1 ORDER BY at, account_id, seq LIMIT $2) RETURNING seq",
        at,
        limit,
    )
    return len(rows)
