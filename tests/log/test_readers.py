"""Readers of the log: cursors, what they read, and the leases of their shards."""

from collections.abc import Sequence

import pytest

from merpati.core.facts import DeviceAdded, MessageExpired
from merpati.core.ids import AccountId, Address, DeviceId, Incarnation, MessageId
from merpati.log import readers
from merpati.log.actions import forget_facts, open_account, record
from merpati.log.model import SHARDS, Cursor, FactSearch, Recorded
from merpati.storage.nodes import join_node, leave_node
from merpati.storage.port import Storage, Tx

KIND = "test"
ONE, TWO = AccountId(1), AccountId(65)
ME, YOU = Incarnation("me"), Incarnation("you")


@pytest.fixture
async def storage(storage: Storage) -> Storage:
    """Two accounts of one shard, and two processes."""
    for account in (ONE, TWO):
        await storage.write(open_account, account)
    for inc in (ME, YOU):
        await storage.write(join_node, inc, inc, 1_000_000, exclusive=False)
    return storage


async def tell(storage: Storage, account: AccountId, *devices: int) -> None:
    facts = [MessageExpired(DeviceId(device), MessageId(1), Address("628123456789")) for device in devices]
    await storage.write(_record, [Recorded(account, fact) for fact in facts])


async def _record(tx: Tx, facts: Sequence[Recorded]) -> None:
    await tx.lock([fact.account for fact in facts])
    await record(tx, facts)


async def move(tx: Tx, shares: readers.Shares, inc: Incarnation, *cursors: Cursor) -> None:
    await readers.hold_shards(tx, KIND, inc, shares.held, [cursor.account for cursor in cursors])
    await readers.move_cursors(tx, KIND, cursors)


async def cursors(storage: Storage) -> dict[tuple[int, int], int]:
    found = await storage.read(readers.list_cursors, KIND, range(SHARDS))
    return {(cursor.reader, cursor.account): cursor.seq for cursor in found}


async def test_a_reader_is_born_at_the_head_and_once(storage: Storage) -> None:
    """What happened before is not its; opening it again leaves it where it is."""
    await tell(storage, ONE, 3, 3, 3)
    await storage.write(readers.open_cursors, KIND, [(7, ONE), (7, TWO)])
    await tell(storage, ONE, 3)
    await storage.write(readers.open_cursors, KIND, [(7, ONE), (8, ONE)])
    assert await cursors(storage) == {(7, 1): 3, (7, 65): 0, (8, 1): 4}
    await storage.write(readers.close_cursors, KIND, [(7, ONE), (9, ONE)])
    assert await cursors(storage) == {(7, 65): 0, (8, 1): 4}


async def test_news_are_found_for_all_accounts_at_once(storage: Storage) -> None:
    """Only those whose log goes beyond the position; facts come by account, in order, undecoded."""
    await tell(storage, ONE, 3, 4, 3, 4)
    await tell(storage, TWO, 5)
    assert await storage.read(readers.list_news, {ONE: 2, TWO: 1}) == [(ONE, 4)]
    found = await storage.read(readers.read_after, {ONE: 1, TWO: 0}, 2)
    assert [(entry.account, entry.seq, entry.device, entry.kind) for entry in found] == [
        (ONE, 2, 4, "MessageExpired"),
        (ONE, 3, 3, "MessageExpired"),
        (TWO, 1, 5, "MessageExpired"),
    ]
    assert found[0].decode() == MessageExpired(DeviceId(4), MessageId(1), Address("628123456789"))


async def test_one_devices_facts_are_read_alone(storage: Storage) -> None:
    """Above one number, up to another, so many."""
    await tell(storage, ONE, 3, 4, 3, 4, 3, 3)
    search = FactSearch(account=ONE, after=1, upto=5, devices=(DeviceId(3),), kinds=("MessageExpired",))
    assert [entry.seq for entry in await storage.read(readers.search_facts, search, 10)] == [3, 5]
    several = FactSearch(account=ONE, after=0, devices=(DeviceId(3), DeviceId(4)))
    assert [entry.seq for entry in await storage.read(readers.search_facts, several, 3)] == [1, 2, 3]
    assert await storage.read(readers.count_facts, several, 10) == 6
    assert await storage.read(readers.count_facts, several, 4) == 4


