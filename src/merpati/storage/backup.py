"""Backup and restore: database, media and keys in one archive, taken while the server runs.

The archive is a tar: `manifest.json`, then `database/`, `keys/`, `linked/` and `media/`. The database is one
snapshot; media are copied after it, so every file that the snapshot names is there, unless it was deleted since.
The archive contains the keys: whoever has it can read every secret, and write as each linked phone.
"""

import asyncio
import os
import secrets
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import msgspec

from merpati.core.clock import Clock
from merpati.storage import backup_linked, backup_postgres, backup_sqlite
from merpati.storage.backup_refused import BackupRefused, Why
from merpati.storage.folder import DataFolder, sync_folder
from merpati.storage.migrate import SchemaTooNew, known_migrations
from merpati.storage.port import Engine

FORMAT = 1
_MANIFEST, _DATABASE, _KEYS, _MEDIA, _LINKED = "manifest.json", "database", "keys", "media", "linked"
_MOST_MANIFEST_BYTES = 1_000_000


class Manifest(msgspec.Struct, frozen=True):
    """What an archive contains."""

    format: int
    engine: Engine
    schema: int
    """The newest migration in the database."""
    made_at: int
    tables: dict[str, list[str]] = {}
    """PostgreSQL: the columns of each table, in the order of its file."""


async def backup(
    folder: DataFolder, database: str, archive: Path, clock: Clock, *, moved: bool = False
) -> Manifest:
    """Write everything into `archive`, which appears whole or not at all (an older one is replaced).

    `database`: address of a PostgreSQL; empty: the folder's SQLite. `moved`: as in `backup_linked.copy`. The server
    may run, here or elsewhere. Raises `BackupRefused`, `StorageError`, OSError.
    """
    with _staging(archive.parent, archive.name) as stage:
        rows = stage / _DATABASE
        rows.mkdir()
        if database:
            schema, tables = await backup_postgres.dump(database, rows)
            engine = Engine.POSTGRES
        elif folder.database.exists():
            schema, tables = await asyncio.to_thread(backup_sqlite.copy, folder.database, rows), {}
            engine = Engine.SQLITE
        else:
            raise BackupRefused(Why.NO_DATABASE, place=folder.database)
        manifest = Manifest(FORMAT, engine, schema, clock.now(), tables)
        (stage / _LINKED).mkdir()
        await asyncio.to_thread(backup_linked.copy, folder.linked, stage / _LINKED, moved=moved)
        await asyncio.to_thread(_write_archive, stage / "archive", manifest, stage, folder)
        (stage / "archive").replace(archive)
        sync_folder(archive.parent)
    return manifest


async def restore(archive: Path, folder: DataFolder, database: str, clock: Clock) -> Manifest:
    """Fill an empty folder (and an empty PostgreSQL, when `database` names one) with what `archive` contains.

    Raises `BackupRefused` when something is there already or the archive is not one of ours or of the other
    engine, `SchemaTooNew`, `FolderInUse`, `StorageError`, OSError; then the folder is as it was.
    """
    folder.take()
    try:
        _refuse_full(folder, database)
        with _staging(folder.path, "restore") as stage:
            manifest = await asyncio.to_thread(_read_archive, archive, stage)
            _refuse_foreign(manifest, database)
            if database:
                await backup_postgres.load(stage / _DATABASE, database, manifest.schema, manifest.tables, clock)
            else:
                await asyncio.to_thread(backup_sqlite.check, stage / _DATABASE)
            _put_in_place(stage, folder)
    finally:
        folder.release()
    return manifest


@contextmanager
def _staging(beside: Path, name: str) -> Iterator[Path]:
    """A folder for drafts on the disk where the result will be, gone afterwards."""
    stage = beside / f".{name}.{secrets.token_hex(4)}"
    stage.mkdir(mode=0o700)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


# -- writing --


