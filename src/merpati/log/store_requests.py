"""The SQL of the request log and the idempotency keys."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, RequestId
from merpati.log.model import IdempotencyRow, RequestRow, RequestSearch
from merpati.storage.port import Row, Tx, Value, and_among

_REQUEST = "id, account_id, device_id, at, method, path, params, answer, code, blanks, first_message, messages"
_KEY = "account_id, key, body_hash, answer, at"


async def insert_requests(tx: Tx, rows: Sequence[RequestRow]) -> None:
    await tx.set(
        f"INSERT INTO request ({_REQUEST}) SELECT {_REQUEST} FROM {{r}} WHERE true ON CONFLICT DO NOTHING",
        "id bigint, account_id bigint, device_id bigint, at bigint, "
        "method text, path text, params text, answer text, "
        "code text, blanks text, first_message bigint, messages bigint",
        [_values(row) for row in rows],
    )


async def ids_stored(tx: Tx, among: Sequence[RequestId]) -> set[RequestId]:
    rows = await tx.set("SELECT q.id FROM request q, {r} WHERE q.id = r.id", "id bigint", [(id_,) for id_ in among])
    return {RequestId(row[0]) for row in rows}


def _values(row: RequestRow) -> Row:
    begin = (row.id, row.account, row.device, row.at, row.method, row.path, row.params, row.answer)
    return (*begin, row.code, row.blanks, row.first_message, row.messages)


async def insert_keys(tx: Tx, rows: Sequence[IdempotencyRow]) -> None:
    await tx.set(
        f"INSERT INTO idempotency ({_KEY}) SELECT {_KEY} FROM {{r}}",
        "account_id bigint, key text, body_hash text, answer text, at bigint",
        [(r.account, r.key, r.body_hash, r.answer, r.at) for r in rows],
    )


async def fill_answer(tx: Tx, row: IdempotencyRow) -> None:
    """Keep a key with its answer, or the answer alone where the key is kept without one."""
    await tx.run(
        f"INSERT INTO idempotency ({_KEY}) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, key) "
        "DO UPDATE SET answer = excluded.answer "
        "WHERE idempotency.answer = '' AND idempotency.body_hash = excluded.body_hash",
        row.account,
        row.key,
        row.body_hash,
        row.answer,
        row.at,
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


async def request_by_id(tx: Tx, request: RequestId) -> RequestRow | None:
    row = await tx.one(f"SELECT {_REQUEST} FROM request WHERE id = $1", request)
    return _request(row) if row else None


async def paths_of(tx: Tx, account: AccountId) -> list[str]:
    """Each path once: a step in the index for each, however many requests there are."""
    rows = await tx.all(
        "WITH RECURSIVE known(path) AS (SELECT min(path) FROM request WHERE account_id = $1 UNION ALL "
        "SELECT (SELECT min(r.path) FROM request r WHERE r.account_id = $1 AND r.path > known.path) "
        "FROM known WHERE known.path IS NOT NULL) SELECT path FROM known WHERE path IS NOT NULL ORDER BY path",
        account,
    )
    return [path for (path,) in rows]


async def find_requests(tx: Tx, search: RequestSearch) -> list[RequestRow]:
    """Newest first. Each path is asked for by itself: of several at once an engine may read all there are."""
    found: list[RequestRow] = []
    for path in (None,) if search.paths is None else search.paths:
        found += await _find(tx, search, path)
    return sorted(found, key=lambda row: -row.id)[: search.limit]


async def _find(tx: Tx, search: RequestSearch, path: str | None) -> list[RequestRow]:
    conditions = _conditions(search, path)
    told = " AND ".join(text.format(f"${n}") for n, (text, _) in enumerate(conditions, 1))
    rows = await tx.all(
        f"SELECT {_REQUEST} FROM request WHERE {told} ORDER BY id DESC LIMIT {int(search.limit)}",
        *(value for _, value in conditions),
    )
    return [_request(row) for row in rows]


_OUTCOME = {None: "", True: " AND code <> ''", False: " AND code = ''"}
"""The very condition of the index of refusals, which are few: SQLite takes it where that is said."""


def _conditions(search: RequestSearch, path: str | None) -> list[tuple[str, Value]]:
    device = "device_id + 0" if search.refused else "device_id"
    found: list[tuple[str, Value]] = [
        ("account_id = {}" + _OUTCOME[search.refused] + and_among(device, search.among), search.account),
        ("id < {}", search.before),
    ]
    if search.id is not None:
        found.append(("id = {}", search.id))
    if search.device is not None:
        found.append((f"{device} = {{}}", search.device))
    if path is not None:
        found.append(("path || '' = {}" if search.refused else "path = {}", path))
    return found


def _request(row: Row) -> RequestRow:
    id_, account, device, at, method, path, params, answer, code, blanks, first_message, messages = row
    return RequestRow(
        id=id_,
        account=account,
        device=device,
        at=at,
        method=method,
        path=path,
        params=params,
        answer=answer,
        code=code,
        blanks=blanks,
        first_message=first_message,
        messages=messages,
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
