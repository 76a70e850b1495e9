"""A user's sessions in browsers: opened, seen, ended."""

from collections.abc import Sequence

from merpati.accounts import store_sessions
from merpati.accounts.model import LONGEST_ADDRESS, LONGEST_AGENT, SEEN_EVERY_MS, SESSION_MS, SignedIn, SignIn
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.facts import SignedOut
from merpati.core.ids import AccountId, SignInId, UserId
from merpati.log.actions import record
from merpati.log.model import Recorded
from merpati.storage.port import Tx

NO_SESSION = SignInId(0)


async def open_session(tx: Tx, id_: SignInId, user: UserId, token_hash: str, address: str, agent: str) -> SignIn:
    """Let the holder of this token in, as this user. May run twice."""
    session = SignIn(
        id=id_,
        user=user,
        created_at=tx.now,
        seen_at=tx.now,
        expires_at=Millis(tx.now + SESSION_MS),
        address=address[:LONGEST_ADDRESS],
        agent=agent[:LONGEST_AGENT],
    )
    await store_sessions.insert_session(tx, session, token_hash)
    return session


def is_stale(session: SignIn, now: Millis) -> bool:
    """Whether `touch_session` is due. Pure."""
    return now - session.seen_at >= SEEN_EVERY_MS


async def touch_session(tx: Tx, id_: SignInId) -> None:
    """The session was seen now and lives on from here. May run twice."""
    await store_sessions.set_seen(tx, id_, Millis(tx.now + SESSION_MS))


async def end_session(tx: Tx, account: AccountId, user: UserId, id_: SignInId) -> None:
    """End one session of the user; raises `Refusal(SESSION_UNKNOWN)`, also the second time."""
    await tx.lock([account])
    ended = await store_sessions.delete_session(tx, user, id_)
    if not ended:
        raise Refusal(Code.SESSION_UNKNOWN)
    await _record_end(tx, account, user, ended)


async def end_other_sessions(tx: Tx, account: AccountId, user: UserId, kept: SignInId) -> int:
    """End every session of the user but this one; answers how many. May run twice."""
    await tx.lock([account])
    ended = await store_sessions.delete_sessions_but(tx, user, kept)
    await _record_end(tx, account, user, ended)
    return len(ended)


async def _record_end(tx: Tx, account: AccountId, user: UserId, ended: Sequence[SignInId]) -> None:
    if ended:
        await record(tx, [Recorded(account, SignedOut(user, list(ended)))])


async def forget_sessions(tx: Tx, limit: int) -> int:
    """Drop up to `limit` sessions that expired; answers how many went. May run twice."""
    return await store_sessions.delete_expired(tx, limit)


# -- views --


async def signed_in_by(tx: Tx, token_hash: str) -> SignedIn | None:
    """Who the holder of this token is; None: the session ended, or never was."""
    return await store_sessions.signed_in_by(tx, token_hash)


async def find_session(tx: Tx, id_: SignInId) -> SignIn | None:
    """A session that has not ended."""
    return await store_sessions.session_by(tx, id_)


async def living_sessions(tx: Tx, ids: Sequence[SignInId]) -> set[SignInId]:
    """Those of these sessions that have not ended: one query for all."""
    return await store_sessions.living_of(tx, ids)


async def sessions_of(tx: Tx, user: UserId, below: int, limit: int) -> list[SignIn]:
    """The user's sessions with ids below `below`, newest first."""
    return await store_sessions.sessions_of(tx, user, below, limit)
