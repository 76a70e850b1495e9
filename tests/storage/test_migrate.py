"""Migrations, on SQLite; the conformance suite repeats what both engines must hold."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.clock import SystemClock
from merpati.storage.migrate import Migration, SchemaTooNew, known_migrations, migrate
from merpati.storage.port import Engine, StorageError, Tx
from merpati.storage.sqlite import SqliteStorage


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqliteStorage]:
    opened = await SqliteStorage.open(tmp_path / "m.db", SystemClock())
    yield opened
    await opened.close()


async def tables_of(tx: Tx) -> set[str]:
    return {row[0] for row in await tx.all("SELECT name FROM sqlite_schema WHERE type = 'table'")}


@pytest.mark.parametrize("engine", list(Engine))
def test_the_files_have_no_gap_and_no_missing_twin(engine: Engine) -> None:
    """Both engines know the same numbered steps."""
    assert [m.version for m in known_migrations(engine)] == [m.version for m in known_migrations(Engine.SQLITE)]


async def test_an_empty_database_gets_the_whole_schema(storage: SqliteStorage) -> None:
    """All steps run in order, and a second run does nothing."""
    assert await migrate(storage) == known_migrations(Engine.SQLITE)
    assert await migrate(storage) == []
    assert {"id_range", "node", "schema_version"} <= await storage.read(tables_of)


async def test_every_earlier_version_is_upgraded(tmp_path: Path) -> None:
    """From each earlier version the rest of the steps leads to the same schema."""
    steps = known_migrations(Engine.SQLITE)
    seen = set()
    for count in range(len(steps) + 1):
        opened = await SqliteStorage.open(tmp_path / f"{count}.db", SystemClock())
        await migrate(opened, steps[:count])
        assert await migrate(opened) == steps[count:]
        seen.add(frozenset(await opened.read(tables_of)))
        await opened.close()
    assert len(seen) == 1


async def test_a_newer_schema_is_refused(storage: SqliteStorage) -> None:
    """Older code does not touch a newer database."""
    steps = known_migrations(Engine.SQLITE)
    newer = Migration(len(steps) + 1, "newer", "CREATE TABLE newer (id BIGINT)")
    await migrate(storage, [*steps, newer])
    with pytest.raises(SchemaTooNew):
        await migrate(storage)


async def test_a_half_applied_step_is_rolled_back(storage: SqliteStorage) -> None:
    """A step that breaks in the middle leaves nothing, and runs whole once it is mended."""
    steps = known_migrations(Engine.SQLITE)
    broken = Migration(len(steps) + 1, "broken", "CREATE TABLE half (id BIGINT); CREATE TABLE half (id BIGINT)")
    with pytest.raises(StorageError):
        await migrate(storage, [*steps, broken])
    assert "half" not in await storage.read(tables_of)
    mended = Migration(broken.version, "mended", "CREATE TABLE half (id BIGINT)")
    assert await migrate(storage, [*steps, mended]) == [mended]
    assert "half" in await storage.read(tables_of)
