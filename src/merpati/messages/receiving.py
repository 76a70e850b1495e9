"""Files that come with messages: kept, and judged by the rules for those that are sent.

Source: Fonnte docs, file limitation: incoming attachments outside the rules are neither told nor forwarded.
"""

import asyncio
import os
import secrets
import shutil
from pathlib import Path

import msgspec

from merpati.core.errors import Refusal
from merpati.core.ids import AccountId, MediaId
from merpati.messages.file_limits import FileLimits
from merpati.messages.file_types import HEAD_BYTES, FileType, judge_file, shown_name
from merpati.messages.model import Media as MediaRow
from merpati.messages.model import Note
from merpati.storage.files import FileStore
from merpati.transports.port import Media, MediaKind

UNKNOWN = FileType("bin", "application/octet-stream", MediaKind.DOCUMENT)
"""Of a file outside the rules: whatever its sender said of it, nothing opens it by itself."""


class KeptMedia(msgspec.Struct, frozen=True):
    """What became of a file that came."""

    content: Media
    """With its name in the store of files; without one when the file was not kept."""
    row: MediaRow | None
    notes: tuple[Note, ...]
    """Why it is not told."""

    @property
    def extension(self) -> str:
        return Path(self.content.path).suffix.removeprefix(".")

    @property
    def filename(self) -> str:
        """A name to fetch it by, also when its sender gave none."""
        return self.content.filename or f"{self.content.kind}.{self.extension}"


async def keep_received(
    came: Media, id_: MediaId, account: AccountId, files: FileStore, spool: Path, limits: FileLimits
) -> KeptMedia:
    """Copy the file durably. One that is too large, or cannot be read, is not kept, and that is noted.

    Raises `OSError` when our own disk refuses, `FilesGone` when the store of files cannot be reached: the transport
    then tells the message again.
    """
    lost = _without(came)
    try:
        size, head = await asyncio.to_thread(_look, Path(came.path))
    except OSError:
        return KeptMedia(lost, None, (Note.FILE_LOST,))
    type_, notes = _judge(head, came.filename)
    if size > limits.of(type_.kind):
        return KeptMedia(lost, None, (Note.FILE_TOO_LARGE,))
    path = f"{id_}.{type_.extension}"
    aside = spool / f"received-{secrets.token_hex(8)}"
    try:
        await asyncio.to_thread(_copy, Path(came.path), aside)
        await files.keep(aside, path)
    finally:
        await asyncio.to_thread(aside.unlink, missing_ok=True)
    content = msgspec.structs.replace(
        came, path=path, mime=type_.mime, size_bytes=size, filename=_name(came, type_)
    )
    row = MediaRow(
        id=id_,
        account=account,
        path=path,
        kind=came.kind,
        mime=type_.mime,
        size_bytes=size,
        filename=content.filename,
    )
    return KeptMedia(content, row, notes)


def awaited_file(came: Media) -> KeptMedia:
    """Of a file that has not come yet."""
    return KeptMedia(_without(came), None, (Note.FILE_AWAITED,))


def _without(came: Media) -> Media:
    return msgspec.structs.replace(came, path="", filename=_name(came, UNKNOWN))


def _look(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as source:
        return os.fstat(source.fileno()).st_size, source.read(HEAD_BYTES)


def _judge(head: bytes, filename: str) -> tuple[FileType, tuple[Note, ...]]:
    try:
        return judge_file(head, filename), ()
    except Refusal:
        return UNKNOWN, (Note.FILE_TYPE,)


def _name(came: Media, type_: FileType) -> str:
    return shown_name(came.filename, type_.extension) if came.filename else ""


def _copy(source: Path, aside: Path) -> None:
    with source.open("rb") as read, aside.open("wb") as written:
        shutil.copyfileobj(read, written)
        written.flush()
        os.fsync(written.fileno())
