"""Files between people: encrypted by whoever sends them, kept by a server that cannot read them.

Source: WhatsApp, "Encryption Overview" (transmitting media); the labels are those of the clients.
"""

import hashlib
import secrets
from dataclasses import dataclass

from merpati.fakes.whatsapp.contents import MediaKind
from merpati.fakes.whatsapp.keys import decrypt_cbc, derive, encrypt_cbc, mac
from merpati.fakes.whatsapp.ratchet import Undecryptable

MAC_BYTES = 10
HOST = "mmg.whatsapp.net"
LABELS = {
    MediaKind.IMAGE: b"WhatsApp Image Keys",
    MediaKind.VIDEO: b"WhatsApp Video Keys",
    MediaKind.AUDIO: b"WhatsApp Audio Keys",
    MediaKind.VOICE: b"WhatsApp Audio Keys",
    MediaKind.DOCUMENT: b"WhatsApp Document Keys",
    MediaKind.STICKER: b"WhatsApp Image Keys",
}


@dataclass(frozen=True)
class Locked:
    """What a message tells of a file: where it is, and what opens it."""

    path: str
    key: bytes
    plain_hash: bytes
    hash: bytes
    size_bytes: int


class MediaServer:
    """Encrypted files by their path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def keep(self, data: bytes) -> str:
        """The path under which it can be fetched from now on, with a query, to which clients add what they ask."""
        path = f"/v/t62.0-0/{secrets.token_hex(12)}"
        self.files[path] = data
        return f"{path}?ccb=11-4"

    def find(self, path: str) -> bytes | None:
        """By its path, whatever is asked beside it."""
        return self.files.get(path.partition("?")[0])

    def lock(self, kind: MediaKind, data: bytes) -> Locked:
        """Encrypt and keep a file."""
        key = secrets.token_bytes(32)
        iv, cipher_key, mac_key = _keys(kind, key)
        encrypted = encrypt_cbc(cipher_key, iv, data)
        encrypted += mac(mac_key, iv + encrypted)[:MAC_BYTES]
        return Locked(self.keep(encrypted), key, _sha(data), _sha(encrypted), len(data))

    def open(self, kind: MediaKind, locked: Locked) -> bytes:
        """The file; raises `Undecryptable` when it is not there, or anything does not fit."""
        encrypted = self.find(locked.path)
        if encrypted is None:
            raise Undecryptable(f"no file at {locked.path}")
        iv, cipher_key, mac_key = _keys(kind, locked.key)
        body, given = encrypted[:-MAC_BYTES], encrypted[-MAC_BYTES:]
        if mac(mac_key, iv + body)[:MAC_BYTES] != given or _sha(encrypted) != locked.hash:
            raise Undecryptable("the file is damaged, or of another kind")
        plain = decrypt_cbc(cipher_key, iv, body)
        if (_sha(plain), len(plain)) != (locked.plain_hash, locked.size_bytes):
            raise Undecryptable("the file is not the one that was told of")
        return plain


def _keys(kind: MediaKind, key: bytes) -> tuple[bytes, bytes, bytes]:
    """The IV, the cipher's key, the MAC's."""
    keys = derive(key, 112, LABELS[kind])
    return keys[:16], keys[16:48], keys[48:80]


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
