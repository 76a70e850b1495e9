"""What only a server can suffer: gone and back, connections cut at any moment, deadlocks, a full disk."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from merpati.core.clock import SystemClock
from merpati.storage.lane import HotAction, HotLane
from merpati.storage.migrate import migrate
from merpati.storage.port import OutcomeUnknown, StorageFull, StorageGone, StorageSlow, Tx
from merpati.storage.postgres import PostgresStorage
from tests.conformance.storage_actions import ACCOUNT, add_thing, count_up, open_account, steps_with_things, things
from tests.conformance.storage_lane import put_things
from tests.postgres import PostgresServer
from tests.storage.conftest import OpenPostgres
from tests.storage.postgres_proxy import Cut, proxy_of

pytestmark = [pytest.mark.postgres, pytest.mark.faults]

HELD_UP_S = 2.5
"""How long a paused process may hold others up: `idle_in_transaction_s`, a look, and a slow machine's turn."""
IN_LINE = 4
READY_S = 20.0
PUT = HotAction(put_things, lambda _thing: ACCOUNT)


@pytest.fixture
async def storage(postgres_server: PostgresServer, open_postgres: OpenPostgres) -> PostgresStorage:
    """On the server that the test may stop and start."""
    assert postgres_server.running
    storage = await open_postgres()
    await migrate(storage, steps_with_things(storage.engine))
    await storage.write(open_account)
    return storage


# -- gone and back --


async def test_a_stopped_server_is_gone_and_comes_back(
    storage: PostgresStorage, postgres_server: PostgresServer
) -> None:
    """`StorageGone` while it is down; when it is up the same storage works, without a failed call."""
    await asyncio.gather(*(storage.write(add_thing, n) for n in range(20)))
    await asyncio.to_thread(postgres_server.stop)
    for refused in (storage.write(add_thing, 100), storage.write_bulk(add_thing, 100), storage.read(things)):
        with pytest.raises(StorageGone):
            await refused
    await asyncio.to_thread(postgres_server.start)
    assert await asyncio.gather(*(storage.write(add_thing, n) for n in range(20, 40))) == list(range(20, 40))
    assert await storage.read(things) == list(range(40))


async def test_a_restart_while_nobody_asks_is_not_noticed(
    storage: PostgresStorage, postgres_server: PostgresServer
) -> None:
    """Connections that died idle are replaced before an action runs."""
    await asyncio.gather(*(storage.write(add_thing, n) for n in range(20)))
    postgres_server.stop()  # blocks the loop too: nobody sees the connections die
    postgres_server.start()
    assert await asyncio.gather(*(storage.write(add_thing, n) for n in range(20, 40))) == list(range(20, 40))


async def test_a_crashed_server_keeps_what_was_answered(
    storage: PostgresStorage, postgres_server: PostgresServer
) -> None:
    """Killed under load, three times: answered is stored, `StorageGone` is not, the rest is unknown."""
    stored: set[int] = set()
    refused: set[int] = set()

    async def caller(first: int, warm: asyncio.Event) -> None:
        for thing in range(first, first + 10_000):
            try:
                stored.add(await storage.write(add_thing, thing))
                if thing % 10_000 == 20:
                    warm.set()
            except OutcomeUnknown:
                return
            except StorageGone:
                refused.add(thing)
                return

    for life in range(3):
        warm = asyncio.Event()
        callers = [asyncio.create_task(caller(1_000_000 * life + 10_000 * n, warm)) for n in range(8)]
        await warm.wait()
        await asyncio.to_thread(postgres_server.kill)
        await asyncio.gather(*callers)
        await asyncio.to_thread(postgres_server.start)
    found = set(await storage.read(things))
    assert stored <= found
    assert not refused & found


async def test_nobody_there_at_the_start(postgres_dsn: str, postgres_server: PostgresServer) -> None:
    """Opening says `StorageGone`."""
    await asyncio.to_thread(postgres_server.stop)
    with pytest.raises(StorageGone):
        await PostgresStorage.open(postgres_dsn, SystemClock())


# -- a connection that breaks --


async def test_a_connection_lost_in_the_middle_stores_nothing(storage: PostgresStorage) -> None:
    """The server ends one session between two statements: that action alone is `StorageGone`."""

    async def lose(tx: Tx) -> None:
        await add_thing(tx, 100)
        await tx.one("SELECT pg_terminate_backend(pg_backend_pid())")
        await add_thing(tx, 101)

    calls = [storage.write(add_thing, n) for n in range(10)]
    *others, outcome = await asyncio.gather(*calls, storage.write(lose), return_exceptions=True)
    assert isinstance(outcome, StorageGone)
    assert others == list(range(10))
    assert await storage.read(things) == list(range(10))


