"""Small pictures of files, for pages. What they are made of was sent by strangers: nothing of it is believed.

Only pictures of `FORMATS` are opened, whatever their names and types say; one at a time in this process, beside the
event loop. What comes out is ours: a WebP without whatever else the original carried (place, camera, comments).
Pillow is imported when the first is drawn: it costs 12 MB, which many installations never need.
"""

import asyncio
import io
import os
import secrets
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from merpati.messages.model import Media
from merpati.storage.files import FileStore
from merpati.transports.port import MediaKind

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

MIME = "image/webp"
VERSION = 1
"""Of how they are drawn: another is another picture for whoever keeps one."""
LONGEST = 640
"""Pixels of the longer side: twice as many as a page shows."""
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
MOST_PIXELS: Mapping[str, int] = {
    "JPEG": 24_000_000,
    "MPO": 24_000_000,  # what Pillow calls a JPEG with another picture behind it, as many phones write them
    "PNG": 16_000_000,
    "GIF": 16_000_000,
    "WEBP": 8_000_000,
}
"""Of the original, by its format: what costs 150 MB at most while it is drawn. Larger ones are refused unread: a
small file can hold a picture that fills the memory."""
QUALITY = 75
_DRAWN_AS_THEY_ARE = frozenset({"RGB", "RGBA", "L", "LA"})
_BROKEN = (
    OSError,  # and Pillow's UnidentifiedImageError
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
)
"""What Pillow raises of files that are broken, or made to break it."""


class NoThumbnail(Exception):
    """There is none: it is no picture, or a broken or too large one, or the file is gone."""


def is_picture(media: Media) -> bool:
    """Whether there may be a small picture of it. A GIF that came is of no type that we know, but of this kind."""
    return bool(media.path) and (media.kind == MediaKind.IMAGE or media.mime.startswith("image/"))


def thumbnail_name(path: str) -> str:
    """Its name in the store of files, beside the file's own."""
    return f"{path.partition('.')[0]}.thumb{VERSION}.webp"


class Thumbnails:
    """Draws them when they are first asked for, and keeps them beside their files."""

    def __init__(self, files: FileStore, spool: Path) -> None:
        """`spool` is a folder on the file system of the data folder."""
        self._files, self._spool = files, spool
        self._drawing = asyncio.Semaphore(1)

    async def locate(self, media: Media) -> Path:
        """Raises `NoThumbnail`; `storage.files.FilesGone`. May run twice at once: the same picture comes of it."""
        if not is_picture(media):
            raise NoThumbnail
        try:
            return await self._files.locate(thumbnail_name(media.path))
        except FileNotFoundError:
            return await self._make(media.path)

    async def _make(self, path: str) -> Path:
        aside = self._spool / f"thumbnail-{secrets.token_hex(8)}"
        try:
            source = await self._files.locate(path)
            async with self._drawing:
                await asyncio.to_thread(_draw_durably, source, aside)
            await self._files.keep(aside, thumbnail_name(path))
            return await self._files.locate(thumbnail_name(path))
        except FileNotFoundError:
            raise NoThumbnail from None
        finally:
            await asyncio.to_thread(aside.unlink, missing_ok=True)


def _draw_durably(source: Path, into: Path) -> None:
    drawn = draw(source)
    with into.open("wb") as file:
        file.write(drawn)
        file.flush()
        os.fsync(file.fileno())


def draw(source: Path) -> bytes:
    """The small picture of this file; raises `NoThumbnail`. Blocks, for a second at most."""
    from PIL import Image

    drawn = io.BytesIO()
    try:
        with Image.open(source, formats=FORMATS) as image:
            _shrink(image).save(drawn, "WEBP", quality=QUALITY)
    except (*_BROKEN, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NoThumbnail(type(error).__name__) from error
    return drawn.getvalue()


def _shrink(opened: "ImageFile") -> "Image":
    """Of several pictures the first; upright, as the camera said."""
    from PIL import Image, ImageOps

    _check_size(opened)
    opened.draft("RGB", (LONGEST, LONGEST))  # JPEG alone: it need not be read whole
    opened.load()
    _check_size(opened)
    image: Image.Image = opened
    if image.mode not in _DRAWN_AS_THEY_ARE:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((LONGEST, LONGEST), reducing_gap=2.0)
    upright = ImageOps.exif_transpose(image)
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    return bare


def _check_size(image: "ImageFile") -> None:
    if image.width * image.height > MOST_PIXELS[image.format or ""]:
        raise NoThumbnail("too many pixels")
