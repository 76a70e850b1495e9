"""The database's own clock: the one that all processes share."""

from merpati.core.clock import Millis
from merpati.storage.port import Engine, Tx


async def database_now(tx: Tx) -> Millis:
    """The database's time. Whatever one process writes and another compares (due times, paces) is told by it:
    the processes' own clocks may be an hour apart. On SQLite the one process's clock is the database's."""
    if tx.engine is Engine.SQLITE:
        return tx.now
    row = await tx.one("SELECT {now}")
    assert row is not None
    return Millis(row[0])
