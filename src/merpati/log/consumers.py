"""Consumers: programs that fetch facts instead of being called. Each has a name and a cursor.

Fetching moves nothing: the cursor moves when the program says that it is done, forward only. So whatever crashed in
between is fetched again. Needs no lease: any process may move the cursor of whoever asks.
"""

from collections.abc import Collection

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId
from merpati.log import readers, store_consumers
from merpati.log.model import Consumer, ConsumerName, Cursor, FactSearch, RawEntry
from merpati.storage.port import Tx

MOST_CONSUMERS = 100
"""Of one account."""


class Portion(msgspec.Struct, frozen=True):
    """What a program fetched: everything that it may see after `after`, up to `upto`."""

    entries: list[RawEntry]
    after: int
    upto: int
    head: int
    lost: tuple[int, int] | None
    """First and last fact that the log has forgotten before they were fetched."""


async def open_consumer(tx: Tx, name: ConsumerName, id_: int) -> Consumer:
    """The consumer of this name; a new one, with this id, begins at the log's head. May run twice.

    Raises `Refusal(TOO_MANY_CONSUMERS)`.
    """
    await tx.lock([name.account])
    known = await store_consumers.consumer_by(tx, name)
    if known is not None:
        return known
    if await store_consumers.count_consumers(tx, name.account) >= MOST_CONSUMERS:
        raise Refusal(Code.TOO_MANY_CONSUMERS, most=MOST_CONSUMERS)
    await store_consumers.insert_consumer(tx, name, id_)
    await readers.open_cursors(tx, store_consumers.KIND, [(id_, name.account)])
    return await find_consumer(tx, name)


async def find_consumer(tx: Tx, name: ConsumerName) -> Consumer:
    """Raises `Refusal(CONSUMER_UNKNOWN)`."""
    known = await store_consumers.consumer_by(tx, name)
    if known is None:
        raise Refusal(Code.CONSUMER_UNKNOWN)
    return known


async def list_consumers(tx: Tx, account: AccountId, key: int) -> list[Consumer]:
    """By name."""
    return await store_consumers.consumers_of(tx, account, key)


async def fetch_facts(
    tx: Tx, account: AccountId, after: int, devices: Collection[DeviceId] | None, limit: int
) -> Portion:
    """Up to `limit` facts above `after`, of these devices; None: of all. Moves nothing."""
    head = await readers.find_head(tx, account)
    lost = await find_lost(tx, account, after, head)
    if devices is not None and not devices:
        return Portion([], after, head, head, lost)
    search = FactSearch(account=account, after=after, upto=head, devices=tuple(sorted(devices or ())))
    entries = await readers.search_facts(tx, search, limit)
    return Portion(entries, after, entries[-1].seq if len(entries) == limit else max(after, head), head, lost)


async def find_lost(tx: Tx, account: AccountId, after: int, head: int) -> tuple[int, int] | None:
    """First and last fact above `after` that the log has forgotten; None: it has them all."""
    kept = await readers.find_first_kept(tx, account)
    last = head if kept is None else kept - 1
    return (after + 1, last) if last > after else None


async def ack_facts(tx: Tx, name: ConsumerName, seq: int) -> Consumer:
    """Everything up to `seq` is done with. May run twice; a number that lies behind changes nothing.

    Raises `Refusal` (CONSUMER_UNKNOWN, ACK_BEYOND).
    """
    known = await find_consumer(tx, name)
    head = await readers.find_head(tx, name.account)
    if seq > head:
        raise Refusal(Code.ACK_BEYOND, head=head)
    await readers.move_cursors(tx, store_consumers.KIND, [Cursor(known.id, name.account, seq)])
    await store_consumers.touch_consumer(tx, known.id)
    return await find_consumer(tx, name)


async def delete_consumer(tx: Tx, name: ConsumerName) -> None:
    """Forget where it was. Raises `Refusal(CONSUMER_UNKNOWN)`."""
    known = await find_consumer(tx, name)
    await readers.close_cursors(tx, store_consumers.KIND, [(known.id, name.account)])
    await store_consumers.delete_consumer(tx, known.id)


async def delete_consumers_of(tx: Tx, account: AccountId, key: int) -> None:
    """The key is nothing any more, and nobody else sees its consumers. May run twice."""
    for known in await list_consumers(tx, account, key):
        await delete_consumer(tx, known.name)
