"""A consistent copy of a SQLite database that others are writing to."""

import os
from pathlib import Path

import apsw

from merpati.storage.backup_refused import BackupRefused, Why
from merpati.storage.sqlite_connection import translate

NAME = "merpati.db"


def copy(database: Path, into: Path) -> int:
    """Copy `database` to `into/merpati.db` as it is at one moment; answers its schema. Writers go on meanwhile.

    SQLite's backup in one step: one read transaction over the whole file. Raises `StorageError`.
    """
    try:
        source = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE)
        target = apsw.Connection(str(into / NAME))
        try:
            source.set_busy_timeout(5000)
            target.execute("PRAGMA synchronous = OFF")  # synced as a whole below
            with target.backup("main", source, "main") as running:
                running.step(-1)
            schema: int = target.execute("SELECT max(version) FROM schema_version").get
        finally:
            target.close()
            source.close()
    except apsw.Error as error:
        raise translate(error) from error
    with (into / NAME).open("rb") as written:
        os.fsync(written.fileno())
    return schema


def check(folder: Path) -> None:
    """Raises `BackupRefused` when the copy in `folder` is no whole database; `StorageError`."""
    try:
        db = apsw.Connection(str(folder / NAME), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            found = [row[0] for row in db.execute("PRAGMA quick_check")]
        finally:
            db.close()
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise BackupRefused(Why.DAMAGED) from error
    except apsw.Error as error:
        raise translate(error) from error
    if found != ["ok"]:
        raise BackupRefused(Why.DAMAGED)
