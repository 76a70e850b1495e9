"""Sign-in sessions and tries: how long they last."""

from typing import Any

import pytest

from merpati.accounts import actions
from merpati.accounts.model import SESSION_MS, SignIn
from merpati.accounts.sessions import (
    end_session,
    find_session,
    forget_sessions,
    is_stale,
    open_session,
    sessions_of,
    signed_in_by,
    touch_session,
)
from merpati.accounts.tries import (
    MOST_BY_ADDRESS,
    MOST_BY_NAME,
    MOST_OF_ONE,
    WINDOW_MS,
    begin_try,
    end_try,
    forget_tries,
    forgive_try,
    of_code,
    of_stranger,
)
from merpati.core.clock import MINUTE_MS, Millis
from merpati.core.errors import Code, Refusal
from merpati.core.facts import AccountTokenRotated, SignedOut
from merpati.core.ids import AccountId, SignInId, UserId
from merpati.core.tokens import hash_token
from merpati.storage.port import Storage, Tx
from tests.devices.rig import facts_of, have_account, sealed

USER, ACCOUNT = UserId(1), AccountId(1)
NAME, ADDRESS = "siti@toko.id", "192.0.2.1"


async def have_session(storage: Storage, id_: int = 1) -> SignIn:
    await have_account(storage)
    await storage.write(actions.create_owner, USER, ACCOUNT, NAME, "hash")
    return await storage.write(open_session, SignInId(id_), USER, hash_token(f"cookie-{id_}"), ADDRESS, "a browser")


async def change(storage: Storage, sql: str, *values: Any) -> None:  # noqa: ANN401 — values of the database
    """What only time does otherwise."""

    async def changed(tx: Tx) -> None:
        await tx.run(sql, *values)

    await storage.write(changed)


async def refusal_of(storage: Storage, name: str, address: str) -> Refusal | None:
    try:
        await storage.write(begin_try, of_stranger(name, address))
    except Refusal as refusal:
        return refusal
    return None


# -- sessions --


async def test_a_session_says_who_is_let_in_where(storage: Storage) -> None:
    """By its token; opening it twice is once."""
    session = await have_session(storage)
    assert (await have_session(storage)).id == session.id
    found = await storage.read(signed_in_by, hash_token("cookie-1"))
    assert found is not None
    assert (found.session, found.owner.email, found.account.id) == (session, NAME, ACCOUNT)
    assert session.expires_at == session.created_at + SESSION_MS
    assert await storage.read(signed_in_by, hash_token("cookie-2")) is None


async def test_a_session_that_expired_lets_nobody_in(storage: Storage) -> None:
    """It is in no list, and forgotten in time."""
    await have_session(storage)
    await change(storage, "UPDATE session SET expires_at = 1")
    assert await storage.read(signed_in_by, hash_token("cookie-1")) is None
    assert await storage.read(find_session, SignInId(1)) is None
    assert await storage.read(sessions_of, USER, 2**62, 10) == []
    assert [await storage.write(forget_sessions, 10) for _ in range(2)] == [1, 0]


async def test_a_session_lives_on_from_when_it_was_seen(storage: Storage) -> None:
    """Thirty days more."""
    session = await have_session(storage)
    await change(storage, "UPDATE session SET seen_at = 1, expires_at = $1", session.created_at + MINUTE_MS)
    await storage.write(touch_session, session.id)
    seen = await storage.read(find_session, session.id)
    assert seen is not None
    assert seen.seen_at >= session.seen_at
    assert seen.expires_at == seen.seen_at + SESSION_MS


async def test_a_session_is_seen_once_a_minute(storage: Storage) -> None:
    """Not for each request."""
    session = await have_session(storage)
    assert not is_stale(session, Millis(session.seen_at + MINUTE_MS - 1))
    assert is_stale(session, Millis(session.seen_at + MINUTE_MS))


async def test_a_session_ends_once(storage: Storage) -> None:
    """The fact says whose, and which; nobody else ends it."""
    await have_session(storage)
    with pytest.raises(Refusal):
        await storage.write(end_session, ACCOUNT, UserId(2), SignInId(1))
    await storage.write(end_session, ACCOUNT, USER, SignInId(1))
    with pytest.raises(Refusal):
        await storage.write(end_session, ACCOUNT, USER, SignInId(1))
    assert [entry.fact for entry in await facts_of(storage)] == [SignedOut(USER, [SignInId(1)])]


