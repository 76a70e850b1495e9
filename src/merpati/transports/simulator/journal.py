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

from merpati.transports.simulator.entries import AnyEntry

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
    """The writer. One per file: a second one is refused (`JournalInUse`)."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / FILE
        self._fsync = fsync
        self._fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise JournalInUse(str(self.path)) from None
        self.torn_bytes = _cut_torn_line(self._fd)

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
    """The journal's entries in order; `path` is the file or its folder. Reads also while a network writes.

    A last line without its end is left out; a broken line elsewhere raises `JournalDamaged`.
    """
    with (path / FILE if path.is_dir() else path).open("rb") as file:
        yield from _entries(file)


def _entries(file: BinaryIO) -> Iterator[AnyEntry]:
    for number, line in enumerate(file, start=1):
        if not line.endswith(b"\n"):
            return
        try:
            yield _DECODER.decode(line)
        except msgspec.DecodeError as error:
            raise JournalDamaged(f"line {number}: {error}") from error
