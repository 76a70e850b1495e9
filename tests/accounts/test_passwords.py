"""Passwords."""

import pytest

from merpati.accounts.passwords import check_password, hash_password, verify_password
from merpati.core.errors import Refusal


async def test_a_password_is_known_again_by_its_hash_alone() -> None:
    """argon2id; the hash does not hold the password."""
    hashed = await hash_password("correct horse")

    assert hashed.startswith("$argon2id$")
    assert await verify_password(hashed, "correct horse")
    assert not await verify_password(hashed, "wrong horse")
    assert not await verify_password("no hash", "correct horse")


async def test_nobody_has_no_password() -> None:
    """The answer for an unknown name is as slow as for a wrong password, and no."""
    assert not await verify_password(None, "nobody's password")


@pytest.mark.parametrize("password", ["", "1234567", "x" * 201])
def test_a_password_too_short_or_too_long_is_refused(password: str) -> None:
    """8 to 200 characters."""
    with pytest.raises(Refusal):
        check_password(password)
