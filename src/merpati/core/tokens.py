"""Tokens and secrets: made, hashed, sealed, masked.

A token is looked up by its SHA-256 (its characters are random, so no slow hash is needed). Fonnte shows a device's
token again on request, so it is also kept sealed: AES-GCM with a key in a file outside the database, bound to what
the secret belongs to, so that a sealed value copied to another row does not open.
"""

import base64
import hashlib
import secrets
import string

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_LETTERS = string.ascii_letters + string.digits
DEVICE_TOKEN_LENGTH = 20
"""The look of Fonnte's device tokens; 119 random bits."""
ACCOUNT_TOKEN_LENGTH = 32
LINK_TOKEN_LENGTH = 43
KEY_PREFIX = "mk_"
"""What a key to our own API begins with, so that people and scanners of leaked secrets know one."""
KEY_LENGTH = 40
_KEY_BYTES, _NONCE_BYTES = 32, 12
_SHOWN = 4


class SealedToken(msgspec.Struct, frozen=True):
    """A token as the database has it."""

    hash: str
    sealed: str


class CannotUnseal(Exception):
    """The sealed secret was made with another key, or belongs to something else."""


def new_device_token() -> str:
    return _random(DEVICE_TOKEN_LENGTH)


def new_account_token() -> str:
    return _random(ACCOUNT_TOKEN_LENGTH)


def new_link_token() -> str:
    """For a one-time link."""
    return _random(LINK_TOKEN_LENGTH)


def new_key() -> str:
    """For a program; `is_key` knows it."""
    return KEY_PREFIX + _random(KEY_LENGTH)


def is_key(token: str) -> bool:
    """Whether it has the form of a key, and not that of another token."""
    return token.startswith(KEY_PREFIX)


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def hash_token(token: str) -> str:
    """SHA-256, hex: what a token is looked up by."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def same_secret(one: str, other: str) -> bool:
    """Compare without telling by the time taken how much was right."""
    return secrets.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def mask_token(token: str) -> str:
    """What may stand in a log: the first four characters of a long token, nothing of a short one."""
    return (token[:_SHOWN] if len(token) >= _SHOWN * 4 else "") + "…"


class Sealer:
    """Seals secrets with one key; the key never leaves it."""

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes; raises ValueError otherwise."""
        if len(key) != _KEY_BYTES:
            raise ValueError(f"the sealing key has {len(key)} bytes, not {_KEY_BYTES}")
        self._cipher = AESGCM(key)

    def seal(self, kind: str, owner_id: int, secret: str) -> str:
        """Seal `secret` for the `kind` of thing (such as "device") with this id. Twice gives two texts."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, secret.encode(), _binding(kind, owner_id))
        return base64.b64encode(sealed).decode()

    def unseal(self, kind: str, owner_id: int, sealed: str) -> str:
        """The secret again; raises `CannotUnseal`."""
        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _binding(kind, owner_id)).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotUnseal(f"the secret of {kind} {owner_id} does not open with this key") from error

    def seal_token(self, kind: str, owner_id: int, token: str) -> SealedToken:
        """Hash and seal."""
        return SealedToken(hash_token(token), self.seal(kind, owner_id, token))


def _binding(kind: str, owner_id: int) -> bytes:
    return f"{kind}:{owner_id}".encode()
