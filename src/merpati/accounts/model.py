"""What an account is, who signs in to it, and their sessions in browsers. Pure."""

import zoneinfo
from enum import StrEnum

import msgspec

from merpati.core.address import parse_phone
from merpati.core.clock import DAY_MS, MINUTE_MS, Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, SignInId, UserId

SESSION_MS = 30 * DAY_MS
"""A session ends so long after it was seen last."""
SEEN_EVERY_MS = MINUTE_MS
LONGEST_NAME, LONGEST_ADDRESS, LONGEST_AGENT = 60, 45, 250


class Language(StrEnum):
    """The language of what a user reads; `auto`: what the browser prefers."""

    AUTO = "auto"
    ID = "id"
    EN = "en"


class Theme(StrEnum):
    """The look of the dashboard."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


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
    name: str = ""
    phone: str | None = None
    """Digits of an international number."""
    language: Language = Language.AUTO
    theme: Theme = Theme.SYSTEM
    time_zone: str = "Asia/Jakarta"
    """A name of the IANA's time zone database."""
    totp_on: bool = False
    """Signing in takes a code besides the password."""


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session of a user in a browser."""

    id: SignInId
    user: UserId
    created_at: Millis
    seen_at: Millis
    """At most a minute old while it is used."""
    expires_at: Millis
    address: str
    agent: str
    """What the browser says that it is."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A session, and who it lets in where."""

    session: SignIn
    owner: Owner
    account: Account


def check_email(text: str) -> str:
    """An address that one can sign in with, in lower case; raises `Refusal(INPUT_INVALID)`."""
    email = text.strip().lower()
    name, at, host = email.rpartition("@")
    if not (name and at and host and len(email) <= 254 and email.isprintable() and " " not in email):
        raise Refusal(Code.INPUT_INVALID, field="email")
    return email


def check_user_name(text: str) -> str:
    """A person's name, up to 60 characters, or none; raises `Refusal(INPUT_INVALID)`."""
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Refusal(Code.INPUT_INVALID, field="name")
    return name


def check_user_phone(text: str | None) -> str | None:
    """A phone number as digits, None for none; raises `Refusal(INPUT_INVALID)`."""
    if text is None or not text.strip():
        return None
    try:
        return parse_phone(text)
    except Refusal:
        raise Refusal(Code.INPUT_INVALID, field="phone") from None


_OF_THE_MACHINE = frozenset({"localtime", "Factory", "posixrules"})
"""Names that a machine's folder of zones may have, and no browser knows."""


def check_time_zone(name: str) -> str:
    """A name that the IANA's database has; raises `Refusal(INPUT_INVALID)`."""
    if name not in zoneinfo.available_timezones() or name in _OF_THE_MACHINE:
        raise Refusal(Code.INPUT_INVALID, field="time_zone")
    return name


def parse_login(text: str) -> str:
    """What was typed to sign in, in the one form of it: an e-mail address, or a phone number's digits.

    Text that is neither stays as it is, in lower case: nobody has it.
    """
    if "@" in text:
        return text.strip().lower()
    try:
        return parse_phone(text)
    except Refusal:
        return text.strip().lower()
