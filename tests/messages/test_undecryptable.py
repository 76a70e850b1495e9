"""A message that could not be decrypted: a line that says so, which the message itself replaces."""

import msgspec
import pytest

from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, MessageId, WaId
from merpati.messages.history import Search
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.undecryptable import COUNTED_MS, Undecryptable, count_undecryptable, undecryptable_of
from merpati.messages.views import search_history, show_message
from merpati.storage.port import Storage, Tx
from merpati.transports.cards import UNDECRYPTABLE, NotShown
from merpati.transports.port import Text
from tests.messages.outbox import ACCOUNT, ALICE, BUDI, DEVICE, kinds, own_device


@pytest.fixture(autouse=True)
async def owned(storage: Storage) -> None:
    await storage.write(own_device)


async def now_of(storage: Storage) -> int:
    async def now(tx: Tx) -> int:
        return int(tx.now)

    return await storage.write(now)


def came(id_: int, at: int, sender: Address = BUDI, wa_id: str = "3A01", **changes: object) -> Incoming:
    unreadable = Incoming(
        id=MessageId(id_),
        account=ACCOUNT,
        device=DEVICE,
        chat=sender,
        sender=sender,
        name="",
        wa_id=WaId(wa_id),
        content=NotShown(kind=UNDECRYPTABLE),
        reply_to=None,
        at=at,
    )
    return msgspec.structs.replace(unreadable, **changes)


async def test_the_message_takes_the_lines_place(storage: Storage) -> None:
    """Once: with its name and words, where the line stood; the search finds it. Late or again, the line is gone."""
    at = await now_of(storage)
    itself = came(2, at + 5_000, content=Text(body="jam berapa buka"), name="Budi")
    assert await storage.write(receive_messages, [came(1, at)]) == [True]
    before = await storage.read(show_message, MessageId(1))
    assert before is not None and before.code == Code.UNDECRYPTABLE

    assert await storage.write(receive_messages, [itself]) == [True]
    assert await storage.write(receive_messages, [came(3, at)]) == [False]
    assert await storage.write(receive_messages, [itself]) == [False]

    page = await storage.read(search_history, Search(account=ACCOUNT, words="berapa buka"))
    assert [(row.id, row.name, row.code, row.queued_at) for row in page.rows] == [(1, "Budi", "", at)]
    assert await storage.read(search_history, Search(account=ACCOUNT)) == page
    assert await kinds(storage) == ["MessageReceived", "MessageReceived"]


async def test_another_senders_message_leaves_it(storage: Storage) -> None:
    """Ids are their senders'."""
    at = await now_of(storage)
    await storage.write(receive_messages, [came(1, at)])
    await storage.write(receive_messages, [came(2, at, ALICE, content=Text(body="halo"))])
    assert await storage.read(undecryptable_of, [DEVICE]) == {DEVICE: Undecryptable(1, at)}


async def test_those_that_are_left_are_counted_for_a_week(storage: Storage) -> None:
    """With the time of the oldest; a device without any is not named."""
    at = await now_of(storage)
    old, older = at - 60_000, at - COUNTED_MS - 60_000
    await storage.write(receive_messages, [came(1, older), came(2, at, wa_id="3A02"), came(3, old, wa_id="3A03")])
    assert await storage.read(undecryptable_of, [DEVICE, DeviceId(99)]) == {DEVICE: Undecryptable(2, old)}
    assert await storage.read(count_undecryptable) == 2
