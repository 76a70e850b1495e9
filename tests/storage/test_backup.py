"""Backup while running, and restore, on both engines."""

import asyncio
import stat
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest

from merpati.core.clock import SystemClock
from merpati.core.ids import AccountId
from merpati.storage.backup import FORMAT, Manifest, backup, restore
from merpati.storage.backup_refused import BackupRefused, Why
from merpati.storage.folder import DataFolder, FolderInUse
from merpati.storage.migrate import Migration, SchemaTooNew, known_migrations, migrate
from merpati.storage.port import Engine, Storage, Tx
from merpati.storage.postgres import PostgresStorage
from merpati.storage.sqlite import SqliteStorage

CLOCK = SystemClock()
ACCOUNT = AccountId(1)
TRICKY = ["", "\\N", "\t", "a\nb\r\\", '"quoted", yes', "🕊 surat", "NULL"]

OpenDatabase = Callable[[DataFolder, str], Awaitable[Storage]]


async def write_pair(tx: Tx, n: int, text: str) -> None:
    """Two rows that belong together: a snapshot has both or none."""
    await tx.run("INSERT INTO idempotency (account_id, key, body_hash, answer, at) VALUES ($1, $2, $3, '', $4)",
                 ACCOUNT, f"k{n}", text, n)  # fmt: skip
    await tx.run("INSERT INTO id_range (kind, next) VALUES ($1, $2)", f"k{n}", n)


async def add_owner(tx: Tx) -> None:
    """A row that refers to another table's."""
    await tx.run(
        "INSERT INTO account (id, name, token_hash, token_sealed, created_at) VALUES (1, 'Toko', 'h', 's', 0)"
    )
    await tx.run(
        "INSERT INTO owner (id, account_id, email, password_hash, created_at) VALUES (1, 1, 'a@b', 'h', 0)"
    )


async def look(tx: Tx) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    keys = await tx.all("SELECT key, body_hash FROM idempotency ORDER BY at")
    kinds = await tx.all("SELECT kind FROM id_range ORDER BY next")
    owners = await tx.all("SELECT email FROM owner ORDER BY id")
    return [(key, text) for key, text in keys], [row[0] for row in kinds], [row[0] for row in owners]


