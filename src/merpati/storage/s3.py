"""Files of messages in a bucket that speaks S3, by obstore; what was used lately also lies on this machine.

The one module that names obstore, which is an extra: `pip install merpati[s3]`. Keys come from where Amazon's tools
find them: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or the machine's own role.
"""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from merpati.core.clock import HOUR_MS, Millis
from merpati.storage.files import FilesGone

if TYPE_CHECKING:
    from obstore.store import S3Config

PART_BYTES = 5 * 1024 * 1024
"""The smallest that S3 takes."""
PARTS_AT_ONCE = 2
"""Of one upload: what a large file costs in memory grows with their product."""
CHUNK_BYTES = 1_000_000
TRIES = 2
LOCAL_MS = HOUR_MS


class S3FileStore:
    """Files in a bucket, under a prefix. `cache` is a folder of this process alone, on the data folder's file
    system; it keeps what was used within the hour, and of the rest as much as `cache_bytes` leave room for."""

    def __init__(self, store: S3Store, cache: Path, cache_bytes: int) -> None:
        self._store, self._cache, self._cache_bytes = store, cache, cache_bytes

    @classmethod
    async def open(
        cls, url: str, cache: Path, *, endpoint: str = "", region: str = "us-east-1", cache_bytes: int
    ) -> "S3FileStore":
        """The bucket of `s3://bucket/prefix`, which must be there; raises `FilesGone`."""
        parts = urlsplit(url)
        config: S3Config = {"region": region}
        if endpoint:
            config["endpoint"] = endpoint
        store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            config=config,
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=10),
                "read_timeout": timedelta(seconds=30),
                "timeout": timedelta(minutes=10),
            },
            retry_config={"max_retries": TRIES, "retry_timeout": timedelta(seconds=60)},
        )
        with _translated():
            async for _ in obstore.list(store, chunk_size=1):
                break
        return cls(store, cache, cache_bytes)

    async def keep(self, source: Path, name: str) -> None:
        """The upload is one object or none; its copy here is what will be sent in a moment."""
        with _translated():
            await obstore.put_async(self._store, name, source, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)
        await asyncio.to_thread(source.replace, self._cache / name)

    async def locate(self, name: str) -> Path:
        path = self._cache / name
        if not await asyncio.to_thread(_touch, path):
            await self._download(name, path)
            await asyncio.to_thread(self._evict)
        return path

    async def _download(self, name: str, path: Path) -> None:
        aside = self._cache / f".{secrets.token_hex(8)}"
        try:
            with _translated():
                found = await obstore.get_async(self._store, name)
                with await asyncio.to_thread(aside.open, "wb") as file:
                    async for chunk in found.stream(CHUNK_BYTES):
                        await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(aside.replace, path)
        finally:
            await asyncio.to_thread(aside.unlink, missing_ok=True)

    def _evict(self) -> None:
        """Those that were used longest ago go first."""
        files = sorted(_files_in(self._cache))
        over = sum(size for _, size, _ in files) - self._cache_bytes
        for at, size, name in files:
            if over <= 0 or at * 1_000 > time.time() * 1_000 - LOCAL_MS:
                return
            (self._cache / name).unlink(missing_ok=True)
            over -= size

    async def remove(self, names: Sequence[str]) -> None:
        for name in names:
            await asyncio.to_thread((self._cache / name).unlink, missing_ok=True)
        with _translated(), contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, list(names))

    async def older(self, before: Millis) -> AsyncIterator[Sequence[str]]:
        with _translated():
            async for part in obstore.list(self._store, chunk_size=200):
                yield [each["path"] for each in part if each["last_modified"].timestamp() * 1_000 < before]


def _files_in(folder: Path) -> Iterator[tuple[float, int, str]]:
    """When each was used, its size, its name. One may go meanwhile: another download ends, or a file is removed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                known = entry.stat()
                yield known.st_mtime, known.st_size, entry.name


def _touch(path: Path) -> bool:
    """Whether it is there; then it was used now."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """What obstore raises becomes a `FilesGone`; that something is not there stays `FileNotFoundError`."""
    try:
        yield
    except BaseError as error:
        raise FilesGone(f"{type(error).__name__}: {error}") from None
