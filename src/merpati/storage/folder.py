"""The data folder: everything that one merpati keeps on disk, and the lock that lets only one process keep it.

    merpati.db          the database, when it is SQLite
    media/              attachments that go out or came, by path as the `media` table names them
    spool/              files on their way into media/; emptied at every start, in no backup
    cache/              copies of what lies in a bucket, and small pictures; may be lost, in no backup
    keys/               secrets that must not be in the database, 32 random bytes each
    linked/             keys of linked phones, a folder for each device; in a backup as they are at that moment
    simulator/          the simulated network's own store: not ours, in no backup
    lock                held by the process that serves from here

All of it belongs to one user (0700, files of keys 0600).
"""

import fcntl
import os
import secrets
from pathlib import Path

KEY_BYTES = 32


class FolderInUse(Exception):
    """Another process serves from this data folder."""

    def __init__(self, path: Path, pid: str) -> None:
        super().__init__(f"the data folder {path} is in use by process {pid or '?'}")
        self.path, self.pid = path, pid


class KeyDamaged(Exception):
    """A key file does not hold a key."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} does not hold {KEY_BYTES} bytes")
        self.path = path


class DataFolder:
    """The folder's layout. Made where it is missing; `take` locks it, looking needs no lock."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when the folder cannot be made."""
        self.path = path.absolute()
        for folder in (self.path, self.media, self.spool, self.cache, self.keys, self.linked, self.simulator):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self._lock: int | None = None

    @property
    def database(self) -> Path:
        return self.path / "merpati.db"

    @property
    def media(self) -> Path:
        return self.path / "media"

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def cache(self) -> Path:
        return self.path / "cache"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def linked(self) -> Path:
        return self.path / "linked"

    @property
    def simulator(self) -> Path:
        return self.path / "simulator"

    def take(self) -> None:
        """Lock the folder for this process, until `release` or its end; raises `FolderInUse`.

        The lock is the kernel's (flock): a process that was killed holds it no longer. Its `spool` is emptied.
        """
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).decode(errors="replace").strip()
            os.close(lock)
            raise FolderInUse(self.path, holder) from None
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        self._lock = lock
        for left in self.spool.iterdir():
            left.unlink()

    def release(self) -> None:
        """Unlock. May run twice."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def key(self, name: str) -> bytes:
        """The secret of this name, 32 bytes, made and synced to disk when first asked for. Safe in a race.

        Raises `KeyDamaged`.
        """
        path = self.keys / f"{name}.key"
        if not path.exists():
            _write_key(path)
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise KeyDamaged(path)
        return key


def _write_key(path: Path) -> None:
    """Appears whole or not at all; the first of two writers wins."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, secrets.token_bytes(KEY_BYTES))
        os.fsync(file)
    finally:
        os.close(file)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names that were created in or moved into `folder` survive a power cut."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
