"""Consumers asked for by several processes at once."""

import asyncio

import pytest

from merpati.core.errors import Refusal
from merpati.core.facts import MessageExpired
from merpati.core.ids import AccountId, Address, DeviceId, MessageId
from merpati.log import consumers
from merpati.log.actions import open_account, record
from merpati.log.model import ConsumerName, Recorded
from merpati.storage.port import Row, Storage, Tx

ACCOUNT = AccountId(1)
NAME = ConsumerName(ACCOUNT, 0, "gudang")
FACT = Recorded(ACCOUNT, MessageExpired(DeviceId(3), MessageId(1), Address("628123456789")))


@pytest.fixture
async def storage(storage: Storage) -> Storage:
    """One account."""
    await storage.write(open_account, ACCOUNT)
    return storage


async def tell(tx: Tx, count: int) -> None:
    await tx.lock([ACCOUNT])
    await record(tx, [FACT] * count)


async def cursors(tx: Tx) -> list[Row]:
    return await tx.all("SELECT reader_id, seq FROM reader_cursor WHERE kind = 'pull'")


async def test_first_fetches_at_once_make_one_consumer(storage: Storage) -> None:
    """With one cursor: those that came second leave none behind."""
    opened = await asyncio.gather(*(storage.write(consumers.open_consumer, NAME, id_) for id_ in range(1, 13)))
    assert len({each.id for each in opened}) == 1
    assert await storage.read(cursors) == [(opened[0].id, 0)]


async def test_new_consumers_at_once_are_no_more_than_may_be(storage: Storage) -> None:
    """The last place is had by one of them."""
    names = [NAME._replace(name=f"n{n}") for n in range(consumers.MOST_CONSUMERS + 8)]
    opened = await asyncio.gather(
        *(storage.write(consumers.open_consumer, name, id_) for id_, name in enumerate(names, 1)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Refusal) for each in opened) == 8
    assert len(await storage.read(cursors)) == consumers.MOST_CONSUMERS


async def test_acknowledgements_at_once_leave_the_farthest(storage: Storage) -> None:
    """In whatever order they are stored, and each of them twice."""
    await storage.write(consumers.open_consumer, NAME, 7)
    await storage.write(tell, 12)
    acked = [5, 12, 1, 9, 3, 11, 2, 12, 5, 1]
    await asyncio.gather(*(storage.write(consumers.ack_facts, NAME, seq) for seq in acked))
    assert await storage.read(cursors) == [(7, 12)]
