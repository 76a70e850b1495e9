"""Files that come with messages: into the media folder, judged by the rules for those that are sent.

Source: Fonnte docs, file limitation: incoming attachments outside the rules are neither told nor forwarded.
"""

import os
import secrets
import shutil
from pathlib import Path

import msgspec

from merpati.core.errors import Refusal
from merpati.core.ids import AccountId, MediaId
from merpati.messages.file_types import HEAD_BYTES, FileType, judge_file, shown_name
from merpati.messages.model import Media as MediaRow
from merpati.messages.model import Note
from merpati.storage.folder import sync_folder
from merpati.transports.port import Media, MediaKind

UNKNOWN = FileType("bin", "application/octet-stream", MediaKind.DOCUMENT)
"""Of a file outside the rules: whatever its sender said of it, nothing opens it by itself."""


class KeptMedia(msgspec.Struct, frozen=True):
    """What became of a file that came."""

    content: Media
    """With its path inside the media folder; without one when the file was not kept."""
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


def keep_received(
    came: Media, id_: MediaId, account: AccountId, folder: Path, spool: Path, most_bytes: int
) -> KeptMedia:
    """Copy the file durably; blocks. One that is too large, or cannot be read, is not kept, and that is noted.

    Raises `OSError` when our own disk refuses: the transport then tells the message again.
    """
    lost = msgspec.structs.replace(came, path="", filename=_name(came, UNKNOWN))
    try:
        with Path(came.path).open("rb") as source:
            size = os.fstat(source.fileno()).st_size
            if size > most_bytes:
                return KeptMedia(lost, None, (Note.FILE_TOO_LARGE,))
            type_, notes = _judge(source.read(HEAD_BYTES), came.filename)
    except OSError:
        return KeptMedia(lost, None, (Note.FILE_LOST,))
    path = f"{id_}.{type_.extension}"
    _copy(Path(came.path), spool / f"received-{secrets.token_hex(8)}", folder / path)
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


def _judge(head: bytes, filename: str) -> tuple[FileType, tuple[Note, ...]]:
    try:
        return judge_file(head, filename), ()
    except Refusal:
        return UNKNOWN, (Note.FILE_TYPE,)


def _name(came: Media, type_: FileType) -> str:
    return shown_name(came.filename, type_.extension) if came.filename else ""


def _copy(source: Path, aside: Path, target: Path) -> None:
    """Appears whole or not at all."""
    try:
        with source.open("rb") as read, aside.open("wb") as written:
            shutil.copyfileobj(read, written)
            written.flush()
            os.fsync(written.fileno())
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(target.parent)
