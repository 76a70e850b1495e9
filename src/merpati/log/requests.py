"""The request log and the idempotency keys: what was asked, what was answered."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, RequestId
from merpati.log import store_requests
from merpati.log.model import IdempotencyRow, RequestRow, RequestSearch
from merpati.storage.lane import HotAction
from merpati.storage.port import Tx


async def record_requests(tx: Tx, rows: Sequence[RequestRow]) -> None:
    """Keep these requests. May run twice: a row that is there stays."""
    await store_requests.insert_requests(tx, rows)


async def _record_each(tx: Tx, rows: Sequence[RequestRow]) -> list[None]:
    await record_requests(tx, rows)
    return [None] * len(rows)


RECORD_REQUEST: HotAction[RequestRow, None] = HotAction(_record_each, lambda _row: None)
"""For the lane: a request that changed nothing else."""


async def remember_keys(tx: Tx, rows: Sequence[IdempotencyRow]) -> None:
    """Keep these keys; raises `Violation` when one is there (the caller looked first, so: a race)."""
    await store_requests.insert_keys(tx, rows)


async def keep_answer(tx: Tx, row: IdempotencyRow) -> None:
    """Keep a key with its answer; one that has an answer stays as it is. May run twice."""
    await store_requests.fill_answer(tx, row)


async def recall_keys(
    tx: Tx, wanted: Sequence[tuple[AccountId, str]]
) -> dict[tuple[AccountId, str], IdempotencyRow]:
    """Those of these keys that are known."""
    return await store_requests.keys_of(tx, wanted)


async def list_requests(tx: Tx, search: RequestSearch) -> list[RequestRow]:
    """What `search` asks for, newest first, at most `search.limit`."""
    return await store_requests.find_requests(tx, search)


async def search_paths(tx: Tx, account: AccountId, part: str) -> tuple[str, ...]:
    """The paths that the account has asked for and that have this in them; case does not matter."""
    return tuple(path for path in await store_requests.paths_of(tx, account) if part.lower() in path.lower())


async def find_request(tx: Tx, request: RequestId) -> RequestRow | None:
    """A request, of any account."""
    return await store_requests.request_by_id(tx, request)


async def requests_stored(tx: Tx, among: Sequence[RequestId]) -> set[RequestId]:
    """Those of these requests that are kept already."""
    return await store_requests.ids_stored(tx, among)


async def forget_requests(tx: Tx, before: int, limit: int) -> int:
    """Drop up to `limit` requests older than `before`; answers how many went. May run twice."""
    return await store_requests.delete_requests_before(tx, before, limit)


async def forget_keys(tx: Tx, before: int, limit: int) -> int:
    """Drop up to `limit` idempotency keys older than `before`; answers how many went. May run twice."""
    return await store_requests.delete_keys_before(tx, before, limit)