@pytest.fixture
async def two_postgres(postgres_dsn: str) -> AsyncIterator[tuple[str, str]]:
    there = urlsplit(postgres_dsn)._replace(path="/merpati_copy_" + urlsplit(postgres_dsn).path[-32:])
    admin = await asyncpg.connect(postgres_dsn)
    await admin.execute(f"CREATE DATABASE {there.path[1:]}")
    yield postgres_dsn, there.geturl()
    await admin.execute(f"DROP DATABASE {there.path[1:]} WITH (FORCE)")
    await admin.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def databases(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The addresses of two empty databases, from and to; "" for SQLite, whose file is in its folder."""
    if request.param == "sqlite":
        return "", ""
    two: tuple[str, str] = request.getfixturevalue("two_postgres")
    return two


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def open_database(folder: DataFolder, database: str) -> Storage:
    if database:
        return await PostgresStorage.open(database, CLOCK)
    return await SqliteStorage.open(folder.database, CLOCK)


@pytest.fixture
def here(tmp_path: Path) -> DataFolder:
    """A data folder with a key and media."""
    folder = DataFolder(tmp_path / "here")
    folder.key("secrets")
    (folder.media / "1").mkdir()
    (folder.media / "1" / "photo.jpg").write_bytes(b"\xff\xd8 photo")
    (folder.simulator / "network.db").write_bytes(b"not ours")
    return folder


@pytest.fixture
def there(tmp_path: Path) -> DataFolder:
    """A new data folder."""
    return DataFolder(tmp_path / "there")


async def test_a_backup_under_writes_is_one_moment(
    databases: tuple[str, str], here: DataFolder, there: DataFolder, tmp_path: Path
) -> None:
    """Eight callers write pairs meanwhile: every restored pair is whole, and what was answered before is there."""
    storage = await open_database(here, databases[0])
    await migrate(storage)
    await storage.write(add_owner)
    for n, text in enumerate(TRICKY):
        await storage.write(write_pair, n, text)
    finished = asyncio.Event()

    async def press(first: int) -> int:
        n = first
        while not finished.is_set():
            await storage.write(write_pair, n, "x" * 200)
            n += 1
        return n - first

    pressing = [asyncio.create_task(press(100_000 * caller)) for caller in range(1, 9)]
    manifest = await backup(here, databases[0], tmp_path / "merpati.tar", CLOCK)
    finished.set()
    assert all(await asyncio.gather(*pressing))
    await storage.close()

    assert manifest.schema == len(known_migrations(storage.engine))
    assert stat.S_IMODE((tmp_path / "merpati.tar").stat().st_mode) == 0o600
    assert await restore(tmp_path / "merpati.tar", there, databases[1], CLOCK) == manifest
    restored = await open_database(there, databases[1])
    assert await migrate(restored) == []
    keys, kinds, owners = await restored.read(look)
    assert keys[: len(TRICKY)] == [(f"k{n}", text) for n, text in enumerate(TRICKY)]
    assert [key for key, _ in keys] == kinds
    assert owners == ["a@b"]
    await restored.write(write_pair, 10**9, "and it goes on")
    await restored.close()
    assert there.key("secrets") == here.key("secrets")
    assert (there.media / "1" / "photo.jpg").read_bytes() == b"\xff\xd8 photo"
    assert not any(there.simulator.iterdir())
    assert names_in(there.path) <= {
        "merpati.db", "merpati.db-wal", "merpati.db-shm", "media", "keys", "linked", "simulator", "spool", "cache",
        "lock",
    }  # fmt: skip


async def make_backup(folder: DataFolder, database: str, archive: Path) -> Manifest:
    storage = await open_database(folder, database)
    await migrate(storage)
    await storage.write(write_pair, 1, "first")
    await storage.close()
    return await backup(folder, database, archive, CLOCK)


async def test_nothing_is_overwritten(databases: tuple[str, str], here: DataFolder, tmp_path: Path) -> None:
    """Restoring over what is there is refused, and leaves it as it was."""
    archive = tmp_path / "merpati.tar"
    await make_backup(here, databases[0], archive)
    with pytest.raises(BackupRefused, match=Why.NOT_EMPTY):
        await restore(archive, here, databases[0], CLOCK)
    storage = await open_database(here, databases[0])
    keys, _, _ = await storage.read(look)
    assert keys == [("k1", "first")]
    await storage.close()


@pytest.mark.postgres
async def test_a_postgres_with_rows_is_not_overwritten(
    postgres_dsn: str, here: DataFolder, there: DataFolder, tmp_path: Path
) -> None:
    """Though the folder is new; nothing was unpacked."""
    archive = tmp_path / "merpati.tar"
    await make_backup(here, postgres_dsn, archive)
    with pytest.raises(BackupRefused, match=Why.DATABASE_NOT_EMPTY):
        await restore(archive, there, postgres_dsn, CLOCK)
    assert not any(there.keys.iterdir())


async def test_a_folder_in_use_is_not_restored_into(here: DataFolder, there: DataFolder, tmp_path: Path) -> None:
    """`FolderInUse` while a server holds the folder."""
    archive = tmp_path / "merpati.tar"
    await make_backup(here, "", archive)
    holder = DataFolder(there.path)
    holder.take()
    with pytest.raises(FolderInUse):
        await restore(archive, there, "", CLOCK)
    holder.release()
    await restore(archive, there, "", CLOCK)


async def test_an_older_backup_is_upgraded_and_a_newer_one_refused(
    databases: tuple[str, str], here: DataFolder, there: DataFolder, tmp_path: Path
) -> None:
    """The schema is the archive's; a schema that this merpati does not know is `SchemaTooNew`."""
    storage = await open_database(here, databases[0])
    steps = known_migrations(storage.engine)
    await migrate(storage, steps[:3])
    await storage.write(write_pair, 1, "first")
    manifest = await backup(here, databases[0], tmp_path / "old.tar", CLOCK)
    assert manifest.schema == 3
    await migrate(storage, [*steps, Migration(len(steps) + 1, "newer", "CREATE TABLE newer (id BIGINT)")])
    await backup(here, databases[0], tmp_path / "new.tar", CLOCK)
    await storage.close()

    with pytest.raises(SchemaTooNew):
        await restore(tmp_path / "new.tar", there, databases[1], CLOCK)
    await restore(tmp_path / "old.tar", there, databases[1], CLOCK)
    restored = await open_database(there, databases[1])
    assert await migrate(restored) == steps[3:]
    keys, _, _ = await restored.read(look)
    assert keys == [("k1", "first")]
    await restored.close()


async def test_a_backup_of_nothing_is_refused(there: DataFolder, tmp_path: Path) -> None:
    """No database, no archive."""
    with pytest.raises(BackupRefused, match=Why.NO_DATABASE):
        await backup(there, "", tmp_path / "merpati.tar", CLOCK)
    assert names_in(tmp_path) == {"there"}


async def test_a_backup_of_the_other_engine_is_refused(here: DataFolder, there: DataFolder, tmp_path: Path) -> None:
    """It says which engine the archive is of."""
    await make_backup(here, "", tmp_path / "merpati.tar")
    with pytest.raises(BackupRefused, match="sqlite"):
        await restore(tmp_path / "merpati.tar", there, "postgresql://nowhere", CLOCK)


def write_tar(archive: Path, files: list[tuple[str, bytes]]) -> None:
    with tarfile.open(archive, "w") as tar:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, BytesIO(content))


