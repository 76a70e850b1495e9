"""A multipart body, read piece by piece: texts to memory, the one file to a temporary file."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from merpati.api.fonnte.fields import MOST_FIELDS, Fields, Upload, gather
from merpati.core.errors import Code, Refusal

_WRITE_BYTES = 262_144


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a body may be. One with a file may have both: the file goes to disk, the rest is in memory."""

    max_body_bytes: int = 32_000_000
    """Without the file."""
    max_file_bytes: int = 10_000_000
    spool: Path
    """Folder of uploads on their way, on the file system of the media folder."""


async def read_form(chunks: AsyncIterator[bytes], boundary: str, limits: Limits) -> Fields:
    """Texts and the first file; further files are read over.

    A file larger than allowed is cut, its whole size is told: the endpoint knows the reason to give.
    Raises `Refusal`: BODY_INVALID for what is no whole multipart body; BODY_TOO_LARGE for texts.
    """
    form = _Form(limits)
    try:
        parser = PushMultipartParser(boundary, max_segment_count=MOST_FIELDS, header_charset="utf8")
        async for chunk in chunks:
            if not parser.closed:
                for event in parser.parse(chunk):
                    await form.take(event)
        form.check_texts()
        parser.close()
        return form.finish()
    except (MultipartError, UnicodeError):
        raise Refusal(Code.BODY_INVALID) from None
    finally:
        form.close()


class _Form:
    """What the parser's events come to. Lives for one body; holds one open file."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pairs: list[tuple[str, str]] = []
        self._segment: MultipartSegment | None = None
        self._text = bytearray()
        self._text_bytes = 0
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._filename = ""
        self._file_bytes = 0
        self._pending = bytearray()

    async def take(self, event: MultipartSegment | bytes | None) -> None:
        if isinstance(event, MultipartSegment):
            await self._begin(event)
        elif event is None:
            await self._end()
        elif self._file is not None:
            await self._store(event)
        elif self._segment is not None and self._segment.filename is None:
            self._text_bytes += len(event)
            self._text += event if self._text_bytes <= self._limits.max_body_bytes else b""

    async def _begin(self, segment: MultipartSegment) -> None:
        self._segment = segment
        # an empty file input of a browser has a file name of no length: no file
        if segment.filename and segment.name.strip().lower() == "file" and self._path is None:
            self._path = await asyncio.to_thread(_new_file, self._limits.spool)
            self._file = await asyncio.to_thread(self._path.open, "wb")
            self._filename = segment.filename

    async def _end(self) -> None:
        if self._file is not None:
            await self._flush()
            file, self._file = self._file, None
            await asyncio.to_thread(_close_durably, file)
        elif self._segment is not None and self._segment.filename is None:
            self._pairs.append((self._segment.name, _decode(bytes(self._text), self._segment.charset)))
            self._text.clear()
        self._segment = None

    async def _store(self, piece: bytes) -> None:
        room = max(0, self._limits.max_file_bytes - self._file_bytes)
        self._file_bytes += len(piece)
        self._pending += piece[:room]
        if len(self._pending) >= _WRITE_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        if self._file is not None and self._pending:
            await asyncio.to_thread(self._file.write, bytes(self._pending))
            self._pending.clear()

    def check_texts(self) -> None:
        if self._text_bytes > self._limits.max_body_bytes:
            raise Refusal(Code.BODY_TOO_LARGE, limit_mb=self._limits.max_body_bytes // 1_000_000)

    def finish(self) -> Fields:
        upload = None
        if self._path is not None:
            upload = Upload(path=self._path, filename=self._filename, size_bytes=self._file_bytes)
            self._path = None
        size = sum(len(name) + len(text) for name, text in self._pairs)
        return Fields(values=gather(self._pairs), upload=upload, size_bytes=size)

    def close(self) -> None:
        """Leave nothing behind that `finish` did not hand out."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _decode(text: bytes, charset: str | None) -> str:
    for encoding in (charset or "utf-8", "cp1252"):
        try:
            return text.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return text.decode("latin-1")


def _new_file(folder: Path) -> Path:
    handle, path = tempfile.mkstemp(dir=folder, prefix="upload-")
    os.close(handle)
    return Path(path)


def _close_durably(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
