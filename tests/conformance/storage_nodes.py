"""What nodes and ids must do on every storage engine. A part of the storage suite."""

import asyncio
from itertools import chain, pairwise
from typing import Any

import pytest

from merpati.core.ids import Incarnation
from merpati.storage.ids import Ids
from merpati.storage.migrate import migrate
from merpati.storage.nodes import (
    dead_owner,
    join_node,
    leave_node,
    living_nodes,
    new_incarnation,
    reap_nodes,
    renew_node,
)
from merpati.storage.port import Storage, Tx
from tests.conformance.storage import Opener

LONG_MS, OVER_MS = 60_000, -1
A, B, C = (Incarnation(name * 32) for name in "abc")


async def is_dead(tx: Tx, inc: Incarnation | None) -> bool:
    sql = "SELECT 1 FROM (SELECT CAST($1 AS TEXT) AS owner_inc) AS claim WHERE " + dead_owner("claim.owner_inc")
    return await tx.one(sql, inc) is not None


async def living(tx: Tx) -> list[Incarnation]:
    return [inc for inc, _ in await living_nodes(tx)]


class NodesConformance:
    """Leases. Give it a fixture `opener`."""

    @pytest.fixture
    async def storage(self, opener: Opener) -> Storage:
        storage = await opener()
        await migrate(storage)
        return storage

    async def test_a_node_lives_from_joining_to_leaving(self, storage: Storage) -> None:
        """Joining twice is once; what it owns is free when it left."""
        for _ in range(2):
            await storage.write(join_node, A, "one", LONG_MS, exclusive=False)
        assert await storage.read(living_nodes) == [(A, "one")]
        assert await storage.write(renew_node, A, LONG_MS)
        assert not await storage.read(is_dead, A)
        await storage.write(leave_node, A)
        assert await storage.read(living_nodes) == []
        assert await storage.read(is_dead, A)

    async def test_nobody_and_strangers_are_dead_owners(self, storage: Storage) -> None:
        """Null, and an incarnation that never joined."""
        assert await storage.read(is_dead, None)
        assert await storage.read(is_dead, new_incarnation())

    async def test_a_lease_that_ran_out_is_lost_for_ever(self, storage: Storage) -> None:
        """It cannot be renewed, before and after it is reaped; others live on."""
        await storage.write(join_node, A, "late", OVER_MS, exclusive=False)
        await storage.write(join_node, B, "well", LONG_MS, exclusive=False)
        assert not await storage.write(renew_node, A, LONG_MS)
        assert await storage.write(reap_nodes) == [A]
        assert await storage.write(reap_nodes) == []
        assert not await storage.write(renew_node, A, LONG_MS)
        await storage.write(join_node, A, "again", LONG_MS, exclusive=False)
        assert await storage.read(living) == [B]

    async def test_an_exclusive_node_is_the_only_one(self, storage: Storage) -> None:
        """Embedded mode: whoever lived before is dead at once."""
        await storage.write(join_node, A, "old", LONG_MS, exclusive=False)
        await storage.write(join_node, B, "old", LONG_MS, exclusive=False)
        for _ in range(2):
            await storage.write(join_node, C, "new", LONG_MS, exclusive=True)
        assert await storage.read(living) == [C]
        assert not await storage.write(renew_node, A, LONG_MS)

    async def test_only_one_of_reaping_and_renewing_wins(self, storage: Storage) -> None:
        """Many at once on one row: a node that was reaped was not renewed after it."""
        await storage.write(join_node, A, "one", LONG_MS, exclusive=False)
        calls: list[Any] = [storage.write(renew_node, A, OVER_MS) for _ in range(20)]
        calls += [storage.write(reap_nodes) for _ in range(20)]
        answers = await asyncio.gather(*calls)
        assert answers[:20].count(True) == 1
        assert list(chain.from_iterable(answers[20:])) + await storage.write(reap_nodes) == [A]


class IdsConformance:
    """Ids. Give it a fixture `opener`."""

    @pytest.fixture
    async def storage(self, opener: Opener) -> Storage:
        storage = await opener()
        await migrate(storage)
        return storage

    async def test_the_first_id_is_1(self, storage: Storage) -> None:
        """Each kind counts for itself."""
        ids = Ids(storage)
        assert [await ids.take("message"), await ids.take("message"), await ids.take("job")] == [
            range(1, 2), range(2, 3), range(1, 2),
        ]  # fmt: skip

    async def test_ids_of_one_process_are_unique_and_only_grow(self, storage: Storage) -> None:
        """Takes of all sizes, at once and one after another, over the ends of blocks."""
        ids = Ids(storage, block=10)
        seen = []
        for n in (1, 3, 10, 9, 25, 1, 1, 10, 100, 2):
            seen.append(await ids.take("message", n))
            assert len(seen[-1]) == n
        assert all(earlier[-1] < later[0] for earlier, later in pairwise(seen))
        together = await asyncio.gather(*(ids.take("message", 1 + n % 13) for n in range(200)))
        every = list(chain.from_iterable([*seen, *together]))
        assert len(every) == len(set(every))

    async def test_ids_never_repeat_over_restarts_and_two_processes(self, storage: Storage, opener: Opener) -> None:
        """Two on one database, then a third after they are gone: no number twice."""
        first, second = Ids(storage, block=7), Ids(await opener(), block=7)
        taken = await asyncio.gather(*(ids.take("message", 2) for _ in range(100) for ids in (first, second)))
        await storage.close()
        third = Ids(await opener(), block=7)
        taken += [await third.take("message") for _ in range(20)]
        every = list(chain.from_iterable(taken))
        assert len(every) == len(set(every))

    @pytest.mark.parametrize("n", [0, -1])
    async def test_no_ids_is_no_request(self, storage: Storage, n: int) -> None:
        """Fewer than one is a fault of the caller."""
        with pytest.raises(ValueError, match="ids"):
            await Ids(storage).take("message", n)
