"""Pictures that tests make: what cameras, phones and people of ill will send."""

import io
import struct
import zlib

from PIL import Image

SIZE = (1600, 1200)
LATITUDE = 0x0002
RED, BLUE = (200, 30, 40), (30, 40, 200)


def picture(form: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = SIZE, **how: object) -> bytes:
    """Red above, blue below, in this form."""
    made = Image.new("RGB", size, RED)
    made.paste(BLUE, (0, size[1] // 2, *size))
    return written(made.convert(mode), form, **how)


def written(image: Image.Image, form: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


def photo(orientation: int = 1) -> bytes:
    """As a phone takes it: with its place, and turned as the phone was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[LATITUDE] = (6.0, 12.0, 30.0)
    return picture(exif=exif)


def animation() -> bytes:
    """Red first, then blue."""
    first, second = Image.new("RGB", (100, 50), RED), Image.new("RGB", (100, 50), BLUE)
    return written(first, "GIF", save_all=True, append_images=[second], duration=100)


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a few bytes that says it is so large; its pixels compress to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
