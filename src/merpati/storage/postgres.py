"""PostgreSQL as the database of many processes: a pool of connections, a transaction for each action.

Grouping is the lane's work (`lane`). Live work, bulk and reads have connections of their own, so that neither a
campaign nor a slow page takes them from live work. Whoever holds others up while it stands still loses its
transactions: by the server (`idle_in_transaction_s`), and by those who wait (`postgres_paused`).
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, ParamSpec, TypeAlias, TypeVar

import asyncpg

from merpati.core.clock import Clock
from merpati.storage.port import (
    LOCK_ACCOUNTS,
    Action,
    Ask,
    Engine,
    Row,
    Script,
    StorageError,
    StorageGone,
    Tx,
    check_ask,
    drive_async,
)
from merpati.storage.postgres_errors import RACED, RETRIED, TROUBLE, translate
from merpati.storage.postgres_paused import PausedOthers, session_name
from merpati.storage.sql import postgres_set_sql, postgres_sql

T = TypeVar("T")
P = ParamSpec("P")
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Call: TypeAlias = Callable[[Tx], Coroutine[Any, Any, T]]

LIVE, BULK, READS = 6, 2, 4
"""Connections of each sort, at most; one more looks for paused processes."""
STATEMENT_S = 10.0
IDLE_IN_TRANSACTION_S = 1.0
PATIENCE = 0.75
"""The part of it after which those who wait for a paused process end its transactions."""
CONNECT_S = 5.0
MOST_TRIES = 6
_BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SCRIPT_S = 24 * 3600.0
_LOCK = (
    "SELECT account_id FROM account_clock WHERE account_id = ANY($1::bigint[]) "
    "ORDER BY account_id FOR NO KEY UPDATE"
)


class PostgresStorage:
    """`Storage` on one PostgreSQL database, shared with other processes. It belongs to one event loop."""

    engine = Engine.POSTGRES

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        clock: Clock,
        paused: PausedOthers,
        live: int,
        bulk: int,
        reads: int,
    ) -> None:
        self._pool, self._clock, self._paused = pool, clock, paused
        self._live, self._bulk, self._reads = map(asyncio.Semaphore, (live, bulk, reads))
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    @classmethod
    async def open(
        cls,
        dsn: str,
        clock: Clock,
        *,
        live: int = LIVE,
        bulk: int = BULK,
        reads: int = READS,
        statement_s: float = STATEMENT_S,
        idle_in_transaction_s: float = IDLE_IN_TRANSACTION_S,
    ) -> "PostgresStorage":
        """Connect to `dsn`; raises `StorageGone` when nobody answers there within some seconds.

        `statement_s` bounds every statement but a migration's (`StorageSlow`). `idle_in_transaction_s`: the
        server ends a transaction whose process was paused for so long, so that its locks hold up nobody else.
        """
        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=live + bulk + reads + 1,
                max_queries=10**9,
                max_cached_statement_lifetime=0,  # to prepare anew is a round trip more, with locks held
                timeout=CONNECT_S,
                command_timeout=statement_s + CONNECT_S,
                statement_cache_size=500,
                reset=_leave_as_it_is,
                server_settings=_settings(statement_s, idle_in_transaction_s),
            )
        except TROUBLE as error:
            raise StorageGone(str(error) or type(error).__name__) from error
        return cls(pool, clock, PausedOthers(pool, PATIENCE * idle_in_transaction_s), live, bulk, reads)

    async def write(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._put(self._live, lambda tx: action(tx, *args, **kwargs))

    async def write_bulk(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._put(self._bulk, lambda tx: action(tx, *args, **kwargs))

    async def read(self, view: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._put(self._reads, lambda tx: view(tx, *args, **kwargs), _BEGIN_READ)

    async def _put(self, turn: asyncio.Semaphore, call: Call[T], begin: str = "BEGIN") -> T:
        """Run it in a task of its own: once asked for it ends, whoever stops waiting."""
        if self._closed:
            raise StorageGone("the database is closed")
        task = asyncio.create_task(self._run(turn, call, begin))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _run(self, turn: asyncio.Semaphore, call: Call[T], begin: str) -> T:
        async with turn:
            if begin == _BEGIN_READ:
                return await self._until_done(call, begin)
            with self._paused.waiting():
                return await self._until_done(call, begin)

    async def _until_done(self, call: Call[T], begin: str) -> T:
        for tries in range(1, MOST_TRIES):
            try:
                return await self._transact(begin, call)
            except StorageError as error:
                again = (*RETRIED, *RACED) if tries == 1 else RETRIED
                if not isinstance(error.__cause__, again):
                    raise
            await asyncio.sleep(random.uniform(0, 0.02) * tries)
        return await self._transact(begin, call)

    async def _transact(self, begin: str, call: Call[T]) -> T:
        """One transaction on one connection; raises what the action raised, or a `StorageError`."""
        db = await self._begin(begin)
        try:
            tx = Tx(self._clock.now(), self.engine)
            result = await drive_async(call(tx), lambda ask: _answer(db, ask))
        except BaseException as error:
            await self._end(db, cut=isinstance(error, StorageGone))
            raise
        try:
            await db.execute("COMMIT")
        except TROUBLE as error:
            await self._end(db, cut=True)
            if begin != _BEGIN_READ:
                raise translate(error, committing=True) from error
            return result  # all of one snapshot was read: there was nothing left to lose
        await self._give_back(db)
        return result

    async def _begin(self, begin: str) -> Connection:
        """A connection with an open transaction. One that died while it lay idle is replaced, once."""
        try:
            db = await self._pool.acquire()
            try:
                await db.execute(begin)
            except TROUBLE:
                await self._end(db, cut=True)
                await self._pool.expire_connections()
                db = await self._begin_anew(begin)
        except TROUBLE as error:
            raise StorageGone(str(error) or type(error).__name__) from error
        return db

    async def _begin_anew(self, begin: str) -> Connection:
        db = await self._pool.acquire()
        try:
            await db.execute(begin)
        except TROUBLE:
            await self._end(db, cut=True)  # or it would be nobody's, and the pool one short
            raise
        return db

    async def _end(self, db: Connection, *, cut: bool) -> None:
        """Undo what is open and give the connection back; `cut`: it is of no use any more."""
        try:
            if cut:
                db.terminate()
            else:
                await db.execute("ROLLBACK")
        except TROUBLE:
            with suppress(asyncpg.InterfaceError):
                db.terminate()
        await self._give_back(db)

    async def _give_back(self, db: Connection) -> None:
        with suppress(*TROUBLE):  # the pool drops a connection that it cannot take back
            await self._pool.release(db)

    async def close(self) -> None:
        """Finish what runs, then disconnect. May run twice."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
        await self._paused.close()
        try:
            await asyncio.wait_for(self._pool.close(), CONNECT_S)
        except (TimeoutError, *TROUBLE):
            self._pool.terminate()


