"""The one-time code with which a program deletes a device: asked for, told to the owner by WhatsApp, given back.

Source: Fonnte docs, API delete device: ten minutes between two codes, a lock after several wrong ones.
"""

from enum import Enum, auto
from hashlib import sha256
from typing import NamedTuple

from merpati.core.clock import MINUTE_MS, SECOND_MS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId
from merpati.devices import store_deletion_codes as store
from merpati.storage.clock import database_now
from merpati.storage.port import Tx

LIFE_MS = 10 * MINUTE_MS
"""How long a code is good, and how long no other is sent."""
MOST_WRONG = 5
LOCK_MS = 10 * MINUTE_MS


class Verdict(Enum):
    """What came of a code that was given."""

    RIGHT = auto()
    WRONG = auto()
    UNASKED = auto()
    """None was asked for, or it is used up or too old."""
    LOCKED = auto()


class Judged(NamedTuple):
    """A verdict; `seconds` of LOCKED: until the next try."""

    verdict: Verdict
    seconds: int = 0


def hash_code(device: DeviceId, code: str) -> str:
    """What is stored of a code; one of another device is another."""
    return sha256(f"{device}:{code}".encode()).hexdigest()


async def keep_code(tx: Tx, device: DeviceId, code_hash: str) -> None:
    """A code is to be sent; raises `Refusal(CODE_TOO_SOON)` with `seconds` while the one before may be used.

    A second run with the same code does nothing.
    """
    known, now = await store.code_of(tx, device), await database_now(tx)
    if known is not None and known.code_hash == code_hash:
        return
    if known is not None and known.asked_at + LIFE_MS > now:
        raise Refusal(Code.CODE_TOO_SOON, seconds=_seconds(known.asked_at + LIFE_MS - now))
    await store.set_code(tx, device, code_hash, now)


async def judge_code(tx: Tx, device: DeviceId, code_hash: str) -> Judged:
    """Whether this is the code. Each run of a wrong one counts; a right one is used up with the device itself."""
    known, now = await store.code_of(tx, device), await database_now(tx)
    if known is None or known.asked_at + LIFE_MS <= now:
        return Judged(Verdict.UNASKED)
    if known.locked_until > now:
        return Judged(Verdict.LOCKED, _seconds(known.locked_until - now))
    if known.code_hash == code_hash:
        return Judged(Verdict.RIGHT)
    wrong = known.wrong + 1
    await store.count_wrong(tx, device, wrong, now + LOCK_MS if wrong >= MOST_WRONG else 0)
    return Judged(Verdict.WRONG)


async def drop_code(tx: Tx, device: DeviceId) -> None:
    """It could not be sent. May run twice."""
    await store.delete_code(tx, device)


def _seconds(ms: int) -> int:
    return -(-ms // SECOND_MS)
