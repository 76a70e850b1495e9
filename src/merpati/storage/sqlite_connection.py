"""One connection to SQLite: how it is opened, how it executes an `Ask`, what its errors mean."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import msgspec

from merpati.core.clock import Millis
from merpati.storage.port import (
    LOCK_ACCOUNTS,
    Ask,
    OutcomeUnknown,
    ReadOnly,
    Row,
    Script,
    StorageError,
    StorageFull,
    StorageGone,
    StorageSlow,
    Violation,
    check_ask,
)
from merpati.storage.sql import LOCKS, sqlite_sql

# A write-ahead log of 80 MB before it is copied back: fewer, longer copies cost less in all (bench/storage.py).
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "fullfsync = ON",
    "foreign_keys = ON",
    "wal_autocheckpoint = 20000",
    "busy_timeout = 5000",
    "cache_size = -16000",  # kB
)
_READING = (*_PRAGMAS, "cache_size = -4000", "query_only = ON")
_STEPS_BETWEEN_LOOKS = 100_000


class Connection:
    """A connection that one thread uses at a time. `statement_s` bounds each statement but a `Script`."""

    def __init__(self, path: Path, *, statement_s: float, reading: bool = False) -> None:
        """Raises `StorageGone` when the file cannot be opened or cannot have a write-ahead log."""
        self._statement_s, self._reading = statement_s, reading
        self._stop_at = float("inf")
        try:
            self._db = apsw.Connection(str(path), statementcachesize=500)
            for pragma in _READING if reading else _PRAGMAS:
                self._db.execute(f"PRAGMA {pragma}").fetchall()
        except apsw.Error as error:
            raise StorageGone(f"{path}: {error}") from error
        self._db.set_progress_handler(self._is_late, _STEPS_BETWEEN_LOOKS)

    def _is_late(self) -> bool:
        return time.monotonic() > self._stop_at

    @property
    def in_transaction(self) -> bool:
        """False after SQLite rolled everything back by itself (full disk, I/O error, interrupted write)."""
        return self._db.in_transaction

    def control(self, sql: str) -> None:
        """BEGIN, SAVEPOINT, COMMIT …; raises apsw's errors."""
        self._db.execute(sql)

    def execute(self, ask: Ask[Any], now: Millis) -> list[Row]:
        """One statement of an action; raises apsw's errors and what `check_ask` raises."""
        if ask.sql == LOCK_ACCOUNTS or (self._reading and any(mark in ask.sql for mark in LOCKS)):
            if self._reading:
                raise ReadOnly("a view cannot lock")
            return []  # the one writer has everything
        if ask.rows is not None and not ask.rows:
            return []
        if isinstance(ask, Script):
            return self._db.execute(ask.sql).fetchall()
        check_ask(ask)
        args: Sequence[Any] = ask.args if ask.rows is None else (msgspec.json.encode(ask.rows).decode(),)
        sql = sqlite_sql(ask.sql, ask.cols)
        if sql.wants_now:
            args = (*args, now)
        self._stop_at = time.monotonic() + self._statement_s
        try:
            return self._db.execute(sql.text, args).fetchall()
        finally:
            self._stop_at = float("inf")

    def close(self) -> None:
        self._db.close()


# -- what an error means --

_MEANS: tuple[tuple[type[apsw.Error], type[StorageError]], ...] = (
    (apsw.FullError, StorageFull),
    (apsw.InterruptError, StorageSlow),
    (apsw.IOError, StorageGone),
    (apsw.CantOpenError, StorageGone),
    (apsw.NotADBError, StorageGone),
    (apsw.CorruptError, StorageGone),
    (apsw.BusyError, StorageGone),
    (apsw.ReadOnlyError, StorageGone),
    (apsw.Error, StorageError),
)


def translate(error: BaseException, *, committing: bool = False, reading: bool = False) -> BaseException:
    """An error of apsw as the port's; any other as it is.

    `committing`: the error came out of COMMIT. A log that could not be synced there may or may not be found
    again after a crash.
    """
    if not isinstance(error, apsw.Error):
        return error
    if isinstance(error, apsw.ConstraintError):
        return Violation(str(error).partition(": ")[2] or str(error))
    if isinstance(error, apsw.ReadOnlyError) and reading:
        return ReadOnly(str(error))
    if isinstance(error, apsw.IOError):
        if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE:  # no room for the index of the log
            return StorageFull(str(error))
        if committing:
            return OutcomeUnknown(str(error))
    meaning = next(ours for theirs, ours in _MEANS if isinstance(error, theirs))
    return meaning(str(error))