@pytest.mark.parametrize(("cut", "found"), [(Cut.BEFORE_COMMIT, []), (Cut.AFTER_COMMIT, [1])])
async def test_a_connection_lost_in_commit_is_unknown(
    storage: PostgresStorage, postgres_dsn: str, open_postgres: OpenPostgres, cut: Cut, found: list[int]
) -> None:
    """Stored or not, the caller hears `OutcomeUnknown`, never one or the other."""
    async with proxy_of(postgres_dsn) as proxy:
        behind = await open_postgres(dsn=proxy.dsn)
        proxy.cut = cut
        with pytest.raises(OutcomeUnknown):
            await behind.write(add_thing, 1)
        assert await storage.read(things) == found
        assert await behind.write(add_thing, 2) == 2
        await behind.close()


@pytest.mark.parametrize("cut", [Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT])
async def test_a_connection_lost_at_the_end_of_a_read_loses_nothing(
    storage: PostgresStorage, postgres_dsn: str, open_postgres: OpenPostgres, cut: Cut
) -> None:
    """Everything was read when the snapshot is given back: who asked is answered."""
    await storage.write(add_thing, 1)
    async with proxy_of(postgres_dsn) as proxy:
        behind = await open_postgres(dsn=proxy.dsn)
        proxy.cut = cut
        assert await behind.read(things) == [1]
        assert proxy.cuts == 1
        await behind.close()


@pytest.mark.parametrize("cut", [Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT])
async def test_the_lane_finds_out_what_became_of_a_group(
    storage: PostgresStorage, postgres_dsn: str, open_postgres: OpenPostgres, cut: Cut
) -> None:
    """The group runs again: every caller is answered, everything is stored once."""
    async with proxy_of(postgres_dsn) as proxy:
        behind = await open_postgres(dsn=proxy.dsn)
        lane = HotLane(behind)
        proxy.cut = cut
        answers = await asyncio.gather(*(lane(PUT, (n, "ab")) for n in range(50)))
        assert answers == ["ba"] * 50
        assert proxy.cuts == 1
        assert await storage.read(things) == list(range(50))
        await behind.close()


# -- a process that is paused --


async def test_a_paused_process_holds_nobody_up(storage: PostgresStorage, open_postgres: OpenPostgres) -> None:
    """A process that stops in the middle, holding an account, loses it after `idle_in_transaction_s`."""
    paused = await open_postgres(idle_in_transaction_s=0.2)

    async def pause(tx: Tx) -> None:
        await count_up(tx)
        time.sleep(1.0)  # noqa: ASYNC251 — this whole process stands still
        await add_thing(tx, 1)

    pausing = asyncio.create_task(paused.write(pause))
    with pytest.raises(StorageGone):
        await pausing
    assert await storage.write(count_up) == 1
    assert await paused.write(count_up) == 2


async def count_up_and_read_much(tx: Tx, thing: int) -> None:
    """Each statement is new to its connection, and asked for with a lock held; one answer is more than a socket
    takes."""
    await count_up(tx)
    await tx.all("SELECT repeat('x', 1000) FROM generate_series(1, 5000)")
    await add_thing(tx, thing)


async def test_a_process_paused_after_any_packet_holds_nobody_up(
    storage: PostgresStorage, postgres_dsn: str, open_postgres: OpenPostgres
) -> None:
    """Also where the server's timeouts do not count: while a statement is prepared, while an answer is stuck."""
    for packets in count(1):
        async with proxy_of(postgres_dsn) as proxy:
            behind = await open_postgres(dsn=proxy.dsn)
            proxy.stand_still(packets)
            paused = asyncio.create_task(behind.write(count_up_and_read_much, packets))
            paused.add_done_callback(lambda _: proxy.still.set())
            await proxy.still.wait()
            if paused.done():
                break  # it sends no more than that
            async with asyncio.timeout(HELD_UP_S):
                await storage.write(count_up)
            proxy.go_on()
            with contextlib.suppress(StorageGone, OutcomeUnknown):
                await paused
            await behind.write(count_up)
            await behind.close()
    assert packets > 10


