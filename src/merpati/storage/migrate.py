"""Migrations: numbered SQL files, forward only, each in one transaction, under a lock.

A file is `NNNN_name.sql`; where the engines differ it has twins, `NNNN_name.sqlite.sql` and
`NNNN_name.postgres.sql`. Numbers begin at 1 and have no gaps. `schema_version` has one row for each that ran.
"""

import re
from collections.abc import Sequence
from importlib.resources import files

import msgspec

from merpati.storage.port import Engine, Storage, StorageError, Tx

_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z_]+)(?:\.(?P<engine>sqlite|postgres))?\.sql")
_SCHEMA_VERSION = """CREATE TABLE IF NOT EXISTS schema_version (
  version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL
)"""
_LOCK = {
    Engine.SQLITE: "SELECT 1",  # the one writer is the lock
    Engine.POSTGRES: "SELECT 1 FROM pg_advisory_xact_lock(6637728)",
}


class SchemaTooNew(StorageError):
    """The database was migrated by a newer merpati; this one must not touch it."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"the database has schema {found}, this merpati knows {known}: install the newer one")
        self.found, self.known = found, known


class MigrationsBroken(StorageError):
    """The migration files have a gap, a repeat, or a missing twin."""


class Migration(msgspec.Struct, frozen=True):
    """One step of the schema."""

    version: int
    name: str
    sql: str


def known_migrations(engine: Engine) -> list[Migration]:
    """The steps this merpati has for `engine`, in order; raises `MigrationsBroken`."""
    found = []
    for file in (files("merpati.storage") / "migrations").iterdir():
        parts = _NAME.fullmatch(file.name)
        if parts is not None and parts["engine"] in (None, engine.value):
            found.append(Migration(int(parts["number"]), parts["name"], file.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationsBroken(f"{engine.value}: {[migration.version for migration in found]}")
    return found


async def migrate(storage: Storage, migrations: Sequence[Migration] | None = None) -> list[Migration]:
    """Bring the schema up to date; answers the steps that ran. May run twice, also at the same moment elsewhere.

    Raises `SchemaTooNew`; whatever a step raises leaves the schema as the step before left it.
    """
    steps = known_migrations(storage.engine) if migrations is None else migrations
    applied = []
    while (step := await storage.write(_apply_next, steps)) is not None:
        applied.append(step)
    return applied


async def _apply_next(tx: Tx, steps: Sequence[Migration]) -> Migration | None:
    await tx.run(_LOCK[tx.engine])
    await tx.script(_SCHEMA_VERSION)
    found = await schema_version(tx)
    if found > len(steps):
        raise SchemaTooNew(found, len(steps))
    if found == len(steps):
        return None
    step = steps[found]
    await tx.script(step.sql)
    await tx.run(
        "INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, $3)",
        step.version,
        step.name,
        tx.now,
    )
    return step


_HAS_VERSIONS = {
    Engine.SQLITE: "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'",
    Engine.POSTGRES: "SELECT 1 WHERE to_regclass('schema_version') IS NOT NULL",
}


async def find_schema_version(tx: Tx) -> int:
    """The newest step in the database; 0 before the first, also where nothing ever ran. A view."""
    if await tx.one(_HAS_VERSIONS[tx.engine]) is None:
        return 0
    return await schema_version(tx)


async def schema_version(tx: Tx) -> int:
    """The newest step in the database; 0 before the first. The table is there (`migrate` ran once)."""
    row = await tx.one("SELECT COALESCE(max(version), 0) FROM schema_version")
    return row[0] if row else 0
