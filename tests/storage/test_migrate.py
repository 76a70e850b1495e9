"""Migrations, on both engines."""

import asyncio

import pytest

from merpati.storage.migrate import Migration, SchemaTooNew, known_migrations, migrate
from merpati.storage.port import Engine, StorageError, Tx
from tests.conformance.storage import Opener

TABLES = {
    Engine.SQLITE: "SELECT name FROM sqlite_schema WHERE type = 'table'",
    Engine.POSTGRES: "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()",
}


async def tables_of(tx: Tx) -> set[str]:
    return {row[0] for row in await tx.all(TABLES[tx.engine])}


@pytest.mark.parametrize("engine", list(Engine))
def test_the_files_have_no_gap_and_no_missing_twin(engine: Engine) -> None:
    """Both engines know the same numbered steps."""
    assert [m.version for m in known_migrations(engine)] == [m.version for m in known_migrations(Engine.SQLITE)]


async def test_an_empty_database_gets_the_whole_schema(open_either: Opener) -> None:
    """All steps run in order, and a second run does nothing."""
    storage = await open_either()
    assert await migrate(storage) == known_migrations(storage.engine)
    assert await migrate(storage) == []
    assert {"id_range", "node", "schema_version"} <= await storage.read(tables_of)


async def test_every_earlier_version_is_upgraded(open_either: Opener) -> None:
    """As by somebody who installs each version: its step runs alone, on what the one before left."""
    storage = await open_either()
    steps = known_migrations(storage.engine)
    for number, step in enumerate(steps, start=1):
        assert await migrate(storage, steps[:number]) == [step]
        assert await storage.read(versions) == [each.version for each in steps[:number]]


async def test_whoever_missed_versions_gets_all_of_them(open_either: Opener) -> None:
    """From the middle to the newest at once."""
    storage = await open_either()
    steps = known_migrations(storage.engine)
    middle = len(steps) // 2
    await migrate(storage, steps[:middle])
    assert await migrate(storage) == steps[middle:]
    assert await storage.read(versions) == [step.version for step in steps]


async def versions(tx: Tx) -> list[int]:
    return [row[0] for row in await tx.all("SELECT version FROM schema_version ORDER BY version")]


async def test_two_that_start_together_migrate_once(open_either: Opener) -> None:
    """Each step runs in one of them."""
    first, second = await open_either(), await open_either()
    one, other = await asyncio.gather(migrate(first), migrate(second))
    applied = sorted([*one, *other], key=lambda step: step.version)
    assert applied == known_migrations(first.engine)


async def test_a_newer_schema_is_refused(open_either: Opener) -> None:
    """Older code does not touch a newer database."""
    storage = await open_either()
    steps = known_migrations(storage.engine)
    newer = Migration(len(steps) + 1, "newer", "CREATE TABLE newer (id BIGINT)")
    await migrate(storage, [*steps, newer])
    with pytest.raises(SchemaTooNew):
        await migrate(storage)


async def test_a_half_applied_step_is_rolled_back(open_either: Opener) -> None:
    """A step that breaks in the middle leaves nothing, and runs whole once it is mended."""
    storage = await open_either()
    steps = known_migrations(storage.engine)
    broken = Migration(len(steps) + 1, "broken", "CREATE TABLE half (id BIGINT); CREATE TABLE half (id BIGINT)")
    with pytest.raises(StorageError):
        await migrate(storage, [*steps, broken])
    assert "half" not in await storage.read(tables_of)
    mended = Migration(broken.version, "mended", "CREATE TABLE half (id BIGINT)")
    assert await migrate(storage, [*steps, mended]) == [mended]
    assert "half" in await storage.read(tables_of)