async def _answer(db: Connection, ask: Ask[Any]) -> list[Row]:
    """Do one statement of an action; raises a `StorageError` and what `check_ask` raises."""
    if ask.rows is not None and not ask.rows:
        return []
    check_ask(ask)
    try:
        return list(map(tuple, await _fetch(db, ask)))
    except TROUBLE as error:
        raise translate(error, lost=_is_lost(db)) from error


async def _fetch(db: Connection, ask: Ask[Any]) -> list[asyncpg.Record]:
    if isinstance(ask, Script):
        await db.execute(f"SET LOCAL statement_timeout = 0; {ask.sql}", timeout=_SCRIPT_S)
        return []
    if ask.sql == LOCK_ACCOUNTS:
        return await db.fetch(_LOCK, ask.args)
    if ask.rows is None:
        return await db.fetch(postgres_sql(ask.sql, ask.args), *ask.args)
    return await db.fetch(postgres_set_sql(ask.sql, ask.cols), *map(list, zip(*ask.rows, strict=True)))


def _is_lost(db: Connection) -> bool:
    try:
        return db.is_closed()
    except asyncpg.InterfaceError:  # the pool has taken it away
        return True


def _settings(statement_s: float, idle_in_transaction_s: float) -> dict[str, str]:
    return {
        "application_name": session_name(),
        "jit": "off",  # many short statements
        "statement_timeout": str(round(statement_s * 1000)),
        "idle_in_transaction_session_timeout": str(round(idle_in_transaction_s * 1000)),
    }


async def _leave_as_it_is(_db: object) -> None:
    """No round trip when a connection goes back to the pool: actions leave nothing behind in a session."""
