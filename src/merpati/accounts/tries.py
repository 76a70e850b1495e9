"""How often one may try to sign in. Counted in the database, so that it holds over all processes.

A try is counted before the password is looked at, and taken back when it was right: who tries a thousand at once
gets ten answers. What is counted by name is what was typed, whether somebody is called so or not.

Nobody is to be kept out by what others do: a name's failures are counted from each network apart, and a browser in
which its owner has signed in before (`known_browsers`) is counted by itself. The name in sum has a limit far above,
against who guesses from many networks.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from merpati.accounts import store_sessions
from merpati.accounts.addresses import network_of
from merpati.core.clock import MINUTE_MS, Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import UserId
from merpati.storage.port import Tx

WINDOW_MS = 15 * MINUTE_MS
MOST_OF_ONE = 10
"""Of one name from one network, of one known browser, of a person with a session, of codes for one user."""
MOST_BY_ADDRESS, MOST_BY_NAME = 30, 100
"""More by address than of one: many people may share one."""


class Counted(NamedTuple):
    """What a try is counted by, and how many are let through."""

    subject: str
    most: int
    is_forgotten: bool
    """A right try forgets the wrong ones before it; else it is only not counted itself."""


def of_stranger(login: str, address: str) -> tuple[Counted, ...]:
    """Somebody who calls themselves so, from there."""
    network, name = network_of(address), _digest(login)
    return (
        Counted(f"address:{network}", MOST_BY_ADDRESS, is_forgotten=False),
        Counted(f"name:{name}", MOST_BY_NAME, is_forgotten=False),
        Counted(f"one:{name} {network}", MOST_OF_ONE, is_forgotten=True),
    )


def of_browser(known: str) -> tuple[Counted, ...]:
    """A browser that showed this, which only one has."""
    return (Counted(f"browser:{_digest(known)}", MOST_OF_ONE, is_forgotten=True),)


def of_person(user: UserId) -> tuple[Counted, ...]:
    """Somebody with a session, who proves once more who they are."""
    return (Counted(f"user:{user}", MOST_OF_ONE, is_forgotten=True),)


def of_code(user: UserId) -> tuple[Counted, ...]:
    """Whoever has this user's password, and is to give a code: six digits are soon guessed from many networks."""
    return (Counted(f"code:{user}", MOST_OF_ONE, is_forgotten=True),)


async def begin_try(tx: Tx, counted: Sequence[Counted]) -> None:
    """Count a try; raises `Refusal(TOO_MANY_TRIES)` with `retry_at` and `minutes`. Each run counts."""
    for subject, most, _ in sorted(counted):
        tries, since = await store_sessions.count_try(tx, subject, WINDOW_MS)
        if tries > most:
            retry_at = since + WINDOW_MS
            raise Refusal(Code.TOO_MANY_TRIES, retry_at=retry_at, minutes=-(-(retry_at - tx.now) // MINUTE_MS))


async def forgive_try(tx: Tx, counted: Sequence[Counted]) -> None:
    """The try was right as far as it went: it alone does not count. Each run takes one back."""
    for subject, _, _ in sorted(counted):
        await store_sessions.take_try_back(tx, subject)


async def end_try(tx: Tx, counted: Sequence[Counted]) -> None:
    """The try was right: it does not count, nor do the wrong ones before it of the same one. May run twice."""
    for subject, _, is_forgotten in sorted(counted):
        await (store_sessions.drop_tries if is_forgotten else store_sessions.take_try_back)(tx, subject)


async def forget_tries(tx: Tx) -> None:
    """Drop what does not count any more. May run twice."""
    await store_sessions.delete_tries_before(tx, Millis(tx.now - WINDOW_MS))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
