"""Where files of messages are kept: a port, and the media folder. `storage.s3` has the other.

A file is written once, under a name that nobody uses again, and never changed.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from merpati.core.clock import Millis
from merpati.storage.folder import sync_folder
from merpati.storage.port import StorageGone

AT_ONCE = 200
"""Names of one part of `older`."""


class FilesGone(StorageGone):
    """The store of files cannot be reached: nothing was done."""


class FileStore(Protocol):
    """Files by name. Each of these may raise `FilesGone`."""

    async def keep(self, source: Path, name: str) -> None:
        """Take over a file that is synced to disk, on the file system of the data folder.

        When this returns, it is kept over any crash, and gone where it was."""
        ...

    async def locate(self, name: str) -> Path:
        """A file with this content on this machine, whole; it stays for an hour. Raises `FileNotFoundError`."""
        ...

    async def remove(self, names: Sequence[str]) -> None:
        """Those that are not there are no trouble."""
        ...

    def older(self, before: Millis) -> AsyncIterator[Sequence[str]]:
        """Names of what was last written before this, some at a time, in any order. May be removed meanwhile."""
        ...


class FolderStore:
    """Files in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def keep(self, source: Path, name: str) -> None:
        await asyncio.to_thread(self._keep, source, name)

    def _keep(self, source: Path, name: str) -> None:
        source.replace(self.folder / name)
        sync_folder(self.folder)

    async def locate(self, name: str) -> Path:
        path = self.folder / name
        if not await asyncio.to_thread(path.is_file):
            raise FileNotFoundError(name)
        return path

    async def remove(self, names: Sequence[str]) -> None:
        await asyncio.to_thread(self._remove, names)

    def _remove(self, names: Sequence[str]) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    async def older(self, before: Millis) -> AsyncIterator[Sequence[str]]:
        names = await asyncio.to_thread(lambda: sorted(older_files(self.folder, before)))
        for start in range(0, len(names), AT_ONCE):
            yield names[start : start + AT_ONCE]


def older_files(folder: Path, before: Millis) -> Iterator[str]:
    """Names of the files of a folder that were last written before this. Blocks."""
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime * 1_000 < before:
                    yield entry.name
            except FileNotFoundError:  # another sweep was quicker
                continue
