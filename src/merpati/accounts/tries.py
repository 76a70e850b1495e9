"""How often one may try to sign in. Counted in the database, so that it holds over all processes.

A try is counted before the password is looked at, and taken back when it was right: who tries a thousand at once
gets ten answers. What is counted by name is what was typed, whether somebody is called so or not.
"""

import hashlib

from merpati.accounts import store_sessions
from merpati.accounts.addresses import network_of
from merpati.core.clock import MINUTE_MS, Millis
from merpati.core.errors import Code, Refusal
from merpati.storage.port import Tx

WINDOW_MS = 15 * MINUTE_MS
MOST_BY_NAME, MOST_BY_ADDRESS = 10, 30
"""More by address than by name: many people may share one."""


async def begin_try(tx: Tx, login: str, address: str) -> None:
    """Count a try; raises `Refusal(TOO_MANY_TRIES)` with `retry_at` and `minutes`. Each run counts."""
    for subject, most in sorted({_by_name(login): MOST_BY_NAME, _by_address(address): MOST_BY_ADDRESS}.items()):
        tries, since = await store_sessions.count_try(tx, subject, WINDOW_MS)
        if tries > most:
            retry_at = since + WINDOW_MS
            raise Refusal(Code.TOO_MANY_TRIES, retry_at=retry_at, minutes=-(-(retry_at - tx.now) // MINUTE_MS))


async def forgive_try(tx: Tx, login: str, address: str) -> None:
    """The try was right as far as it went: it alone does not count. Each run takes one back."""
    for subject in sorted((_by_name(login), _by_address(address))):
        await store_sessions.take_try_back(tx, subject)


async def end_try(tx: Tx, login: str, address: str) -> None:
    """The try was right: it does not count, nor do those with that name before it. May run twice."""
    await store_sessions.take_try_back(tx, _by_address(address))
    await store_sessions.drop_tries(tx, _by_name(login))


async def forget_tries(tx: Tx) -> None:
    """Drop what does not count any more. May run twice."""
    await store_sessions.delete_tries_before(tx, Millis(tx.now - WINDOW_MS))


def _by_name(login: str) -> str:
    return "name:" + hashlib.sha256(login.encode("utf-8", "surrogatepass")).hexdigest()


def _by_address(address: str) -> str:
    return f"address:{network_of(address)}"
