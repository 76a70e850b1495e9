"""Each engine's own way to open one and the same database as often as a test asks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from merpati.core.clock import SystemClock
from merpati.storage.port import Storage
from merpati.storage.postgres import PostgresStorage
from merpati.storage.sqlite import SqliteStorage

OpenSqlite = Callable[..., Awaitable[SqliteStorage]]
OpenPostgres = Callable[..., Awaitable[PostgresStorage]]


@pytest.fixture
async def open_sqlite(tmp_path: Path) -> AsyncIterator[OpenSqlite]:
    """Opens `merpati.db` in the test's folder; closes what it opened."""
    opened = []

    async def open_it(*, statement_s: float = 10.0) -> SqliteStorage:
        storage = await SqliteStorage.open(tmp_path / "merpati.db", SystemClock(), statement_s=statement_s)
        opened.append(storage)
        return storage

    yield open_it
    for storage in opened:
        await storage.close()


@pytest.fixture
async def open_postgres(postgres_dsn: str) -> AsyncIterator[OpenPostgres]:
    """Opens the test's database, or the one behind `dsn`; closes what it opened."""
    opened = []

    async def open_it(
        *, dsn: str = postgres_dsn, statement_s: float = 10.0, idle_in_transaction_s: float = 1.0
    ) -> PostgresStorage:
        storage = await PostgresStorage.open(
            dsn, SystemClock(), statement_s=statement_s, idle_in_transaction_s=idle_in_transaction_s
        )
        opened.append(storage)
        return storage

    yield open_it
    for storage in opened:
        await storage.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def open_either(request: pytest.FixtureRequest) -> Callable[..., Awaitable[Storage]]:
    """One test, both engines."""
    opener: Callable[..., Awaitable[Storage]] = request.getfixturevalue(f"open_{request.param}")
    return opener
