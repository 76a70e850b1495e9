"""The SQL of the request log and the idempotency keys."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, RequestId
from merpati.log.model import IdempotencyRow, RequestRow
from merpati.storage.port import Row, Tx

_REQUEST = "id, account_id, device_id, at, method, path, params, answer"
_KEY = "account_id, key, body_hash, answer, at"


async def insert_requests(tx: Tx, rows: Sequence[RequestRow]) -> None:
    await tx.set(
        f"INSERT INTO request ({_REQUEST}) SELECT {_REQUEST} FROM {{r}} WHERE true ON CONFLICT DO NOTHING",
        "id bigint, account_id bigint, device_id bigint, at bigint, "
        "method text, path text, params text, answer text",
        [(r.id, r.account, r.device, r.at, r.method, r.path, r.params, r.answer) for r in rows],
    )


async def insert_keys(tx: Tx, rows: Sequence[IdempotencyRow]) -> None:
    await tx.set(
        f"INSERT INTO idempotency ({_KEY}) SELECT {_KEY} FROM {{r}}",
        "account_id bigint, key text, body_hash text, answer text, at bigint",
        [(r.account, r.key, r.body_hash, r.answer, r.at) for r in rows],
    )


async def keys_of(tx: Tx, wanted: Sequence[tuple[AccountId, str]]) -> dict[tuple[AccountId, str], IdempotencyRow]:
    rows = await tx.set(
        "SELECT i.account_id, i.key, i.body_hash, i.answer, i.at FROM idempotency i, {r} "
        "WHERE i.account_id = r.account_id AND i.key = r.key",
        "account_id bigint, key text",
        wanted,
    )
    found = (IdempotencyRow(account=a, key=k, body_hash=h, answer=answer, at=at) for a, k, h, answer, at in rows)
    return {(row.account, row.key): row for row in found}


async def requests_of(tx: Tx, account: AccountId, before: RequestId | None, limit: int) -> list[RequestRow]:
    rows = await tx.all(
        f"SELECT {_REQUEST} FROM request WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        account,
        before if before is not None else 2**63 - 1,
        limit,
    )
    return [_request(row) for row in rows]


def _request(row: Row) -> RequestRow:
    id_, account, device, at, method, path, params, answer = row
    return RequestRow(
        id=id_, account=account, device=device, at=at, method=method, path=path, params=params, answer=answer
    )


async def delete_requests_before(tx: Tx, at: int, limit: int) -> int:
    rows = await tx.all(
        "DELETE FROM request WHERE id IN (SELECT id FROM request WHERE at < $1 ORDER BY at, id LIMIT $2) "
        "RETURNING id",
        at,
        limit,
    )
    return len(rows)


async def delete_keys_before(tx: Tx, at: int, limit: int) -> int:
    rows = await tx.all(
        "DELETE FROM idempotency WHERE (account_id, key) IN "
        "(SELECT account_id, key FROM idempotency WHERE at < $1 ORDER BY at, account_id, key LIMIT $2) "
        "RETURNING at",
        at,
        limit,
    )
    return len(rows)
