"""Fixtures of every test: a fresh database on each engine, and the server that fault tests stop and start."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.postgres import PostgresServer


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
