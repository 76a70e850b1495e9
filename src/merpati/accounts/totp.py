"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for when the phone is gone.

The secret is kept sealed, recovery codes by their hash. A code is good for its half minute and the ones beside it,
and once: what was used, and all before it, opens nothing again.
"""

import re
import secrets

import msgspec
import pyotp

from merpati.accounts import store_totp
from merpati.accounts.sessions import end_other_sessions
from merpati.core.clock import SECOND_MS, Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, SignInId, UserId
from merpati.core.tokens import Sealer, hash_token, same_secret
from merpati.storage.port import Tx

SEAL = "totp"
"""The kind under which a secret is sealed, with the user's id."""
STEP_S = 30
RECOVERY_CODES = 10
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4
_NOT_OF_CODE = re.compile(r"[^a-z0-9]")


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """What the database has of a user's second factor."""

    sealed: str
    on: bool
    """False: enrolled, and no code was confirmed yet."""
    step: int
    """Of the newest code that was used."""


# -- pure --


def new_secret() -> str:
    """160 random bits, as authenticator apps take them."""
    return pyotp.random_base32(32)


def uri_of(secret: str, email: str) -> str:
    """What an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=email, issuer_name="merpati")


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits each."""
    return ["-".join(_random(_GROUP) for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def hash_recovery_code(code: str) -> str:
    """By what it is found, however it was typed."""
    return hash_token(_NOT_OF_CODE.sub("", code.lower()))


def step_of(sealer: Sealer, user: UserId, factor: SecondFactor, code: str, now: Millis) -> int:
    """The half minute that the code is of; raises `Refusal(TOTP_INVALID)` for a wrong or an older one."""
    totp = pyotp.TOTP(sealer.unseal(SEAL, user, factor.sealed), interval=STEP_S)
    current = now // SECOND_MS // STEP_S
    typed = code.replace(" ", "")
    for step in (current, current - 1, current + 1):
        if step > factor.step and same_secret(totp.generate_otp(step), typed):
            return step
    raise Refusal(Code.TOTP_INVALID)


# -- actions --


async def enrol_totp(tx: Tx, user: UserId, sealed: str) -> None:
    """Keep a new secret, which counts from `confirm_totp` on; raises `Refusal(TOTP_ALREADY_ON)`. May run twice."""
    if not await store_totp.set_secret(tx, user, sealed):
        raise Refusal(Code.TOTP_ALREADY_ON)


async def confirm_totp(
    tx: Tx, account: AccountId, user: UserId, factor: SecondFactor, step: int, codes: list[str], kept: SignInId
) -> None:
    """From now on signing in takes a code. `codes` are hashes; sessions but `kept` end, as they had no code.

    Raises `Refusal(TOTP_NOT_ENROLLED)` when another secret was enrolled meanwhile, or this one confirmed.
    """
    await tx.lock([account])
    if not await store_totp.turn_on(tx, user, factor.sealed, step):
        raise Refusal(Code.TOTP_NOT_ENROLLED)
    await store_totp.put_recovery_codes(tx, user, codes)
    await end_other_sessions(tx, account, user, kept)


async def use_totp(tx: Tx, user: UserId, step: int) -> None:
    """Use a code up; raises `Refusal(TOTP_INVALID)` when it was used already."""
    if not await store_totp.use_step(tx, user, step):
        raise Refusal(Code.TOTP_INVALID)


async def use_recovery_code(tx: Tx, user: UserId, code_hash: str) -> None:
    """Use a recovery code up; raises `Refusal(TOTP_INVALID)` when there is no such one."""
    if not await store_totp.take_recovery_code(tx, user, code_hash):
        raise Refusal(Code.TOTP_INVALID)


async def disable_totp(tx: Tx, user: UserId) -> None:
    """Signing in takes the password alone again. May run twice."""
    await store_totp.turn_off(tx, user)


# -- views --


async def second_factor_of(tx: Tx, user: UserId) -> SecondFactor | None:
    """None: nothing is enrolled."""
    found = await store_totp.factor_of(tx, user)
    return SecondFactor(sealed=found[0], on=found[1], step=found[2]) if found else None
