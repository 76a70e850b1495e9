"""SQLite as the database of one process: one writer with group commit, a few readers, each in its own thread."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar, cast

import apsw

from merpati.core.clock import Clock
from merpati.storage.port import Action, Engine, StorageGone, Tx, drive
from merpati.storage.sqlite_connection import Connection, translate
from merpati.storage.sqlite_writer import MOST_IN_GROUP, Call, Wish, Writer

T = TypeVar("T")
P = ParamSpec("P")

READERS = 4
STATEMENT_S = 10.0


class SqliteStorage:
    """`Storage` on one file. It belongs to the event loop it was opened in, and to one process (see `folder`)."""

    engine = Engine.SQLITE

    def __init__(self, writer: Writer, db: Connection, readers: list[Connection], clock: Clock) -> None:
        self._writer, self._db, self._readers, self._clock = writer, db, readers, clock
        self._free: SimpleQueue[Connection] = SimpleQueue()
        for reader in readers:
            self._free.put(reader)
        self._threads = ThreadPoolExecutor(len(readers), thread_name_prefix="sqlite-reader")
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        clock: Clock,
        *,
        readers: int = READERS,
        statement_s: float = STATEMENT_S,
        group: int = MOST_IN_GROUP,
    ) -> "SqliteStorage":
        """Open or create the database at `path`; raises `StorageGone` when that is impossible.

        `statement_s` bounds every statement but a migration's: beyond it the action fails with `StorageSlow`.
        `group`: how many actions share a transaction at most (1: each its own, to see what sharing is worth).
        """
        db, reading = await asyncio.to_thread(_connect, path, readers, statement_s)
        return cls(Writer(db, clock, asyncio.get_running_loop(), group), db, reading, clock)

    async def write(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return cast("T", await self._put(lambda tx: action(tx, *args, **kwargs), bulk=False))

    async def write_bulk(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return cast("T", await self._put(lambda tx: action(tx, *args, **kwargs), bulk=True))

    def _put(self, call: Call, *, bulk: bool) -> "asyncio.Future[Any]":
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._writer.put(Wish(call, answer), bulk=bulk)
        return answer

    async def read(self, view: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._closed:
            raise StorageGone("the database is closed")
        loop = asyncio.get_running_loop()
        return cast(
            "T", await loop.run_in_executor(self._threads, self._read, lambda tx: view(tx, *args, **kwargs))
        )

    def _read(self, call: Callable[[Tx], Coroutine[Any, Any, T]]) -> T:
        """Run a view in one of the readers' threads, on one snapshot."""
        now, db = self._clock.now(), self._free.get()
        try:
            db.control("BEGIN")
            return drive(call(Tx(now, self.engine)), lambda ask: db.execute(ask, now))
        except apsw.Error as error:
            raise translate(error, reading=True) from error
        finally:
            if db.in_transaction:
                db.control("ROLLBACK")
            self._free.put(db)

    async def close(self) -> None:
        """Finish what waits, then let go of the file. May run twice."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._threads.shutdown()
        self._writer.stop()
        for db in (*self._readers, self._db):
            db.close()


def _connect(path: Path, readers: int, statement_s: float) -> tuple[Connection, list[Connection]]:
    db = Connection(path, statement_s=statement_s)
    return db, [Connection(path, statement_s=statement_s, reading=True) for _ in range(readers)]
