"""The request log and the idempotency keys: what was asked, what was answered."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, RequestId
from merpati.log import store_requests
from merpati.log.model import IdempotencyRow, RequestRow
from merpati.storage.port import Tx


async def record_requests(tx: Tx, rows: Sequence[RequestRow]) -> None:
    """Keep these requests. May run twice: a row that is there stays."""
    await store_requests.insert_requests(tx, rows)


async def remember_keys(tx: Tx, rows: Sequence[IdempotencyRow]) -> None:
    """Keep these keys; raises `Violation` when one is there (the caller looked first, so: a race)."""
    await store_requests.insert_keys(tx, rows)


async def recall_keys(
    tx: Tx, wanted: Sequence[tuple[AccountId, str]]
) -> dict[tuple[AccountId, str], IdempotencyRow]:
    """Those of these keys that are known."""
    return await store_requests.keys_of(tx, wanted)


async def list_requests(tx: Tx, account: AccountId, before: RequestId | None, limit: int) -> list[RequestRow]:
    """The account's newest requests older than `before`, newest first."""
    return await store_requests.requests_of(tx, account, before, limit)


async def forget_requests(tx: Tx, before: int, limit: int) -> int:
    """Drop up to `limit` requests older than `before`; answers how many went. May run twice."""
    return await store_requests.delete_requests_before(tx, before, limit)


async def forget_keys(tx: Tx, before: int, limit: int) -> int:
    """Drop up to `limit` idempotency keys older than `before`; answers how many went. May run twice."""
    return await store_requests.delete_keys_before(tx, before, limit)