async def test_a_paused_process_holds_nobody_up_once_for_each_transaction(
    storage: PostgresStorage, postgres_dsn: str, open_postgres: OpenPostgres
) -> None:
    """Some of its transactions stand in line for one account: all go together, not one after the other."""

    locked = asyncio.Event()

    async def lock_until_all_wait(tx: Tx) -> None:
        await tx.lock([ACCOUNT])
        locked.set()
        waiting, deadline = 0, time.monotonic() + READY_S
        while waiting < IN_LINE:
            assert time.monotonic() < deadline
            await tx.all("SELECT pg_stat_clear_snapshot()")
            row = await tx.one("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            waiting = row[0] if row else 0
        proxy.stand_still()

    async with proxy_of(postgres_dsn) as proxy:
        behind = await open_postgres(dsn=proxy.dsn)
        await asyncio.gather(*(behind.write(count_up) for _ in range(IN_LINE)))
        holding = asyncio.create_task(storage.write(lock_until_all_wait))
        await locked.wait()
        paused = [asyncio.create_task(behind.write(count_up)) for _ in range(IN_LINE)]
        await holding
        async with asyncio.timeout(HELD_UP_S):
            await storage.write(count_up)
        proxy.go_on()
        outcomes = await asyncio.gather(*paused, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {StorageGone, int}
        await behind.close()


# -- locks --


async def test_a_deadlock_is_run_again(storage: PostgresStorage) -> None:
    """Two actions take the same rows the wrong way round: both are stored in the end."""

    async def cross(tx: Tx, first: int, second: int) -> None:
        await tx.run("UPDATE thing SET n = n + 1 WHERE id = $1", first)
        await tx.one("SELECT pg_sleep(0.2)")
        await tx.run("UPDATE thing SET n = n + 1 WHERE id = $1", second)

    async def counts(tx: Tx) -> list[int]:
        return [row[0] for row in await tx.all("SELECT n FROM thing ORDER BY id")]

    for thing in (1, 2):
        await storage.write(add_thing, thing, "", 0)
    await asyncio.gather(storage.write(cross, 1, 2), storage.write(cross, 2, 1))
    assert await storage.read(counts) == [2, 2]


async def test_waiting_too_long_for_a_lock_is_slow(storage: PostgresStorage, open_postgres: OpenPostgres) -> None:
    """`StorageSlow`, nothing stored; whoever held the lock is not disturbed."""
    impatient = await open_postgres(statement_s=0.3)

    locked = asyncio.Event()

    async def hold(tx: Tx) -> int:
        number = await count_up(tx)
        locked.set()
        await tx.one("SELECT pg_sleep(1)")
        return number

    holding = asyncio.create_task(storage.write(hold))
    await locked.wait()
    with pytest.raises(StorageSlow):
        await impatient.write(count_up)
    assert await holding == 1
    assert await impatient.write(count_up) == 2


async def test_a_migration_elsewhere_is_not_noticed(storage: PostgresStorage, open_postgres: OpenPostgres) -> None:
    """A table gets a column while statements over it are prepared: they are prepared anew."""

    async def whole(tx: Tx) -> list[tuple[object, ...]]:
        return await tx.all("SELECT * FROM thing ORDER BY id")

    async def widen(tx: Tx) -> None:
        await tx.script("ALTER TABLE thing ADD COLUMN more BIGINT")

    await storage.write(add_thing, 1)
    assert await storage.read(whole) == [(1, "", None)]
    await (await open_postgres()).write(widen)
    assert await storage.read(whole) == [(1, "", None, None)]


# -- a full disk --


async def test_the_servers_word_for_a_full_disk(storage: PostgresStorage) -> None:
    """Its own error, raised by hand, for machines that can mount no small file system: nothing is stored."""

    async def fill(tx: Tx) -> None:
        await add_thing(tx, 1)
        await tx.run("DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$")

    with pytest.raises(StorageFull):
        await storage.write(fill)
    assert await storage.read(things) == []


@pytest.fixture
def small_disk(postgres_server: PostgresServer) -> Iterator[Path]:
    """A file system of 16 MB that the server may write to; skips where none may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="merpati-small-"))
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if not mount or subprocess.run(command, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("no file system may be mounted here; the server's own error is raised by hand above")
    if postgres_server.user:
        os.chown(folder, *postgres_server.user)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


async def test_a_full_disk_refuses_and_recovers(
    storage: PostgresStorage, postgres_dsn: str, small_disk: Path
) -> None:
    """A table fills its small file system: refused is not stored, accepted is; with room again it goes on."""
    admin = await asyncpg.connect(postgres_dsn)
    await admin.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    try:
        await admin.execute("ALTER TABLE thing SET TABLESPACE small")
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"b" * 4_000_000)
        accepted: set[int] = set()
        full = False
        for thing in range(0, 100_000, 20):
            calls = [storage.write(add_thing, thing + n, os.urandom(1500).hex()) for n in range(20)]
            answers = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(answer) for answer in answers} <= {int, StorageFull}
            accepted.update(answer for answer in answers if isinstance(answer, int))
            if full := not any(isinstance(answer, int) for answer in answers):
                break
        assert full
        assert set(await storage.read(things)) == accepted
        ballast.unlink()
        assert await storage.write(add_thing, 1_000_000) == 1_000_000
        assert set(await storage.read(things)) == accepted | {1_000_000}
    finally:
        await admin.execute("DROP TABLE thing CASCADE")
        await admin.execute("DROP TABLESPACE small")
        await admin.close()
