"""The Noise handshake's answering side, which gives both directions their key.

Source: "The Noise Protocol Framework", pattern XX with 25519, AES-GCM and SHA-256; the prologue is the client's
header.
"""

import hashlib

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from merpati.fakes.whatsapp.keys import derive

NAME = b"Noise_XX_25519_AESGCM_SHA256".ljust(32, b"\0")


def nonce(count: int) -> bytes:
    return count.to_bytes(12, "big")


class Handshake:
    """The symmetric state: a hash of all that was said, a chaining key, a key in use."""

    def __init__(self, prologue: bytes) -> None:
        self._hash = self._chaining = self._key = NAME
        self._count = 0
        self.hear(prologue)

    def hear(self, data: bytes) -> None:
        self._hash = hashlib.sha256(self._hash + data).digest()

    def encrypt(self, plain: bytes) -> bytes:
        data = AESGCM(self._key).encrypt(self._next_nonce(), plain, self._hash)
        self.hear(data)
        return data

    def decrypt(self, data: bytes) -> bytes:
        plain = AESGCM(self._key).decrypt(self._next_nonce(), data, self._hash)
        self.hear(data)
        return plain

    def mix(self, secret: bytes) -> None:
        both = derive(secret, 64, b"", salt=self._chaining)
        self._chaining, self._key, self._count = both[:32], both[32:], 0

    def split(self) -> tuple[bytes, bytes]:
        """The keys of the client's frames and of the server's."""
        both = derive(b"", 64, b"", salt=self._chaining)
        return both[:32], both[32:]

    def _next_nonce(self) -> bytes:
        self._count += 1
        return nonce(self._count - 1)
