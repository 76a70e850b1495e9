"""Addresses of files that came with messages: nobody guesses one, and each ends with its file. Pure.

    /files/<token>/<name>

The token holds the file's id and its end, under an HMAC: nothing is stored of it, and the same file has the same
address each time. The name is for people alone.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Callable
from urllib.parse import quote

from merpati.core.clock import SECOND_MS, Millis
from merpati.core.facts import ReceivedFile
from merpati.core.ids import MediaId

PREFIX = "/files"
_PLAIN = struct.Struct(">QQ")
_MAC_BYTES = 16


class FileLinks:
    """Makes addresses and reads tokens, with one key."""

    def __init__(self, key: bytes, base: Callable[[], str]) -> None:
        """`key` may serve other ends: ours is derived from it. `base`: where others reach this server by then."""
        self._key, self._base = hmac.digest(key, PREFIX.encode(), hashlib.sha256), base

    def link(self, file: ReceivedFile) -> str:
        """The whole address."""
        return f"{self._base().rstrip('/')}{PREFIX}/{self.token(file)}/{quote(file.filename, safe='')}"

    def token(self, file: ReceivedFile) -> str:
        plain = _PLAIN.pack(file.media, file.until // SECOND_MS)
        return base64.urlsafe_b64encode(plain + self._mac(plain)).decode().rstrip("=")

    def read(self, token: str, now: Millis) -> MediaId | None:
        """Which file it opens; None when it is none of ours, or its time is over."""
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        plain, mac = raw[: _PLAIN.size], raw[_PLAIN.size :]
        if len(plain) < _PLAIN.size or not hmac.compare_digest(mac, self._mac(plain)):
            return None
        media, until_s = _PLAIN.unpack(plain)
        return MediaId(media) if now < until_s * SECOND_MS else None

    def _mac(self, plain: bytes) -> bytes:
        return hmac.digest(self._key, plain, hashlib.sha256)[:_MAC_BYTES]
