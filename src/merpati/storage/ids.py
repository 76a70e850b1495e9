"""Ids: 63-bit numbers from 1, reserved in the database in blocks and given out from memory."""

import asyncio

from merpati.storage.port import Storage, StorageError, Tx

BLOCK = 1_000


class Ids:
    """`await ids.take("message")` answers a range of new ids, unique over all processes and restarts.

    The ids of one kind that one process takes only grow. A restart leaves a gap.
    """

    def __init__(self, storage: Storage, block: int = BLOCK) -> None:
        self._storage, self._block = storage, block
        self._kinds: dict[str, _Kind] = {}

    async def take(self, kind: str, n: int = 1) -> range:
        """`n` consecutive ids; raises a `StorageError` when a new block is needed and cannot be had."""
        if n < 1:
            raise ValueError(f"{n} ids")
        mine = self._kinds.get(kind)
        if mine is None:
            mine = self._kinds[kind] = _Kind(self._storage, kind, self._block)
        return mine.cut(n) or await mine.fetch(n)


class _Kind:
    """The reserved ranges of one kind: the one in use, and the next one, fetched before it is needed."""

    def __init__(self, storage: Storage, kind: str, block: int) -> None:
        self._storage, self._kind, self._block = storage, kind, block
        self._ranges: list[range] = []
        self._one_at_a_time = asyncio.Lock()
        self._ahead: asyncio.Task[None] | None = None

    def cut(self, n: int) -> range | None:
        """The next `n` ids, if they are here."""
        if n > self._block:
            return None
        for skipped, ids in enumerate(self._ranges):
            if len(ids) >= n:
                self._ranges[: skipped + 1] = [ids[n:]]
                self._look_ahead()
                return ids[:n]
        return None

    async def fetch(self, n: int) -> range:
        """Like `cut`, with a new block; more than a block has a range of its own, and what is left is dropped."""
        async with self._one_at_a_time:
            if n > self._block:
                own = await self._reserve(n)
                self._ranges.clear()
                return own
            while (ids := self.cut(n)) is None:
                self._ranges.append(await self._reserve(self._block))
            return ids

    def _look_ahead(self) -> None:
        if self._ahead is None and sum(map(len, self._ranges)) < self._block // 2:
            self._ahead = asyncio.create_task(self._refill())

    async def _refill(self) -> None:
        try:
            async with self._one_at_a_time:
                self._ranges.append(await self._reserve(self._block))
        except StorageError:
            return  # whoever needs the block will ask for it, and hear why not
        finally:
            self._ahead = None

    async def _reserve(self, n: int) -> range:
        first = await self._storage.write(reserve_ids, self._kind, n)
        return range(first, first + n)


async def reserve_ids(tx: Tx, kind: str, n: int) -> int:
    """Reserve `n` consecutive ids and answer the first. Run twice, it leaves a gap."""
    row = await tx.one(
        "INSERT INTO id_range (kind, next) VALUES ($1, 1 + $2) "
        "ON CONFLICT (kind) DO UPDATE SET next = id_range.next + $2 RETURNING next - $2",
        kind,
        n,
    )
    assert row is not None
    return int(row[0])


async def first_unreserved(tx: Tx, kind: str) -> int:
    """Every id of this kind below it was reserved in this database, and none from it on. A view."""
    row = await tx.one("SELECT next FROM id_range WHERE kind = $1", kind)
    return int(row[0]) if row else 1