def _write_archive(draft: Path, manifest: Manifest, stage: Path, folder: DataFolder) -> None:
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as out:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            text = msgspec.json.encode(manifest)
            tar.addfile(_entry(_MANIFEST, len(text), manifest.made_at // 1000), BytesIO(text))
            parts = ((_DATABASE, stage / _DATABASE), (_KEYS, folder.keys), (_LINKED, stage / _LINKED))
            for name, root in (*parts, (_MEDIA, folder.media)):
                for path in sorted(root.rglob("*")):
                    _add(tar, path, f"{name}/{path.relative_to(root)}")
        out.flush()
        os.fsync(out.fileno())


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """A file as it is; drafts (names with a dot first) and what has gone since the listing are left out."""
    if path.name.startswith(".") or path.is_symlink() or not path.is_file():
        return
    try:
        content = path.open("rb")
    except FileNotFoundError:
        return
    with content:
        status = os.fstat(content.fileno())
        tar.addfile(_entry(name, status.st_size, int(status.st_mtime)), content)


def _entry(name: str, size: int, at_s: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, at_s, 0o600
    return entry


# -- reading --


def _read_archive(archive: Path, stage: Path) -> Manifest:
    """Unpack into `stage`; raises `BackupRefused` for what `_write_archive` would not write."""
    try:
        with tarfile.open(archive, "r:") as tar:
            manifest = _read_manifest(tar)
            for entry in tar:
                if entry.name != _MANIFEST:
                    _unpack(tar, entry, stage)
    except (tarfile.TarError, EOFError) as error:
        raise BackupRefused(Why.DAMAGED) from error
    return manifest


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    content = tar.extractfile(first) if first is not None and first.name == _MANIFEST else None
    if content is None:
        raise BackupRefused(Why.NOT_OURS, what=_MANIFEST)
    try:
        manifest = msgspec.json.decode(content.read(_MOST_MANIFEST_BYTES), type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupRefused(Why.NOT_OURS, what=_MANIFEST) from error
    if manifest.format != FORMAT:
        raise BackupRefused(Why.NEWER_FORMAT, found=manifest.format, known=FORMAT)
    return manifest


def _unpack(tar: tarfile.TarFile, entry: tarfile.TarInfo, stage: Path) -> None:
    """Write one file and sync it; a name that leads elsewhere is refused."""
    top, *rest = entry.name.split("/")
    content = tar.extractfile(entry) if entry.isfile() else None
    if content is None or top not in (_DATABASE, _KEYS, _MEDIA, _LINKED) or not rest or {"", ".", ".."} & set(rest):
        raise BackupRefused(Why.NOT_OURS, what=entry.name)
    path = stage / entry.name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        shutil.copyfileobj(content, target)
        target.flush()
        os.fsync(target.fileno())


def _put_in_place(stage: Path, folder: DataFolder) -> None:
    """Move what was unpacked where it belongs, the database last: with it the folder counts as full."""
    if (stage / _LINKED).exists():
        backup_linked.mark_restored(stage / _LINKED)
    for name, place in ((_KEYS, folder.keys), (_LINKED, folder.linked), (_MEDIA, folder.media)):
        if (stage / name).exists():
            (stage / name).replace(place)  # the empty one gives way
    if (stage / _DATABASE / backup_sqlite.NAME).exists():
        (stage / _DATABASE / backup_sqlite.NAME).replace(folder.database)
    sync_folder(folder.path)


def _refuse_full(folder: DataFolder, database: str) -> None:
    full = [place for place in (folder.keys, folder.linked, folder.media) if any(place.iterdir())]
    if folder.database.exists() and not database:
        full.append(folder.database)
    if full:
        raise BackupRefused(Why.NOT_EMPTY, places=", ".join(map(str, full)))


def _refuse_foreign(manifest: Manifest, database: str) -> None:
    wanted = Engine.POSTGRES if database else Engine.SQLITE
    if manifest.engine is not wanted:
        raise BackupRefused(Why.OTHER_ENGINE, found=manifest.engine.value, wanted=wanted.value)
    known = len(known_migrations(wanted))
    if manifest.schema > known:
        raise SchemaTooNew(manifest.schema, known)
