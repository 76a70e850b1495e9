"""Frames on the socket: four bytes of length (big endian), then so many bytes. Pure."""

from collections.abc import Iterator
from typing import Final

MOST_BYTES: Final = 4_000_000
"""Of one frame. Files do not travel: the longest message is a text of 60,000 characters, or a list of groups."""
_LENGTH: Final = 4


class FrameInvalid(ValueError):
    """What came is no frame: the other side is not one of ours, or was cut off and goes on in the middle."""


def framed(body: bytes) -> bytes:
    """The frame of a body; raises `FrameInvalid` when it is empty or too long."""
    if not 0 < len(body) <= MOST_BYTES:
        raise FrameInvalid(f"a frame of {len(body)} bytes")
    return len(body).to_bytes(_LENGTH) + body


class FrameReader:
    """Gives the bodies in what comes, however it was cut. After `FrameInvalid` nothing more can be read."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that are whole now; raises `FrameInvalid` after those before the one that is none."""
        self._rest += data
        while len(self._rest) >= _LENGTH:
            length = int.from_bytes(self._rest[:_LENGTH])
            if not 0 < length <= MOST_BYTES:
                raise FrameInvalid(f"a frame of {length} bytes")
            if len(self._rest) < _LENGTH + length:
                return
            body = bytes(self._rest[_LENGTH : _LENGTH + length])
            del self._rest[: _LENGTH + length]
            yield body
