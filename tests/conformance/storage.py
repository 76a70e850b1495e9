"""What every storage engine must do: one suite, run on SQLite and on PostgreSQL.

An engine's test module makes a class of `StorageConformance` and gives it the fixture `opener`, which opens one
and the same database as often as it is asked. Here stand the rules that both share; how an engine loses its disk
or its server is told in the engine's own module.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from merpati.storage.migrate import migrate
from merpati.storage.port import (
    Action,
    ReadOnly,
    Storage,
    StorageGone,
    StorageSlow,
    Tx,
    Violation,
)
from tests.conformance.storage_actions import (
    FAILING,
    add_thing,
    add_things,
    be_slow,
    claim,
    count_to,
    count_up,
    fence,
    lock_accounts,
    open_account,
    steps_with_things,
    things,
    work_a_while,
)

Opener: TypeAlias = Callable[..., Awaitable[Storage]]

# Each example begins by emptying the table; the suite's two classes are two executors of one test.
SUPPRESSED = (HealthCheck.function_scoped_fixture, HealthCheck.differing_executors)


class StorageConformance:
    """The suite. Give it a fixture `opener`."""

    @pytest.fixture
    async def storage(self, opener: Opener) -> Storage:
        storage = await opener()
        await migrate(storage, steps_with_things(storage.engine))
        await storage.write(open_account)
        return storage

    # -- one failing action and its neighbours --

    @pytest.mark.parametrize(("bad", "error"), FAILING, ids=[bad.__name__ for bad, _ in FAILING])
    async def test_one_that_fails_takes_nothing_from_its_neighbours(
        self, storage: Storage, bad: Action[[int], Any], error: type[BaseException]
    ) -> None:
        """Ten that wait at the same moment are stored; of the failing one nothing is, and it hears why."""
        before = [storage.write(add_thing, n) for n in range(5)]
        after = [storage.write(add_thing, n) for n in range(5, 10)]
        *others, outcome = await asyncio.gather(*before, *after, storage.write(bad, 100), return_exceptions=True)
        assert isinstance(outcome, error)
        assert others == list(range(10))
        assert await storage.read(things) == list(range(10))

    async def test_a_violation_names_its_constraint(self, storage: Storage) -> None:
        """As far as the engine tells; both tell a CHECK's name."""
        with pytest.raises(Violation) as refused:
            await storage.write(add_thing, 1, "poison")
        assert refused.value.constraint == "no_poison"

    async def test_a_caller_that_stops_waiting_stops_nothing(self, storage: Storage) -> None:
        """Half of twenty callers are cancelled while they wait: all twenty are stored, ten are answered."""
        calls = [asyncio.create_task(storage.write(add_thing, n)) for n in range(20)]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [answer for answer in answers if isinstance(answer, int)] == list(range(1, 20, 2))
        await storage.close()

    async def test_closing_finishes_what_waits_and_refuses_what_comes_later(
        self, storage: Storage, opener: Opener
    ) -> None:
        """Whatever was asked for before `close` is stored; afterwards `StorageGone`. Closing twice is harmless."""
        calls = [asyncio.create_task(storage.write(add_thing, n)) for n in range(20)]
        await asyncio.sleep(0)
        await storage.close()
        await storage.close()
        assert await asyncio.gather(*calls) == list(range(20))
        for refused in (storage.write(add_thing, 99), storage.write_bulk(add_thing, 99), storage.read(things)):
            with pytest.raises(StorageGone):
                await refused
        assert await (await opener()).read(things) == list(range(20))

    # -- time --

    async def test_a_slow_action_fails_alone(self, storage: Storage, opener: Opener) -> None:
        """A statement beyond its time is `StorageSlow`: nothing of it is stored, its neighbours are."""
        impatient = await opener(statement_s=0.3)
        *others, outcome = await asyncio.gather(
            *(impatient.write(add_thing, n) for n in range(10)),
            impatient.write(be_slow, 100),
            return_exceptions=True,
        )
        assert isinstance(outcome, StorageSlow)
        assert others == list(range(10))
        assert await storage.read(things) == list(range(10))

    async def test_a_slow_reader_holds_up_no_writer(self, storage: Storage, opener: Opener) -> None:
        """A write is stored and seen by other readers while a view still runs; the view ends as `StorageSlow`."""
        impatient = await opener(statement_s=1.0)
        slow = asyncio.create_task(impatient.read(count_to, 10**9))
        await asyncio.sleep(0)
        assert await impatient.write(add_thing, 1) == 1
        assert await impatient.read(things) == [1]
        assert not slow.done()
        with pytest.raises(StorageSlow):
            await slow
        assert await storage.read(things) == [1]

    async def test_live_work_goes_before_bulk(self, storage: Storage) -> None:
        """A live write does not wait for the bulk that was there before it."""
        bulk = [asyncio.create_task(storage.write_bulk(work_a_while, n)) for n in range(10)]
        await asyncio.sleep(0)
        await storage.write(add_thing, 100)
        assert sum(call.done() for call in bulk) <= 5
        assert await asyncio.gather(*bulk) == list(range(10))

    async def test_bulk_is_not_starved_by_live_work(self, storage: Storage) -> None:
        """Under live work without a pause, bulk still has its turn."""
        bulk = asyncio.create_task(storage.write_bulk(add_thing, 0))
        done = False

        async def press(first: int) -> int:
            count = 0
            while not done and count < 100_000:
                count += 1
                await storage.write(add_thing, first + count)
            return count

        pressing = [asyncio.create_task(press(1_000_000 * caller)) for caller in range(1, 9)]
        async with asyncio.timeout(10):
            assert await bulk == 0
        done = True
        assert all(await asyncio.gather(*pressing))

    # -- reading --

    async def test_a_read_sees_everything_committed_before_it(self, storage: Storage) -> None:
        """Each write that was answered is in the next read, also with many at once."""

        async def write_then_read(thing: int) -> bool:
            await storage.write(add_thing, thing)
            return thing in await storage.read(things)

        assert all(await asyncio.gather(*map(write_then_read, range(100))))

    async def test_a_view_is_one_snapshot(self, storage: Storage, opener: Opener) -> None:
        """Two looks of one view see the same, though a write was committed in between."""
        other = await opener()
        loop = asyncio.get_running_loop()

        async def look_twice(tx: Tx) -> tuple[list[int], list[int]]:
            first = await things(tx)
            await count_to(tx, 400_000)
            return first, await things(tx)

        looking = loop.create_task(storage.read(look_twice))
        for thing in range(20):
            await other.write(add_thing, thing)
        first, second = await looking
        assert first == second

    @pytest.mark.parametrize(
        "view",
        [
            lambda tx: add_thing(tx, 1),
            lock_accounts,
            claim,
            fence,
        ],
        ids=["insert", "lock", "skip_locked", "share"],
    )
    async def test_a_view_can_neither_change_nor_lock(self, storage: Storage, view: Action[[], Any]) -> None:
        """`ReadOnly`, and nothing is changed; the reader goes on working."""
        with pytest.raises(ReadOnly):
            await storage.read(view)
        assert await storage.read(things) == []

    # -- the shared dialect --

    async def test_numbers_are_64_bits_wherever_an_argument_stands(self, storage: Storage) -> None:
        """PostgreSQL would take `$1 + 1` for 32 bits; the port says what it is."""

        async def compute(tx: Tx, n: int) -> Any:  # noqa: ANN401
            return await tx.one(
                "SELECT $1 + 1, COALESCE($1, 0), CASE WHEN $1 > 0 THEN $1 ELSE 0 END, CAST($2 AS BIGINT), $3",
                n, None, "text",
            )  # fmt: skip

        assert await storage.read(compute, 2**40) == (2**40 + 1, 2**40, 2**40, None, "text")

    async def test_rows_of_no_length_ask_nothing(self, storage: Storage) -> None:
        """`tx.set` over no rows is no statement."""
        assert await storage.write(add_things, []) == []

    async def test_the_database_has_a_clock(self, storage: Storage) -> None:
        """`{now}` is in milliseconds, near this machine's, beside arguments and rows."""

        async def clock(tx: Tx) -> tuple[Any, ...]:
            alone = await tx.one("SELECT {now} - $1", tx.now)
            rows = await tx.set("SELECT r.id, {now} - r.id FROM {r}", "id bigint", [(tx.now,)])
            return alone, rows[0]

        alone, (_, beside) = await storage.read(clock)
        assert abs(alone[0]) < 10_000
        assert abs(beside) < 10_000

    async def test_a_sequence_has_no_gap(self, storage: Storage) -> None:
        """A hundred at once, failing ones among them: the account's numbers are 1, 2, 3 … without a gap."""

        async def count_and_fail(tx: Tx) -> int:
            await count_up(tx)
            raise LookupError

        calls = [storage.write(count_and_fail if n % 7 == 0 else count_up) for n in range(100)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        numbers = sorted(answer for answer in answers if isinstance(answer, int))
        assert numbers == list(range(1, len(numbers) + 1))

    @settings(max_examples=40, suppress_health_check=SUPPRESSED)
    @given(
        bodies=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=6),
        numbers=st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), min_size=6, max_size=6),
    )
    async def test_what_goes_in_comes_out(
        self, storage: Storage, bodies: list[str], numbers: list[int | None]
    ) -> None:
        """Any text and any number, as arguments and as rows, in this order."""

        async def replace(tx: Tx) -> None:
            await tx.run("DELETE FROM thing")
            for n, body in enumerate(bodies):
                await add_thing(tx, n, body, numbers[n])
            rows = [(100 + n, body, numbers[n]) for n, body in enumerate(bodies)]
            await tx.set(
                "INSERT INTO thing (id, body, n) SELECT id, body, n FROM {r}",
                "id bigint, body text, n bigint",
                rows,
            )

        async def look(tx: Tx) -> list[tuple[Any, ...]]:
            return await tx.all("SELECT body, n FROM thing ORDER BY id")

        await storage.write(replace)
        assert await storage.read(look) == 2 * list(zip(bodies, numbers, strict=False))

    async def test_text_that_looks_like_an_escape_is_kept(self, storage: Storage) -> None:
        """A backslash and `u0000` in the text are six characters, no NUL."""
        await storage.write(add_things, [(1, "\\u0000")])

        async def body(tx: Tx) -> Any:  # noqa: ANN401
            return await tx.one("SELECT body FROM thing")

        assert await storage.read(body) == ("\\u0000",)