MANIFEST = ("manifest.json", msgspec.json.encode(Manifest(FORMAT, Engine.SQLITE, 1, 0)))
NEWER = ("manifest.json", msgspec.json.encode(Manifest(FORMAT + 1, Engine.SQLITE, 1, 0)))


@pytest.mark.parametrize(
    "files",
    [
        [],
        [("database/merpati.db", b"")],
        [("manifest.json", b"{")],
        [NEWER],
        [MANIFEST, ("keys/../../escaped", b"")],
        [MANIFEST, ("/etc/escaped", b"")],
        [MANIFEST, ("elsewhere/x", b"")],
        [MANIFEST, ("keys", b"")],
    ],
    ids=["empty", "no manifest", "broken", "newer", "upwards", "absolute", "elsewhere", "no name"],
)
async def test_what_is_no_backup_of_ours_is_refused(
    there: DataFolder, tmp_path: Path, files: list[tuple[str, bytes]]
) -> None:
    """Nothing is written outside the folder, and nothing stays in it."""
    write_tar(tmp_path / "bad.tar", files)
    with pytest.raises(BackupRefused):
        await restore(tmp_path / "bad.tar", there, "", CLOCK)
    assert not any(there.keys.iterdir())
    assert names_in(there.path) == {"media", "keys", "linked", "simulator", "spool", "cache", "lock"}


@pytest.mark.parametrize("keep", [0, 100, 600, 0.5])
async def test_a_cut_archive_is_refused(there: DataFolder, here: DataFolder, tmp_path: Path, keep: float) -> None:
    """A download that broke off: refused, the folder is as it was."""
    archive = tmp_path / "merpati.tar"
    await make_backup(here, "", archive)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(keep * len(whole)) if keep == 0.5 else int(keep)])
    with pytest.raises(BackupRefused):
        await restore(archive, there, "", CLOCK)
    assert not there.database.exists()
    assert not any(there.keys.iterdir())
