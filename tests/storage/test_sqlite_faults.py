"""What only a file can suffer: a full disk, a killed process, a file that is no database."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from merpati.core.clock import SystemClock
from merpati.storage.migrate import migrate
from merpati.storage.port import Storage, StorageFull, StorageGone, Tx
from merpati.storage.sqlite import SqliteStorage
from tests.conformance.storage_actions import add_thing, steps_with_things, things
from tests.storage.conftest import OpenSqlite

WRITE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from merpati.core.clock import SystemClock
from merpati.storage.sqlite import SqliteStorage

async def add_thing(tx, thing):
    await tx.run("INSERT INTO thing (id, body) VALUES ($1, $2)", thing, "x" * 500)

async def caller(storage, first):
    thing = first
    while True:
        await storage.write(add_thing, thing)
        print(thing, flush=True)
        thing += 8

async def main():
    storage = await SqliteStorage.open(Path(sys.argv[1]), SystemClock())
    await asyncio.gather(*(caller(storage, int(sys.argv[2]) + n) for n in range(8)))

asyncio.run(main())
"""


@pytest.fixture
async def storage(open_sqlite: OpenSqlite) -> SqliteStorage:
    storage = await open_sqlite()
    await migrate(storage, steps_with_things(storage.engine))
    return storage


async def limit_pages(tx: Tx, pages: int) -> None:
    await tx.all(f"PRAGMA max_page_count = {pages}")


async def page_count(tx: Tx) -> int:
    row = await tx.one("PRAGMA page_count")
    assert row is not None
    return int(row[0])


async def integrity(tx: Tx) -> list[str]:
    return [row[0] for row in await tx.all("PRAGMA integrity_check")]


# -- a full disk --


async def fill(storage: Storage, first: int) -> set[int]:
    """Write 3 kB at a time, twenty at once, until each of twenty is refused; answers what was accepted."""
    accepted: set[int] = set()
    while True:
        some = range(first, first + 20)
        first += 20
        calls = [storage.write(add_thing, thing, "y" * 3000) for thing in some]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(answer) for answer in answers} <= {int, StorageFull}
        accepted.update(answer for answer in answers if isinstance(answer, int))
        if not any(isinstance(answer, int) for answer in answers):
            return accepted


async def test_a_file_that_may_not_grow_refuses_and_recovers(storage: SqliteStorage) -> None:
    """By `max_page_count`: what is refused is not stored, what was accepted is; with room again it goes on."""
    pages = await storage.read(page_count)
    await storage.write(limit_pages, pages + 300)
    accepted = await fill(storage, 0)
    assert len(accepted) > 50
    assert set(await storage.read(things)) == accepted
    await storage.write(limit_pages, pages + 3000)
    assert await storage.write(add_thing, 1_000_000) == 1_000_000
    assert await storage.read(integrity) == ["ok"]


async def test_the_others_of_a_group_that_filled_the_disk_are_kept(storage: SqliteStorage) -> None:
    """SQLite rolls the whole transaction back; each runs once more, alone, and only the large one is refused."""
    await storage.write(limit_pages, await storage.read(page_count) + 100)
    small = [storage.write(add_thing, n) for n in range(10)]
    large = storage.write(add_thing, 100, "y" * 4_000_000)
    *others, outcome = await asyncio.gather(*small, large, return_exceptions=True)
    assert isinstance(outcome, StorageFull)
    assert others == list(range(10))
    assert await storage.read(things) == list(range(10))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB; skips where none may be mounted (`max_page_count` stands in for it above)."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if not mount or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
async def on_small_disk(small_disk: Path) -> AsyncIterator[SqliteStorage]:
    storage = await SqliteStorage.open(small_disk / "merpati.db", SystemClock())
    await migrate(storage, steps_with_things(storage.engine))
    yield storage
    await storage.close()


@pytest.mark.faults
async def test_a_full_disk_refuses_and_recovers(on_small_disk: SqliteStorage, small_disk: Path) -> None:
    """Really full, then freed by somebody else: nothing accepted is missing, the same process goes on."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"b" * 3_000_000)
    accepted = await fill(on_small_disk, 0)
    assert set(await on_small_disk.read(things)) == accepted
    ballast.unlink()
    assert await on_small_disk.write(add_thing, 1_000_000) == 1_000_000
    assert set(await on_small_disk.read(things)) == accepted | {1_000_000}
    assert await on_small_disk.read(integrity) == ["ok"]


# -- a killed process --


@pytest.mark.process
@pytest.mark.faults
async def test_a_killed_process_loses_nothing_that_it_answered(storage: SqliteStorage, tmp_path: Path) -> None:
    """kill -9 in the middle of group commits, five times: every thing that was printed is there afterwards."""
    await storage.close()
    printed: set[int] = set()
    for life in range(5):
        writing = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path / "merpati.db"), str(life * 1_000_000),
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert writing.stdout is not None
        for _ in range(50 + 37 * life):
            printed.add(int(await writing.stdout.readline()))
        writing.send_signal(signal.SIGKILL)
        rest = await writing.stdout.read()
        printed.update(int(line) for line in rest.splitlines(keepends=True) if line.endswith(b"\n"))
        await writing.wait()
        again = await SqliteStorage.open(tmp_path / "merpati.db", SystemClock())
        assert printed <= set(await again.read(things))
        assert await again.read(integrity) == ["ok"]
        await again.close()


# -- no database --


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """`StorageGone` that names the file, and the file is left as it is."""
    (tmp_path / "merpati.db").write_text("a shopping list, not a database" * 100)
    with pytest.raises(StorageGone, match=r"merpati\.db"):
        await SqliteStorage.open(tmp_path / "merpati.db", SystemClock())
    assert (tmp_path / "merpati.db").read_text().startswith("a shopping list")


async def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """`StorageGone`, no folder is made."""
    with pytest.raises(StorageGone):
        await SqliteStorage.open(tmp_path / "missing" / "merpati.db", SystemClock())
    assert not (tmp_path / "missing").exists()