async def test_the_oldest_kept_fact_is_known(storage: Storage) -> None:
    """So that a reader that slept too long says what it missed."""
    assert await storage.read(readers.find_first_kept, ONE) is None
    await tell(storage, ONE, 3, 3, 3)
    await storage.write(forget_facts, 2**62, 2)
    assert await storage.read(readers.find_first_kept, ONE) == 3


async def test_a_fact_that_this_version_does_not_know_can_be_passed_over(storage: Storage) -> None:
    """Reading does not decode: a newer process's facts do not stop an older one's readers."""
    await storage.write(_record, [Recorded(ONE, DeviceAdded(DeviceId(3)))])
    await storage.write(_rename)
    (entry,) = await storage.read(readers.read_after, {ONE: 0}, 10)
    assert (entry.seq, entry.kind) == (1, "FromTheFuture")


async def _rename(tx: Tx) -> None:
    await tx.run("UPDATE fact SET kind = 'FromTheFuture', body = '{\"kind\":\"FromTheFuture\"}'")


async def test_two_processes_share_the_shards_fairly(storage: Storage) -> None:
    """The first takes all; when another joins it gives back what is over its share, and the other takes that."""
    mine = await storage.write(readers.share_shards, KIND, ME)
    assert (len(mine.held), mine.fair) == (SHARDS, SHARDS)
    yours = await storage.write(readers.share_shards, KIND, YOU)
    assert (len(yours.held), yours.fair) == (0, SHARDS // 2)
    mine = await storage.write(readers.share_shards, KIND, ME)
    assert mine.fair == SHARDS // 2
    await storage.write(readers.release_shards, KIND, ME, sorted(mine.held)[mine.fair :])
    yours = await storage.write(readers.share_shards, KIND, YOU)
    mine = await storage.write(readers.share_shards, KIND, ME)
    assert sorted([*mine.held, *yours.held]) == list(range(SHARDS))
    assert len(yours.held) == len(mine.held)


async def test_a_dead_processes_shards_are_taken_with_a_higher_epoch(storage: Storage) -> None:
    """And its share is nobody's any more."""
    mine = await storage.write(readers.share_shards, KIND, ME)
    await storage.write(readers.share_shards, KIND, YOU)
    await storage.write(leave_node, ME)
    yours = await storage.write(readers.share_shards, KIND, YOU)
    assert yours.fair == SHARDS
    assert all(yours.held[shard] > epoch for shard, epoch in mine.held.items())


async def test_only_the_holder_of_the_shard_moves_a_cursor(storage: Storage) -> None:
    """A late owner stores nothing, not even beside what is still its own."""
    await storage.write(readers.open_cursors, KIND, [(7, ONE), (7, AccountId(2))])
    await tell(storage, ONE, 3, 3, 3)
    mine = await storage.write(readers.share_shards, KIND, ME)
    await storage.write(move, mine, ME, Cursor(7, ONE, 2))
    await storage.write(readers.release_shards, KIND, ME, [1])
    yours = await storage.write(readers.share_shards, KIND, YOU)
    assert yours.held.keys() == {1}
    with pytest.raises(readers.LeaseLost) as lost:
        await storage.write(move, mine, ME, Cursor(7, ONE, 3), Cursor(7, AccountId(2), 3))
    assert lost.value.shards == {1}
    assert await cursors(storage) == {(7, 1): 2, (7, 2): 0}
    await storage.write(move, yours, YOU, Cursor(7, ONE, 3))
    assert (await cursors(storage))[7, 1] == 3


async def test_a_cursor_never_goes_back(storage: Storage) -> None:
    """A storing that comes late, or twice, changes nothing."""
    await storage.write(readers.open_cursors, KIND, [(7, ONE)])
    mine = await storage.write(readers.share_shards, KIND, ME)
    for seq in (5, 3, 5):
        await storage.write(move, mine, ME, Cursor(7, ONE, seq))
    assert await cursors(storage) == {(7, 1): 5}


async def test_leaving_gives_everything_back_at_once(storage: Storage) -> None:
    """No lease is waited for; leaving twice is harmless."""
    await storage.write(readers.share_shards, KIND, ME)
    await storage.write(readers.leave_shards, KIND, ME)
    await storage.write(readers.leave_shards, KIND, ME)
    yours = await storage.write(readers.share_shards, KIND, YOU)
    assert (len(yours.held), yours.fair) == (SHARDS, SHARDS)