async def test_another_password_ends_every_session(storage: Storage) -> None:
    """But one that is kept; where there is none nothing is told."""
    await have_session(storage)
    await have_session(storage, 2)
    await storage.write(actions.change_password, USER, "new", kept=SignInId(2))
    assert [session.id for session in await storage.read(sessions_of, USER, 2**62, 10)] == [2]
    for _ in range(2):
        await storage.write(actions.change_password, USER, "newer")
    ended = [entry.fact for entry in await facts_of(storage)]
    assert ended == [SignedOut(USER, [SignInId(1)]), SignedOut(USER, [SignInId(2)])]


async def test_a_new_account_token_is_told(storage: Storage) -> None:
    """So that what streams to holders of the old one closes."""
    await have_account(storage)
    await storage.write(actions.rotate_account_token, ACCOUNT, sealed("new"))
    assert [entry.fact for entry in await facts_of(storage)] == [AccountTokenRotated()]


# -- tries --


async def test_tries_count_for_a_quarter_of_an_hour(storage: Storage) -> None:
    """From the first on; then they are counted anew."""
    for _ in range(MOST_OF_ONE):
        assert await refusal_of(storage, NAME, ADDRESS) is None
    refusal = await refusal_of(storage, NAME, ADDRESS)
    assert refusal is not None
    assert (refusal.code, refusal.values["minutes"]) == (Code.TOO_MANY_TRIES, 15)
    await change(storage, "UPDATE sign_in_try SET since = since - $1", WINDOW_MS)
    assert await refusal_of(storage, NAME, ADDRESS) is None


async def test_a_name_is_counted_from_each_network_apart(storage: Storage) -> None:
    """Who guesses keeps out nobody who is elsewhere, until they guess from very many networks."""
    networks = MOST_BY_NAME // MOST_OF_ONE
    for n in range(networks):
        for _ in range(MOST_OF_ONE):
            assert await refusal_of(storage, NAME, f"192.0.2.{n}") is None
        assert await refusal_of(storage, NAME, f"192.0.2.{n}") is not None
    assert await refusal_of(storage, NAME, f"192.0.2.{networks}") is not None
    assert await refusal_of(storage, "another@toko.id", f"192.0.2.{networks}") is None


async def test_codes_are_counted_by_the_user_alone(storage: Storage) -> None:
    """Six digits are soon guessed from many networks, by who has the password."""
    for _ in range(MOST_OF_ONE):
        await storage.write(begin_try, of_code(USER))
    with pytest.raises(Refusal):
        await storage.write(begin_try, of_code(USER))


async def test_a_right_try_does_not_count(storage: Storage) -> None:
    """Neither for the name nor for the address."""
    for _ in range(MOST_BY_ADDRESS + 1):
        assert await refusal_of(storage, NAME, ADDRESS) is None
        await storage.write(end_try, of_stranger(NAME, ADDRESS))
    for _ in range(MOST_BY_ADDRESS + 1):
        assert await refusal_of(storage, NAME, ADDRESS) is None
        await storage.write(forgive_try, of_stranger(NAME, ADDRESS))


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
    ],
)
async def test_a_customer_s_network_is_one_address(
    storage: Storage, first: str, second: str, together: bool
) -> None:
    """Of IPv6, that is 64 bits."""
    for n in range(MOST_BY_ADDRESS):
        assert await refusal_of(storage, f"{n}", first) is None
    assert (await refusal_of(storage, "another", second) is not None) == together


async def test_what_does_not_count_is_forgotten(storage: Storage) -> None:
    """What counts is kept."""
    await refusal_of(storage, NAME, ADDRESS)
    await change(storage, "UPDATE sign_in_try SET since = 1 WHERE subject = $1", f"address:{ADDRESS}")
    await storage.write(forget_tries)

    async def subjects(tx: Tx) -> int:
        row = await tx.one("SELECT count(*) FROM sign_in_try")
        return row[0] if row else 0

    assert await storage.read(subjects) == 2
