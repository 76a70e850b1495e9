"""Readers of the log: each has a durable cursor, and the lease of its account's shard to move it.

A reader is born at the head. It reads after its cursor, does its work, and moves the cursor, lazily if it likes:
after a crash it sees again what it had done since. Readers are leased by (kind, account % 64), one process each.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from merpati.core.ids import AccountId, Epoch, Incarnation
from merpati.log import store_readers as store
from merpati.log.model import SHARDS, Cursor, FactSearch, RawEntry, shard_of
from merpati.storage.port import Tx

LAZY_S = 0.2
LAZY_FACTS = 100
"""A cursor may lag behind what was done by this much."""


class LeaseLost(Exception):
    """Another process reads these shards now: what this one wanted to store of them is not stored."""

    def __init__(self, shards: Iterable[int]) -> None:
        super().__init__(f"shards {sorted(shards)}")
        self.shards = frozenset(shards)


class Shares(msgspec.Struct, frozen=True):
    """The shards that this process holds, with their epochs, and how many would be fair."""

    held: dict[int, Epoch]
    fair: int


# -- cursors --


async def open_cursors(tx: Tx, kind: str, readers: Sequence[tuple[int, AccountId]]) -> None:
    """Readers (id, account) are born at their log's head. May run twice: one that is there stays where it is."""
    await store.insert_cursors(tx, kind, readers)


async def close_cursors(tx: Tx, kind: str, readers: Sequence[tuple[int, AccountId]]) -> None:
    """Forget these readers. May run twice."""
    await store.delete_cursors(tx, kind, readers)


async def move_cursors(tx: Tx, kind: str, cursors: Sequence[Cursor]) -> None:
    """Move cursors on, never back. The caller awaited `hold_shards` before, but for kinds without leases."""
    await store.move_cursors(tx, kind, cursors)


async def list_cursors(tx: Tx, kind: str, shards: Sequence[int]) -> list[Cursor]:
    """Every cursor of these shards."""
    return await store.cursors_in(tx, kind, shards)


# -- facts --


async def list_news(tx: Tx, positions: Mapping[AccountId, int]) -> list[tuple[AccountId, int]]:
    """Those of these accounts whose log goes beyond the position, with the log's head: one query for all."""
    return await store.heads_beyond(tx, list(positions.items()))


async def read_after(tx: Tx, positions: Mapping[AccountId, int], span: int) -> list[RawEntry]:
    """The facts of each account numbered position + 1 to position + span, by account, in order.

    A number without a fact was forgotten: there are no other gaps.
    """
    return await store.raw_after_each(tx, list(positions.items()), span)


async def search_facts(tx: Tx, search: FactSearch, limit: int) -> list[RawEntry]:
    """Up to `limit` of these facts, in order."""
    return await store.raw_found(tx, search, limit)


async def read_facts(tx: Tx, account: AccountId, seqs: Sequence[int]) -> dict[int, RawEntry]:
    """Those of these facts that the log still has, by number."""
    return {entry.seq: entry for entry in await store.raw_by_seqs(tx, account, seqs)}


async def count_facts(tx: Tx, search: FactSearch, most: int) -> int:
    """How many facts there are of these; counted up to `most`."""
    return await store.count_found(tx, search, most)


async def find_first_kept(tx: Tx, account: AccountId) -> int | None:
    """The number of the oldest fact that is still there; None when there is none."""
    return await store.first_kept(tx, account)


async def find_head(tx: Tx, account: AccountId) -> int:
    """The number of the newest fact; 0 when there never was one."""
    return next((seq for _, seq in await store.heads_beyond(tx, [(account, -1)])), 0)


async def find_seq_at(tx: Tx, account: AccountId, at: int) -> int:
    """The number of the first fact that the log has of this instant or later; the next one's when there is none.

    Halves the log: facts are numbered in order of time, as far as clocks go.
    """
    head = await find_head(tx, account)
    low, high = await find_first_kept(tx, account) or head + 1, head + 1
    while low < high:
        middle = (low + high) // 2
        found = await store.raw_by_seqs(tx, account, [middle])
        if found and found[0].at >= at:
            high = middle
        else:
            low = middle + 1
    return low


# -- shards --


async def share_shards(tx: Tx, kind: str, inc: Incarnation) -> Shares:
    """Take part in reading this kind: claim shards that nobody alive holds, up to a fair share. May run twice."""
    await store.open_shards(tx, kind)
    await store.join(tx, kind, inc)
    await store.forget_dead(tx, kind)
    fair = -(-SHARDS // max(1, await store.count_joined(tx, kind)))
    held = await store.shards_of(tx, kind, inc)
    if len(held) < fair:
        held |= await store.claim_shards(tx, kind, inc, fair - len(held))
    return Shares(held, fair)


async def release_shards(tx: Tx, kind: str, inc: Incarnation, shards: Sequence[int]) -> None:
    """Give shards back: another process may claim them at once. May run twice."""
    await store.release_shards(tx, kind, inc, shards)


async def leave_shards(tx: Tx, kind: str, inc: Incarnation) -> None:
    """Give everything back and take no part any more. May run twice."""
    held = await store.shards_of(tx, kind, inc)
    await store.release_shards(tx, kind, inc, list(held))
    await store.leave(tx, kind, inc)


async def hold_shards(
    tx: Tx, kind: str, inc: Incarnation, held: Mapping[int, Epoch], accounts: Iterable[AccountId]
) -> None:
    """The fence: these accounts' shards stay ours until this transaction ends; raises `LeaseLost` otherwise."""
    wanted = {shard_of(account) for account in accounts}
    epochs = [(shard, held[shard]) for shard in wanted if shard in held]
    lost = wanted - await store.hold_shards(tx, kind, inc, epochs)
    if lost:
        raise LeaseLost(lost)
