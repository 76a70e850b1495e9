"""The actions and views that the storage suite runs, and those that fail in every way an action can."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from merpati.core.ids import AccountId
from merpati.storage.migrate import Migration, known_migrations
from merpati.storage.port import Engine, ForbiddenAwait, StorageError, Tx, UnstorableText, Violation

THINGS = """
CREATE TABLE thing (
  id BIGINT PRIMARY KEY,
  body TEXT NOT NULL CONSTRAINT no_poison CHECK (body <> 'poison'),
  n BIGINT
);
CREATE TABLE part (
  id BIGINT PRIMARY KEY,
  thing_id BIGINT NOT NULL CONSTRAINT part_of_thing REFERENCES thing (id) DEFERRABLE INITIALLY DEFERRED
);
"""
ACCOUNT = AccountId(7)


def steps_with_things(engine: Engine) -> list[Migration]:
    """merpati's own schema, and the tables of these tests."""
    steps = known_migrations(engine)
    return [*steps, Migration(len(steps) + 1, "things", THINGS)]


# -- actions of these tests --


async def add_thing(tx: Tx, thing: int, body: str = "", n: int | None = None) -> int:
    await tx.run("INSERT INTO thing (id, body, n) VALUES ($1, $2, $3)", thing, body, n)
    return thing


async def add_things(tx: Tx, things: list[tuple[int, str]]) -> list[int]:
    await tx.lock([ACCOUNT])
    await tx.set("INSERT INTO thing (id, body) SELECT id, body FROM {r}", "id bigint, body text", things)
    return [thing for thing, _ in things]


async def things(tx: Tx) -> list[int]:
    return [row[0] for row in await tx.all("SELECT id FROM thing ORDER BY id")]


async def open_account(tx: Tx) -> None:
    await tx.run("INSERT INTO account_clock (account_id, seq) VALUES ($1, 0)", ACCOUNT)


async def count_up(tx: Tx) -> int:
    await tx.lock([ACCOUNT])
    row = await tx.one("UPDATE account_clock SET seq = seq + 1 WHERE account_id = $1 RETURNING seq", ACCOUNT)
    assert row is not None
    return int(row[0])


async def count_to(tx: Tx, n: int) -> None:
    """Work in one statement: 200,000 are some dozens of milliseconds."""
    await tx.one(
        "WITH RECURSIVE g (v) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT v + 1 FROM g WHERE v < $1) "
        "SELECT max(v) FROM g",
        n,
    )


async def be_slow(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await count_to(tx, 10**9)


async def work_a_while(tx: Tx, thing: int) -> int:
    await count_to(tx, 200_000)
    return await add_thing(tx, thing)


# -- actions that fail, after they changed something --


async def raises(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    raise LookupError("of its own")


async def cancels(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    raise asyncio.CancelledError


async def violates_a_check(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await add_thing(tx, thing + 1, "poison")


async def violates_a_key(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await add_thing(tx, thing)


async def violates_at_commit(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await tx.run("INSERT INTO part (id, thing_id) VALUES ($1, $2)", thing, thing + 1)


async def swallows_an_error(tx: Tx, thing: int) -> str:
    await add_thing(tx, thing)
    try:
        await add_thing(tx, thing)
    except Violation:
        return "went on"
    return "no error"


async def sleeps(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await asyncio.sleep(0.01)


async def yields_to_the_loop(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await asyncio.sleep(0)


async def awaits_a_future(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await asyncio.get_running_loop().create_future()


async def writes_nul(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await add_thing(tx, thing + 1, "a\0b")


async def writes_a_lone_surrogate(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await add_thing(tx, thing + 1, "\ud83d")


async def writes_nul_in_rows(tx: Tx, thing: int) -> None:
    await add_things(tx, [(thing, "fine"), (thing + 1, "a\0b")])


async def writes_a_number_too_large(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing, n=2**63)


async def writes_broken_sql(tx: Tx, thing: int) -> None:
    await add_thing(tx, thing)
    await tx.run("INSERT INTO nowhere (id) VALUES ($1)", thing)


FAILING: tuple[tuple[Callable[[Tx, int], Coroutine[Any, Any, Any]], type[BaseException]], ...] = (
    (raises, LookupError),
    (cancels, asyncio.CancelledError),
    (violates_a_check, Violation),
    (violates_a_key, Violation),
    (violates_at_commit, Violation),
    (swallows_an_error, Violation),
    (sleeps, ForbiddenAwait),
    (yields_to_the_loop, ForbiddenAwait),
    (awaits_a_future, ForbiddenAwait),
    (writes_nul, UnstorableText),
    (writes_nul_in_rows, UnstorableText),
    (writes_a_lone_surrogate, UnstorableText),
    (writes_a_number_too_large, OverflowError),
    (writes_broken_sql, StorageError),
)


# -- views that lock --


async def lock_accounts(tx: Tx) -> None:
    await tx.lock([ACCOUNT])


async def claim(tx: Tx) -> None:
    await tx.all("SELECT id FROM thing ORDER BY id LIMIT 1 {skip_locked}")


async def fence(tx: Tx) -> None:
    await tx.one("SELECT 1 WHERE EXISTS (SELECT 1 FROM thing WHERE id = $1 {share})", 1)
