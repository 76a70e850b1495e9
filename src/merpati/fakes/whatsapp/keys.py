"""Curve25519 keys that agree and sign, and what is derived from a secret.

A pair is made from an Ed25519 seed: its scalar is the X25519 key, and an Ed25519 signature with the public key's
sign bit put into its last byte is what Signal's clients check against the X25519 key. Verifying goes the way back.

Source: RFC 7748, RFC 8032, RFC 5869; Signal, "The XEdDSA and VXEdDSA Signature Schemes" (the birational map).
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.padding import PKCS7

P = 2**255 - 19
SIGN_BIT = 0x80
KEY_TYPE = b"\x05"
"""Signal's mark of a Curve25519 key."""
ZEROS = bytes(32)


@dataclass(frozen=True)
class KeyPair:
    """A secret and its public key of 32 bytes."""

    seed: bytes = field(repr=False)
    public: bytes

    @property
    def typed(self) -> bytes:
        """The public key as Signal writes it: 33 bytes."""
        return KEY_TYPE + self.public

    def agree(self, public: bytes) -> bytes:
        """The secret shared with the owner of a public key, of 32 or 33 bytes."""
        return _scalar(self.seed).exchange(X25519PublicKey.from_public_bytes(public[-32:]))

    def sign(self, data: bytes) -> bytes:
        signing = Ed25519PrivateKey.from_private_bytes(self.seed)
        signature = bytearray(signing.sign(data))
        signature[63] |= signing.public_key().public_bytes_raw()[31] & SIGN_BIT
        return bytes(signature)


def new_pair(seed: bytes | None = None) -> KeyPair:
    seed = seed or secrets.token_bytes(32)
    return KeyPair(seed, _scalar(seed).public_key().public_bytes_raw())


def _scalar(seed: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(hashlib.sha512(seed).digest()[:32])


def is_signed(public: bytes, data: bytes, signature: bytes) -> bool:
    """Is it the signature of the owner of a public key (32 or 33 bytes)?"""
    u = int.from_bytes(public[-32:], "little")
    y = (u - 1) * pow(u + 1, P - 2, P) % P
    edwards = bytearray(y.to_bytes(32, "little"))
    edwards[31] |= signature[63] & SIGN_BIT
    plain = signature[:63] + bytes([signature[63] & ~SIGN_BIT])
    try:
        Ed25519PublicKey.from_public_bytes(bytes(edwards)).verify(plain, data)
    except InvalidSignature:
        return False
    return True


def derive(secret: bytes, length: int, info: bytes, salt: bytes = ZEROS) -> bytes:
    """HKDF with SHA-256."""
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def mac(key: bytes, data: bytes) -> bytes:
    """HMAC with SHA-256."""
    return hmac.digest(key, data, "sha256")


def encrypt_cbc(key: bytes, iv: bytes, plain: bytes) -> bytes:
    """AES-256-CBC with PKCS#7."""
    padder, encryptor = PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def decrypt_cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    """The way back; raises `ValueError` when the padding is none."""
    decryptor, unpadder = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor(), PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()


def crypt_ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-256-CTR: there and back."""
    encryptor = Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()
