"""SQLite's one writer: a thread that commits everything that waits in one transaction, with one fsync.

Each action has its own savepoint, so that one failing takes nothing from the others. Some failures make SQLite
roll the whole transaction back by itself (a full disk): then nothing of the group is kept, and each of it runs
once more, alone.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import apsw
import msgspec

from merpati.core.clock import Clock
from merpati.storage.port import Engine, StorageGone, Tx, drive
from merpati.storage.sqlite_connection import Connection, translate

MOST_IN_GROUP = 500
BULK_PATIENCE_S = 0.25
"""Bulk goes behind live work, but one chunk has its turn at least this often."""

Call: TypeAlias = Callable[[Tx], Coroutine[Any, Any, Any]]


class Wish(msgspec.Struct, eq=False):
    """An action that somebody waits for."""

    call: Call
    answer: "asyncio.Future[Any]"


class Outcome(msgspec.Struct, frozen=True):
    """What became of an action: its result, or the error that kept it from being stored."""

    result: Any = None
    error: BaseException | None = None


class _RolledBack(Exception):
    """SQLite ended the transaction by itself; the cause is `__cause__`."""


class Writer:
    """The thread and what waits for it. `put` and `stop` are called from the event loop."""

    def __init__(self, db: Connection, clock: Clock, loop: asyncio.AbstractEventLoop, most: int) -> None:
        self._db, self._clock, self._loop, self._most = db, clock, loop, most
        self._live: deque[Wish] = deque()
        self._bulk: deque[tuple[float, Wish]] = deque()
        self._bulk_done_at = 0.0
        self._stopping = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._thread.start()

    def put(self, wish: Wish, *, bulk: bool) -> None:
        """Queue an action; its answer comes after the commit. Raises `StorageGone` once stopped."""
        with self._wake:
            if self._stopping:
                raise StorageGone("the database is closed")
            if bulk:
                self._bulk.append((time.monotonic(), wish))
            else:
                self._live.append(wish)
            self._wake.notify()

    def stop(self) -> None:
        """Do what waits, then end. Blocks."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    # -- in the thread --

    def _work(self) -> None:
        while group := self._next_group():
            try:
                outcomes = self._run(group)
            except BaseException as error:  # noqa: BLE001 — nobody may wait for ever, whatever broke
                outcomes = [Outcome(error=error)] * len(group)
            self._deliver(group, outcomes)

    def _next_group(self) -> list[Wish]:
        with self._wake:
            while not (self._live or self._bulk):
                if self._stopping:
                    return []
                self._wake.wait()
            if self._live and not self._bulk_is_due():
                return [self._live.popleft() for _ in range(min(len(self._live), self._most))]
            return [self._bulk.popleft()[1]]

    def _bulk_is_due(self) -> bool:
        if not self._bulk:
            return False
        waits_since = max(self._bulk[0][0], self._bulk_done_at)
        due = time.monotonic() - waits_since >= BULK_PATIENCE_S
        if due:
            self._bulk_done_at = time.monotonic()
        return due

    def _run(self, group: list[Wish]) -> list[Outcome]:
        committing = False
        try:
            self._db.control("BEGIN IMMEDIATE")
            outcomes = [self._run_one(wish) for wish in group]
            committing = True
            self._db.control("COMMIT")
        except (apsw.Error, _RolledBack) as error:
            self._roll_back()
            if len(group) > 1:
                return [outcome for wish in group for outcome in self._run([wish])]
            cause = error.__cause__ if isinstance(error, _RolledBack) else error
            return [Outcome(error=translate(cause or error, committing=committing))]
        return outcomes

    def _run_one(self, wish: Wish) -> Outcome:
        """Run one action in its savepoint; raises when the whole transaction is lost."""
        now = self._clock.now()
        self._db.control("SAVEPOINT action")
        try:
            result = drive(wish.call(Tx(now, Engine.SQLITE)), lambda ask: self._db.execute(ask, now))
        except BaseException as error:
            if not self._db.in_transaction:
                raise _RolledBack from error
            self._db.control("ROLLBACK TO action")
            self._db.control("RELEASE action")
            return Outcome(error=translate(error))
        self._db.control("RELEASE action")
        return Outcome(result)

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.control("ROLLBACK")

    def _deliver(self, group: list[Wish], outcomes: list[Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(_answer, group, outcomes)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return


def _answer(group: list[Wish], outcomes: list[Outcome]) -> None:
    for wish, outcome in zip(group, outcomes, strict=True):
        if wish.answer.done():
            continue  # its caller stopped waiting
        if outcome.error is None:
            wish.answer.set_result(outcome.result)
        else:
            wish.answer.set_exception(outcome.error)
