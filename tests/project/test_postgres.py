"""The tests' own PostgreSQL: it starts as any user, crashes and recovers, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from tests.postgres import PostgresServer, embedded_binaries

pytestmark = pytest.mark.postgres


async def test_each_test_gets_an_empty_database(postgres_dsn: str) -> None:
    """The database has no table, and takes text in UTF-8."""
    connection = await asyncpg.connect(postgres_dsn)
    assert await connection.fetch("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
    assert await connection.fetchval("SELECT 'merpati 🕊'") == "merpati 🕊"
    assert await connection.fetchval("SHOW fsync") == "on"
    await connection.close()


async def test_a_killed_server_keeps_what_it_committed(postgres_server: PostgresServer, postgres_dsn: str) -> None:
    """After a crash and a start the committed row is there."""
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    postgres_server.kill()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.fetchval("SELECT n FROM kept")
    postgres_server.start()
    connection = await asyncpg.connect(postgres_dsn)
    assert await connection.fetchval("SELECT n FROM kept") == 7
    await connection.close()


async def test_the_wheels_binaries_do_as_well() -> None:
    """Where the machine has no PostgreSQL, the one inside the development dependency runs."""
    (embedded,) = embedded_binaries()
    server = PostgresServer(embedded)
    try:
        server.start()
        connection = await asyncpg.connect(server.dsn())
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    finally:
        server.close()
    assert not server.folder.exists()


@pytest.mark.process
def test_a_killed_test_run_leaves_no_server_and_no_folder() -> None:
    """When the run itself is killed, its guard stops the server and removes the folder."""
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.postgres"], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert run.stdout is not None
    folder = Path(run.stdout.readline().strip().partition("host=")[2])
    server = int((folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
