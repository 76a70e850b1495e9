"""A change and the request that asked for it, in one transaction."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from merpati.log.model import RequestRow
from merpati.log.requests import record_requests
from merpati.storage.port import Tx

T = TypeVar("T")


async def change_on_record(
    tx: Tx, change: Callable[[Tx], Coroutine[Any, Any, T]], row: Callable[[T], RequestRow]
) -> T:
    """Make the change and keep the request with its answer; what the change raises, and how often it may run,
    is its own."""
    result = await change(tx)
    await record_requests(tx, [row(result)])
    return result
