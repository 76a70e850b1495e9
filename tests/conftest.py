"""Fixtures of every test: a fresh database on each engine, and the server that fault tests stop and start."""

import asyncio
import faulthandler
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import hypothesis
import pytest

from merpati.api.server import new_loop
from merpati.core.clock import Clock, SystemClock
from merpati.storage.migrate import migrate
from merpati.storage.port import Engine, Storage, Tx
from merpati.storage.postgres import PostgresStorage
from tests.postgres import PostgresServer
from tests.sqlite import open_empty

# how fast this machine is, is no property of the code
hypothesis.settings.register_profile("merpati", deadline=None)
hypothesis.settings.load_profile("merpati")


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the event loop that a served process has."""
    return {"served": new_loop}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """A process of tests that hangs is ended (`faulthandler_timeout`), and its test has failed.

    pytest itself no longer looks once a test has failed, and just what such a test left open may keep its loop from
    ending: uvloop waits, when it is closed, for a server that listens.
    """
    most_s = float(item.config.getini("faulthandler_timeout"))
    if most_s:
        faulthandler.dump_traceback_later(most_s, file=sys.__stderr__ or sys.stderr, exit=True)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session")
def _own_server() -> Iterator[PostgresServer]:
    """One server for each test process, made when the first test asks."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture
def postgres_server(_own_server: PostgresServer) -> PostgresServer:
    """A running server that the test may `stop()`, `kill()` and `start()`; the next test finds it running again."""
    _own_server.start()
    return _own_server


@pytest.fixture
async def postgres_dsn(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of an empty database, this test's own; on the server of MERPATI_TEST_POSTGRES, when set.

    A test that also takes `postgres_server` gets a database of that server, wherever the others have theirs.
    """
    admin, server = os.environ.get("MERPATI_TEST_POSTGRES", ""), None
    if not admin or "postgres_server" in request.fixturenames:
        server = request.getfixturevalue("postgres_server")
        admin = server.dsn()
    name = f"merpati_test_{uuid.uuid4().hex}"
    await _execute(admin, f"CREATE DATABASE {name}")
    yield urlsplit(admin)._replace(path=f"/{name}").geturl()
    if server is not None:
        await asyncio.to_thread(server.start)
    await _execute(admin, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty database is: a file for SQLite, a DSN for PostgreSQL. The test runs once on each engine."""
    if request.param is Engine.SQLITE:
        return tmp_path / "merpati.db"
    dsn: str = request.getfixturevalue("postgres_dsn")
    return dsn


@pytest.fixture(scope="session")
def _migrated_dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    """One database with merpati's schema for all tests of this process that just want an empty one: making a
    database for each takes half a second."""
    admin = os.environ.get("MERPATI_TEST_POSTGRES", "")
    if not admin:
        server: PostgresServer = request.getfixturevalue("_own_server")
        server.start()
        admin = server.dsn()
    name = f"merpati_test_{uuid.uuid4().hex}"
    asyncio.run(_execute(admin, f"CREATE DATABASE {name}"))
    dsn = urlsplit(admin)._replace(path=f"/{name}").geturl()
    asyncio.run(_migrate(dsn))
    yield dsn
    if os.environ.get("MERPATI_TEST_POSTGRES"):
        asyncio.run(_execute(admin, f"DROP DATABASE {name} WITH (FORCE)"))


async def _migrate(dsn: str) -> None:
    storage = await PostgresStorage.open(dsn, SystemClock())
    await migrate(storage)
    await storage.close()


# `account` last: others refer to it
_EMPTY_ALL = """
DO $$ DECLARE t text; BEGIN
  FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND relname <> 'schema_version' AND pg_relation_size(oid) > 0 ORDER BY relname = 'account' LOOP
    EXECUTE format('DELETE FROM %I', t);
  END LOOP; END $$
"""


async def _empty(tx: Tx) -> None:
    await tx.script(_EMPTY_ALL)


@pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
def emptied(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Like `database`, but on PostgreSQL the one with merpati's schema that all such tests share."""
    if request.param is Engine.SQLITE:
        return tmp_path / "merpati.db"
    dsn: str = request.getfixturevalue("_migrated_dsn")
    return dsn


@pytest.fixture
async def storage(emptied: Path | str) -> AsyncIterator[Storage]:
    """A database with merpati's schema and no rows; the test runs once on each engine."""
    opened: Storage
    if isinstance(emptied, Path):
        opened = await open_empty(emptied)
    else:
        opened = await PostgresStorage.open(emptied, SystemClock())
        await opened.write(_empty)
    yield opened
    await opened.close()


@pytest.fixture
async def emptied_dsn(_migrated_dsn: str) -> str:
    """The PostgreSQL database with merpati's schema and no rows that tests of this process share."""
    await _execute(_migrated_dsn, _EMPTY_ALL)
    return _migrated_dsn


@pytest.fixture
async def open_postgres(emptied_dsn: str) -> AsyncIterator[Callable[[Clock], Awaitable[Storage]]]:
    """Opens one and the same empty database as often as it is asked, as processes of several machines do, each with
    a clock of its own."""
    opened: list[Storage] = []

    async def open_one(clock: Clock) -> Storage:
        opened.append(await PostgresStorage.open(emptied_dsn, clock))
        return opened[-1]

    yield open_one
    for storage in opened:
        await storage.close()
