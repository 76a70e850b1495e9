"""The storage port: what an action may do, and what an engine promises.

An **action** is `async def verb_noun(tx, …)`: its awaits yield `Ask`s, the engine answers them inside one
transaction. Anything else awaited is `ForbiddenAwait` on both engines: no network, no sleep, no lock inside a
transaction. An action may run more than once (deadlock, a group that failed): ids and times come in as
arguments, nothing is changed in memory.

SQL is written once, in the dialect both engines share, with these marks:

* `$1`, `$2` … are arguments. Values are str, int, bytes or None: booleans are 0 and 1, instants milliseconds.
  On PostgreSQL an int is a bigint, a str a text, bytes a bytea, wherever the argument stands; the type of a None
  is taken from its surroundings, so an argument that may be None and meets no column is cast by the SQL:
  `CAST($1 AS BIGINT)` (`$1::bigint` is not for SQLite).
* `{r}` in `tx.set` stands for the given rows as a table `r` with the given columns. `INSERT … SELECT … FROM {r}`
  with an ON CONFLICT needs a WHERE before it (`WHERE true`), or SQLite takes ON for a join's.
* `{skip_locked}` after a claiming SELECT becomes `FOR UPDATE SKIP LOCKED` on PostgreSQL, nothing on SQLite.
  With a LIMIT that SELECT is a `WITH … AS MATERIALIZED`: a plan may run a subquery once for each row, and what it
  locks each time comes on top.
* `{share}` after a SELECT that a change depends on becomes `FOR SHARE` on PostgreSQL, nothing on SQLite: the rows
  stay as they were seen until the transaction ends.
* `{now}` is the database's own clock in milliseconds: PostgreSQL's `clock_timestamp()`; on SQLite the process has
  the database to itself, and its `tx.now` is that clock. Leases are decided by `{now}` alone.

Where the engines would answer differently, the SQL says what it wants: `CAST(sum(x) AS BIGINT)` (PostgreSQL's sum
is numeric), `ORDER BY` always (and `NULLS FIRST` or `LAST` where there are any), `lower()` only on ASCII, no
`LIKE` that hopes for either case.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator, Iterable, Sequence
from enum import Enum
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeAlias, TypeVar

from merpati.core.clock import Millis
from merpati.core.ids import AccountId

T = TypeVar("T")
P = ParamSpec("P")
Value: TypeAlias = str | int | bytes | None
Row: TypeAlias = tuple[Any, ...]
Action: TypeAlias = Callable[Concatenate["Tx", P], Coroutine[Any, Any, T]]


class Engine(Enum):
    """The two engines; a feature asks only where their SQL cannot be shared (full-text search)."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


class StorageError(Exception):
    """Any failure of the database, translated once, here."""


class ForbiddenAwait(StorageError):
    """An action awaited something that is not the transaction."""


class StorageFull(StorageError):
    """The disk is full: nothing of the action is stored. It works again when there is room."""


class StorageGone(StorageError):
    """The database cannot be reached: nothing of the action is stored."""


class OutcomeUnknown(StorageError):
    """The connection broke during COMMIT: the action may be stored or not."""


class StorageSlow(StorageError):
    """A statement took longer than the engine allows: nothing of the action is stored."""


class ReadOnly(StorageError):
    """A view tried to change something, or to lock it."""


class Violation(StorageError):
    """A constraint refused the change; `constraint` names it as far as the engine says."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class UnstorableText(StorageError, ValueError):
    """Text with NUL or a lone surrogate: PostgreSQL refuses it, SQLite could never read it back."""


class Ask(Generic[T]):
    """One statement of an action, which yields itself to the engine and shapes the answer."""

    __slots__ = ("args", "cols", "rows", "shape", "sql")

    def __init__(
        self,
        sql: str,
        shape: Callable[[list[Row]], T],
        args: Sequence[Value] = (),
        cols: str = "",
        rows: Sequence[Sequence[Value]] | None = None,
    ) -> None:
        self.sql, self.shape, self.args, self.cols, self.rows = sql, shape, args, cols, rows

    def __await__(self) -> Generator["Ask[Any]", list[Row], T]:
        return self.shape((yield self))


class Script(Ask[None]):
    """Several statements without arguments, with no limit of time: migrations."""

    __slots__ = ()

    def __init__(self, sql: str) -> None:
        super().__init__(sql, _nothing)


LOCK_ACCOUNTS = "lock accounts"
"""The `sql` of the Ask that `tx.lock` yields: PostgreSQL takes the rows' locks, SQLite's one writer has them."""


class Tx:
    """What an action may do. It holds nothing of an engine, so a fake one is ten lines."""

    def __init__(self, now: Millis, engine: Engine) -> None:
        self.now, self.engine = now, engine

    def one(self, sql: str, *args: Value) -> Ask[Row | None]:
        """The first row, or None."""
        return Ask(sql, _first, args)

    def all(self, sql: str, *args: Value) -> Ask[list[Row]]:
        """Every row."""
        return Ask(sql, _every, args)

    def run(self, sql: str, *args: Value) -> Ask[None]:
        """A statement whose rows nobody wants."""
        return Ask(sql, _nothing, args)

    def set(self, sql: str, cols: str, rows: Sequence[Sequence[Value]]) -> Ask[list[Row]]:
        """One statement over many rows: `{r}` in `sql` is the table r(cols), e.g. "id bigint, body text".

        Types: bigint, text. RETURNING gives rows in no order. No rows, no statement: the answer is empty.
        """
        return Ask(sql, _every, cols=cols, rows=rows)

    def script(self, sql: str) -> Ask[None]:
        """Several statements at once, without arguments or a limit of time: for migrations alone."""
        return Script(sql)

    def lock(self, accounts: Sequence[AccountId]) -> Ask[None]:
        """Take the accounts' clocks, in order of id. Every action that records facts awaits this first."""
        return Ask(LOCK_ACCOUNTS, _nothing, args=sorted(set(accounts)))


