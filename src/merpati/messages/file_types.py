"""What a file is, judged by its content; the name only tells apart what content cannot. Pure.

Source: Fonnte docs, file limitation: image png jpg jpeg webp; video mp4; file pdf doc docx xls xlsx csv txt;
audio mp3.
"""

from pathlib import PurePosixPath

import filetype
import msgspec

from merpati.core.errors import Code, Refusal
from merpati.transports.port import MediaKind

HEAD_BYTES = 8_192
"""How much of a file is looked at."""
LONGEST_FILENAME = 255


class FileType(msgspec.Struct, frozen=True):
    """A kind of file that can be sent."""

    extension: str
    mime: str
    kind: MediaKind


_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = {
    type_.extension: type_
    for type_ in (
        FileType("png", "image/png", MediaKind.IMAGE),
        FileType("jpg", "image/jpeg", MediaKind.IMAGE),
        FileType("webp", "image/webp", MediaKind.IMAGE),
        FileType("mp4", "video/mp4", MediaKind.VIDEO),
        FileType("mp3", "audio/mpeg", MediaKind.AUDIO),
        FileType("pdf", "application/pdf", MediaKind.DOCUMENT),
        FileType("doc", "application/msword", MediaKind.DOCUMENT),
        FileType("docx", f"{_OFFICE}.wordprocessingml.document", MediaKind.DOCUMENT),
        FileType("xls", "application/vnd.ms-excel", MediaKind.DOCUMENT),
        FileType("xlsx", f"{_OFFICE}.spreadsheetml.sheet", MediaKind.DOCUMENT),
        FileType("csv", "text/csv", MediaKind.DOCUMENT),
        FileType("txt", "text/plain", MediaKind.DOCUMENT),
    )
}
_ALIASES = {"jpeg": "jpg", "m4v": "mp4"}
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_CONTAINERS = {_OLE: ("doc", "xls"), _ZIP: ("docx", "xlsx")}
"""Office files whose content alone does not always tell which they are: then the name does."""
_TEXTS = {"": "txt", "txt": "txt", "csv": "csv"}


def judge_file(head: bytes, filename: str) -> FileType:
    """The type of a file that begins with `head`; raises `Refusal(FILE_TYPE)` for what cannot be sent."""
    extension = extension_of(filename)
    guess = filetype.guess(head)
    found = _TYPES.get(_ALIASES.get(guess.extension, guess.extension)) if guess is not None else None
    if found is None:
        found = _container(head, extension) or (_text(head, extension) if guess is None else None)
    if found is None:
        raise Refusal(Code.FILE_TYPE, filename=filename[:80])
    return found


def extension_of(filename: str) -> str:
    extension = PurePosixPath(filename.lower()).suffix.removeprefix(".")
    return _ALIASES.get(extension, extension)


def _container(head: bytes, extension: str) -> FileType | None:
    for magic, extensions in _CONTAINERS.items():
        if head.startswith(magic) and extension in extensions:
            return _TYPES[extension]
    return None


def _text(head: bytes, extension: str) -> FileType | None:
    """Text of any charset has no NUL; a web page is not what somebody meant to send."""
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    if b"\0" in head or begins.startswith((b"<!doctype html", b"<html")):
        return None
    name = _TEXTS.get(extension)
    return _TYPES[name] if name is not None else None


def sendable_extensions(kind: MediaKind) -> list[str]:
    """Of the files of this kind that can be sent, other spellings too; what is alike stands together."""
    of_kind = [extension for extension, type_ in _TYPES.items() if type_.kind is kind]
    other = {extension: [also for also, meant in _ALIASES.items() if meant == extension] for extension in of_kind}
    return [each for extension in of_kind for each in (extension, *other[extension])]


def shown_name(filename: str, extension: str) -> str:
    """A file name to show: no path, no control characters, not too long, with an extension."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in name if char.isprintable()).strip()[-LONGEST_FILENAME:]
    if not name.strip("."):
        return f"file.{extension}"
    return name if extension_of(name) else f"{name}.{extension}"
