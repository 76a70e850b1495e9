"""All tables of a PostgreSQL database at one moment, as files, and back: without PostgreSQL's own programs."""

from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import asyncpg

from merpati.core.clock import Clock
from merpati.storage.backup_refused import BackupRefused, Why
from merpati.storage.migrate import known_migrations, migrate
from merpati.storage.port import Engine
from merpati.storage.postgres import CONNECT_S, PostgresStorage
from merpati.storage.postgres_errors import TROUBLE, translate

VERSIONS = "schema_version"
_COLUMNS = """
SELECT c.relname::text, a.attname::text FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname, a.attnum
"""
_REFERENCES = """
SELECT child.relname::text, parent.relname::text FROM pg_constraint k
JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid
WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace AND child.oid <> parent.oid
"""
Tables = dict[str, list[str]]


async def dump(dsn: str, into: Path) -> tuple[int, Tables]:
    """Write each table to `into/<table>` in COPY's text form, all of one snapshot; answers schema and columns."""
    db = await _connect(dsn)
    try:
        async with db.transaction(isolation="repeatable_read", readonly=True):
            tables = await _tables(db)
            schema = int(await db.fetchval(f"SELECT max(version) FROM {VERSIONS}"))
            for table, columns in tables.items():
                await db.copy_from_table(table, columns=columns, output=into / table)
    except TROUBLE as error:
        raise translate(error, lost=db.is_closed()) from error
    finally:
        await db.close(timeout=CONNECT_S)
    return schema, tables


async def load(source: Path, dsn: str, schema: int, tables: Mapping[str, list[str]], clock: Clock) -> None:
    """Bring an empty database to `schema`, then fill it in one transaction.

    Raises `BackupRefused` when it is not empty, `StorageError`.
    """
    db = await _connect(dsn)
    try:
        await _refuse_full(db)
        await _make_schema(dsn, schema, clock)
        async with db.transaction():
            order = [table for table in await _parents_first(db) if table in tables and table != VERSIONS]
            await db.execute(f"TRUNCATE {', '.join(map(_quoted, order))}")  # what a migration put there
            for table in order:
                await db.copy_to_table(table, columns=tables[table], source=source / table)
        await db.execute("ANALYZE")
    except TROUBLE as error:
        raise translate(error, lost=db.is_closed()) from error
    finally:
        await db.close(timeout=CONNECT_S)


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        return await asyncpg.connect(dsn, timeout=CONNECT_S)
    except TROUBLE as error:
        raise translate(error, lost=True) from error


async def _tables(db: "asyncpg.Connection[asyncpg.Record]") -> Tables:
    """The columns of each table."""
    tables: Tables = {}
    for table, column in await db.fetch(_COLUMNS):
        tables.setdefault(table, []).append(column)
    return tables


async def _parents_first(db: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """All tables, each behind those that it refers to."""
    order: TopologicalSorter[str] = TopologicalSorter({table: set() for table in await _tables(db)})
    for child, parent in await db.fetch(_REFERENCES):
        order.add(child, parent)
    return list(order.static_order())


async def _refuse_full(db: "asyncpg.Connection[asyncpg.Record]") -> None:
    for table in await _tables(db):
        if table != VERSIONS and await db.fetchval(f"SELECT 1 FROM {_quoted(table)} LIMIT 1"):
            raise BackupRefused(Why.DATABASE_NOT_EMPTY, table=table)


async def _make_schema(dsn: str, schema: int, clock: Clock) -> None:
    storage = await PostgresStorage.open(dsn, clock)
    try:
        await migrate(storage, known_migrations(Engine.POSTGRES)[:schema])
    finally:
        await storage.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
