"""The network's memory: an append-only file of JSON lines, replayed at start, read by whoever judges from outside.

Each line is written by one `write` call before anything that follows from it leaves the network: a killed process
loses nothing that it acknowledged. A torn last line (power cut, full disk) is cut off at the next start.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from merpati.transports.simulator.entries import AnyEntry, Kept

FILE = "journal.jsonl"
_CHUNK_BYTES = 1 << 20
_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[AnyEntry] = msgspec.json.Decoder(AnyEntry)


class JournalDamaged(Exception):
    """A line in the middle of the journal cannot be read."""


class JournalInUse(Exception):
    """Another network writes this journal."""


class JournalFull(Exception):
    """The line could not be written whole; nothing of it was kept."""


class Journal:
    """The writer. One per folder: a second one is refused (`JournalInUse`)."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / FILE
        self._fsync = fsync
        self._fd = _open_alone(self.path)
        self.torn_bytes = _cut_torn_line(self._fd)

    def size_bytes(self) -> int:
        return os.fstat(self._fd).st_size

    def roll(self, kept: Kept, keep: int) -> None:
        """Set this journal aside (`journal-1.jsonl` …) and begin one with `kept`. Raises `JournalFull`.

        A crash at any point leaves a whole journal, the old one or the new one, in its place.
        """
        fresh = self.path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        old, self._fd = self._fd, _open_alone(fresh)
        try:
            self.append(kept)
            os.fsync(self._fd)
            aside = _set_aside(self.path.parent)
            number = _number(aside[-1]) + 1 if aside else 1
            os.link(self.path, self.path.with_name(f"journal-{number}.jsonl"))
            fresh.replace(self.path)
        except (JournalFull, OSError):
            os.close(self._fd)
            self._fd = old
            raise
        os.close(old)
        for path in _set_aside(self.path.parent)[:-keep] if keep else _set_aside(self.path.parent):
            path.unlink()

    def append(self, entry: AnyEntry) -> None:
        """Write one line; raises `JournalFull`."""
        line = _ENCODER.encode(entry) + b"\n"
        try:
            written = os.write(self._fd, line)
            if self._fsync:
                os.fdatasync(self._fd)
        except OSError as error:
            raise JournalFull(error.strerror) from error
        if written != len(line):
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
            raise JournalFull("short write")

    def close(self) -> None:
        """May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _open_alone(path: Path) -> int:
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise JournalInUse(str(path)) from None
    return fd


def _set_aside(folder: Path) -> list[Path]:
    """The journals before this one, oldest first."""
    return sorted(folder.glob("journal-*.jsonl"), key=_number)


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def _cut_torn_line(fd: int) -> int:
    """Truncate to the last whole line; the number of bytes cut."""
    size = end = os.fstat(fd).st_size
    while end > 0:
        start = max(0, end - _CHUNK_BYTES)
        newline = os.pread(fd, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(fd, end)
    return size - end


def read_journal(path: Path) -> Iterator[AnyEntry]:
    """The entries in order, of one journal, or of a folder's journals from the oldest. Also while one is written.

    A last line without its end is left out; a broken line elsewhere raises `JournalDamaged`.
    """
    for each in [*_set_aside(path), path / FILE] if path.is_dir() else [path]:
        with each.open("rb") as file:
            yield from _entries(file)


def _entries(file: BinaryIO) -> Iterator[AnyEntry]:
    for number, line in enumerate(file, start=1):
        if not line.endswith(b"\n"):
            return
        try:
            yield _DECODER.decode(line)
        except msgspec.DecodeError as error:
            raise JournalDamaged(f"line {number}: {error}") from error
