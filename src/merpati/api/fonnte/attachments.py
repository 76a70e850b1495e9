"""Attachments: a `url` is fetched, a `file` taken over; each is kept durably before acceptance.

Source: Fonnte docs, API send message (`url`, `file`, `filename`: only for documents and audio), file limitation.
"""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import msgspec

from merpati.api.fonnte.fields import Upload
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, MediaId
from merpati.messages.file_limits import FileLimits
from merpati.messages.file_types import HEAD_BYTES, FileType, judge_file, shown_name
from merpati.messages.model import Media
from merpati.storage.files import FileStore
from merpati.transports.port import MediaKind


class Fetch(Protocol):
    """Streams what is at `url` into the file `into`; answers the name that the other side gives it.

    Raises `Refusal`: URL_INVALID, URL_UNREACHABLE, FILE_TOO_LARGE; then the file is gone again.
    """

    async def __call__(self, url: str, into: Path, *, max_bytes: int) -> str: ...


_NAMED = frozenset({MediaKind.DOCUMENT, MediaKind.AUDIO})
"""Kinds whose file name the receiver sees."""


class Collecting:
    """Files of one call on their way into the store; `keep` them when the call is accepted.

    A file that is not kept is removed at the end of `collecting`, so a refused call leaves nothing.
    """

    def __init__(self, files: FileStore, spool: Path, fetch: Fetch, limits: FileLimits) -> None:
        """`spool` is a folder on the file system of the data folder."""
        self._files, self._spool, self._fetch, self._limits = files, spool, fetch, limits

    async def take_upload(self, upload: Upload, filename: str, id_: MediaId, account: AccountId) -> Media:
        """The uploaded file; raises `Refusal` (FILE_EMPTY, FILE_TYPE, FILE_TOO_LARGE)."""
        if upload.size_bytes == 0:
            raise Refusal(Code.FILE_EMPTY)
        return await self._take_over(upload.path, filename or upload.filename, upload.size_bytes, id_, account)

    async def take_url(self, url: str, filename: str, id_: MediaId, account: AccountId) -> Media:
        """The file at this address; raises `Refusal` as `Fetch` does, or FILE_TYPE."""
        aside = self._spool / f"fetch-{secrets.token_hex(8)}"
        try:
            named = await self._fetch(url, aside, max_bytes=self._limits.most)
            size = await asyncio.to_thread(lambda: aside.stat().st_size)
            return await self._take_over(aside, filename or named, size, id_, account)
        finally:
            await asyncio.to_thread(aside.unlink, missing_ok=True)

    async def _take_over(self, path: Path, filename: str, size: int, id_: MediaId, account: AccountId) -> Media:
        """`size`: of an upload that was cut, the whole file's."""
        type_ = await asyncio.to_thread(_judge_durably, path, filename, size, self._limits)
        name = f"{id_}.{type_.extension}"
        await self._files.keep(path, name)
        return _media(id_, account, name, type_, size, filename)

    @contextlib.asynccontextmanager
    async def collecting(self) -> AsyncIterator["list[Media]"]:
        """The media of a call that is being accepted; those still in the list at the end are removed.

        The caller clears it once the call is stored.
        """
        media: list[Media] = []
        try:
            yield media
        finally:
            if media:
                await self._files.remove([one.path for one in media])


def _judge_durably(path: Path, filename: str, size: int, limits: FileLimits) -> FileType:
    """The type of a file, which is on disk then; raises `Refusal` (FILE_TYPE, FILE_TOO_LARGE)."""
    with path.open("rb") as file:
        type_ = judge_file(file.read(HEAD_BYTES), filename)
        limits.check(type_.kind, size)
        os.fsync(file.fileno())
    return type_


def _media(id_: MediaId, account: AccountId, path: str, type_: FileType, size: int, filename: str) -> Media:
    return Media(
        id=id_,
        account=account,
        path=path,
        kind=type_.kind,
        mime=type_.mime,
        size_bytes=size,
        filename=shown_name(filename, type_.extension) if type_.kind in _NAMED else "",
    )


def renamed(media: Media, filename: str) -> Media:
    """The file under another name, where its receiver sees one; no name: as it is."""
    if not filename or media.kind not in _NAMED:
        return media
    return msgspec.structs.replace(media, filename=shown_name(filename, Path(media.path).suffix.removeprefix(".")))
