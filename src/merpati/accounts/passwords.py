"""Passwords: argon2id, in a thread, as one takes some 50 ms of a core."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from merpati.core.errors import Code, Refusal

SHORTEST, LONGEST = 8, 200

_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher.hash("nobody's password")


def check_password(password: str) -> str:
    """A password of 8 to 200 characters; raises `Refusal(INPUT_INVALID)`."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refusal(Code.INPUT_INVALID, field="password")
    return password


async def hash_password(password: str) -> str:
    """The argon2id hash to store; its parameters are inside."""
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether this is the password. No hash (nobody of that name) takes as long as a wrong password."""
    right = await asyncio.to_thread(_matches, password_hash, password)
    return right and password_hash is not None


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
