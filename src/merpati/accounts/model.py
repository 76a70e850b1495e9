"""What an account is, and who signs in to it. Pure."""

import msgspec

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, UserId


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns devices."""

    id: AccountId
    name: str
    created_at: Millis


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A person who signs in to an account."""

    id: UserId
    account: AccountId
    email: str
    password_hash: str


def check_email(text: str) -> str:
    """An address that one can sign in with, in lower case; raises `Refusal(INPUT_INVALID)`."""
    email = text.strip().lower()
    name, at, host = email.rpartition("@")
    if not (name and at and host and len(email) <= 254 and email.isprintable() and " " not in email):
        raise Refusal(Code.INPUT_INVALID, field="email")
    return email
