"""SQLite for the tests: merpati's schema is made once in each process, and copied for each test."""

from pathlib import Path

from merpati.core.clock import Clock, SystemClock
from merpati.storage.migrate import migrate
from merpati.storage.sqlite import SqliteStorage

_migrated: list[bytes] = []
"""The file, once it was made: its steps cost a test thirty milliseconds of a processor."""


async def open_empty(path: Path, clock: Clock | None = None) -> SqliteStorage:
    """A new database at `path`, with the schema and no rows; the caller closes it."""
    if not _migrated:
        making = await SqliteStorage.open(path, SystemClock())
        await migrate(making)
        await making.close()
        _keep(path)
    _put(path)
    return await SqliteStorage.open(path, clock or SystemClock())


def _keep(path: Path) -> None:
    _migrated.append(path.read_bytes())


def _put(path: Path) -> None:
    path.write_bytes(_migrated[0])