def _first(rows: list[Row]) -> Row | None:
    return rows[0] if rows else None


def _every(rows: list[Row]) -> list[Row]:
    return rows


def _nothing(_rows: list[Row]) -> None:
    return None


def and_among(column: str, ids: Collection[int] | None) -> str:
    """` AND column IN (…)` to go on a condition with; nothing for None, which is any. Ids are numbers: they are
    written into the SQL, and a caller's ids are few and always the same ones."""
    return "" if ids is None else f" AND {column} IN ({', '.join(str(int(id_)) for id_ in sorted(ids)) or 'NULL'})"


class Storage(Protocol):
    """One database. `write` answers after the commit, never before; a caller that stops waiting stops nothing."""

    engine: Engine

    async def write(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `action` in one transaction of its own (or its own savepoint of a group) and commit.

        Raises what the action raised (nothing of it is stored), or a `StorageError`.
        """
        ...

    async def write_bulk(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `write`, behind all live work: for chunks of 200 to 1,000 rows."""
        ...

    async def read(self, view: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `view` on a read-only snapshot; it sees everything committed before the call."""
        ...

    async def close(self) -> None:
        """Finish what waits, then let go of the database."""
        ...


# -- driving an action: the same for both engines --


def next_ask(coro: Coroutine[Any, Any, T], result: list[Row] | None) -> Ask[Any]:
    """Advance an action to its next statement; `StopIteration` carries its result."""
    ask = coro.send(result)
    if not isinstance(ask, Ask):
        coro.close()
        name = getattr(coro, "__qualname__", "an action")
        raise ForbiddenAwait(
            f"{name} awaited {type(ask).__name__}: an action may await nothing but its transaction"
        )
    return ask


def drive(coro: Coroutine[Any, Any, T], execute: Callable[[Ask[Any]], list[Row]]) -> T:
    """Run an action to its end over a blocking engine. A failed statement ends it: it cannot go on."""
    result: list[Row] | None = None
    try:
        while True:
            result = execute(next_ask(coro, result))
    except StopIteration as stop:
        value: T = stop.value
        return value
    except RuntimeError as error:
        if str(error) != "no running event loop":
            raise
        raise ForbiddenAwait(
            "an action asked for the event loop: it may await nothing but its transaction"
        ) from error
    finally:
        coro.close()


async def drive_async(coro: Coroutine[Any, Any, T], execute: Callable[[Ask[Any]], Awaitable[list[Row]]]) -> T:
    """Run an action to its end over an awaiting engine; otherwise as `drive`."""
    result: list[Row] | None = None
    try:
        while True:
            result = await execute(next_ask(coro, result))
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        coro.close()


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LEAST, _MOST = -(2**63), 2**63 - 1


def check_storable(values: Iterable[Value]) -> None:
    """Refuse alike on both engines what either cannot keep.

    Raises `UnstorableText` for NUL and lone surrogates, OverflowError for an int beyond 64 bits, TypeError for
    anything that is no `Value`.
    """
    for value in values:
        if isinstance(value, str):
            if "\0" in value or (not value.isascii() and _UNSTORABLE.search(value)):
                raise UnstorableText("text with NUL or a lone surrogate")
        elif isinstance(value, int):
            if not _LEAST <= value <= _MOST:
                raise OverflowError("an int beyond 64 bits")
        elif value is not None and not isinstance(value, bytes):
            raise TypeError(f"{type(value).__name__} is no value of the database")


def check_ask(ask: Ask[Any]) -> None:
    """`check_storable` for everything that a statement carries."""
    check_storable(ask.args)
    for row in ask.rows or ():
        check_storable(row)
