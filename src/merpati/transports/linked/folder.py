"""Where a device's keys lie, and the marks on them. One folder each, readable by its owner alone.

    session.db      WhatsApp's keys and encryption state, whatsmeow's own
    before.db       the keys of before, while others are being paired
    worker.db       what the worker remembers beside it (`worker.store`)
    lock            held by the process that has the session
    clean           the session was stopped in order: nothing has changed since
    restored        this is a copy, out of a backup
    moved           the session lives on elsewhere: it does not start here

Two copies of the keys must not both run: each message moves the encryption state on, and what the other then gets
it cannot read.
"""

import contextlib
import fcntl
import os
import shutil
import sqlite3
from enum import StrEnum
from pathlib import Path
from typing import Final

from merpati.core.ids import DeviceId

SESSION: Final = "session.db"
ASIDE: Final = "before.db"
BUSY_S: Final = 2.0
"""The library may be writing; a worker that waits answers nobody meanwhile."""
_BESIDE: Final = ("", "-journal", "-wal", "-shm")


class Mark(StrEnum):
    """Empty files."""

    CLEAN = "clean"
    RESTORED = "restored"
    MOVED = "moved"


class SessionFolder:
    """A device's folder; made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, root: Path, device: DeviceId) -> "SessionFolder":
        return cls(root / str(device))

    def make(self) -> None:
        """Raises `OSError`."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    def lock(self) -> int:
        """Held until the descriptor is closed or its process ends, however. Raises `OSError`: another one has the
        session; it may have lost its gateway, and not noticed yet."""
        file = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise
        return file

    @property
    def session(self) -> Path:
        return self.path / SESSION

    def has(self, mark: Mark) -> bool:
        return (self.path / mark).exists()

    def put(self, mark: Mark) -> None:
        """On the disk when it returns. Again is harmless."""
        os.close(os.open(self.path / mark, os.O_WRONLY | os.O_CREAT, 0o600))
        self._sync()

    def take(self, mark: Mark) -> bool:
        """Remove it; whether it was there."""
        there = self.has(mark)
        if there:
            (self.path / mark).unlink(missing_ok=True)
            self._sync()
        return there

    def _sync(self) -> None:
        file = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def paired_as(self) -> str:
        """The JID that the session is of, `number:device@server`; empty: it is not paired.

        Not read-only: after a kill the database may have to go back to its last commit. Raises `sqlite3.Error`.
        """
        if not self.session.exists():
            return ""
        with contextlib.closing(sqlite3.connect(self.session, timeout=BUSY_S)) as db:
            named = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'whatsmeow_device'").fetchone()
            row = db.execute("SELECT jid FROM whatsmeow_device").fetchone() if named else None
        return str(row[0]) if row is not None else ""

    def forget(self) -> None:
        """Remove the keys and all that belongs to them; a mark that it moved stays. Again is harmless."""
        moved = self.has(Mark.MOVED)
        shutil.rmtree(self.path, ignore_errors=True)
        if moved:
            self.make()
            self.put(Mark.MOVED)

    def set_aside_keys(self) -> None:
        """Another pairing begins: keys that are paired are kept until it has others."""
        if self.paired_as():
            self._move(SESSION, ASIDE)
        self._remove(SESSION)

    @property
    def has_keys_aside(self) -> bool:
        return (self.path / ASIDE).exists()

    def bring_keys_back(self) -> None:
        """The pairing came to nothing. Again is harmless."""
        if self.has_keys_aside and not self.paired_as():
            self._remove(SESSION)
            self._move(ASIDE, SESSION)

    def forget_keys_aside(self) -> None:
        """There are others; what was marked were those. Again is harmless."""
        self._remove(ASIDE)
        for mark in Mark:
            self.take(mark)

    def _move(self, name: str, to: str) -> None:
        for end in reversed(_BESIDE):
            with contextlib.suppress(FileNotFoundError):
                (self.path / (name + end)).replace(self.path / (to + end))
        self._sync()

    def _remove(self, name: str) -> None:
        for end in _BESIDE:
            (self.path / (name + end)).unlink(missing_ok=True)
