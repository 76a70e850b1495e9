"""The SQL of sign-in sessions, and of tries that failed."""

from collections.abc import Sequence

from merpati.accounts.model import Account, SignedIn, SignIn
from merpati.accounts.store import OWNER_O, read_owner
from merpati.core.clock import Millis
from merpati.core.ids import AccountId, SignInId, UserId
from merpati.storage.port import Row, Tx

_SESSION = "id, owner_id, created_at, seen_at, expires_at, address, agent"
_SESSION_S = ", ".join(f"s.{name}" for name in _SESSION.split(", "))
_WIDTH = len(_SESSION.split(", "))


# -- sessions --


async def insert_session(tx: Tx, session: SignIn, token_hash: str) -> None:
    await tx.run(
        f"INSERT INTO session ({_SESSION}, token_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
        "ON CONFLICT (id) DO NOTHING",
        session.id,
        session.user,
        session.created_at,
        session.seen_at,
        session.expires_at,
        session.address,
        session.agent,
        token_hash,
    )


async def signed_in_by(tx: Tx, token_hash: str) -> SignedIn | None:
    row = await tx.one(
        f"SELECT {_SESSION_S}, a.id, a.name, a.created_at, {OWNER_O} FROM session s "
        "JOIN owner o ON o.id = s.owner_id JOIN account a ON a.id = o.account_id "
        "WHERE s.token_hash = $1 AND s.expires_at > $2",
        token_hash,
        tx.now,
    )
    if row is None:
        return None
    session, (id_, name, created), owner = row[:_WIDTH], row[_WIDTH : _WIDTH + 3], row[_WIDTH + 3 :]
    return SignedIn(
        session=_session(session),
        owner=read_owner(owner),
        account=Account(id=AccountId(id_), name=name, created_at=created),
    )


async def set_seen(tx: Tx, id_: SignInId, expires_at: Millis) -> None:
    await tx.run("UPDATE session SET seen_at = $2, expires_at = $3 WHERE id = $1", id_, tx.now, expires_at)


async def session_by(tx: Tx, id_: SignInId) -> SignIn | None:
    row = await tx.one(f"SELECT {_SESSION} FROM session WHERE id = $1 AND expires_at > $2", id_, tx.now)
    return _session(row) if row else None


async def living_of(tx: Tx, ids: Sequence[SignInId]) -> set[SignInId]:
    rows = await tx.set(
        "SELECT s.id FROM session s, {r} WHERE s.id = r.id AND s.expires_at > r.now",
        "id bigint, now bigint",
        [(id_, tx.now) for id_ in ids],
    )
    return {SignInId(row[0]) for row in rows}


async def sessions_of(tx: Tx, user: UserId, below: int, limit: int) -> list[SignIn]:
    """Newest first, with ids below `below`."""
    rows = await tx.all(
        f"SELECT {_SESSION} FROM session WHERE owner_id = $1 AND expires_at > $2 AND id < $3 "
        "ORDER BY id DESC LIMIT $4",
        user,
        tx.now,
        below,
        limit,
    )
    return [_session(row) for row in rows]


async def delete_session(tx: Tx, user: UserId, id_: SignInId) -> list[SignInId]:
    rows = await tx.all("DELETE FROM session WHERE owner_id = $1 AND id = $2 RETURNING id", user, id_)
    return [SignInId(row[0]) for row in rows]


async def delete_sessions_but(tx: Tx, user: UserId, kept: SignInId) -> list[SignInId]:
    rows = await tx.all("DELETE FROM session WHERE owner_id = $1 AND id <> $2 RETURNING id", user, kept)
    return sorted(SignInId(row[0]) for row in rows)


async def delete_expired(tx: Tx, limit: int) -> int:
    rows = await tx.all(
        "DELETE FROM session WHERE id IN "
        "(SELECT id FROM session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING id",
        tx.now,
        limit,
    )
    return len(rows)


def _session(row: Row) -> SignIn:
    id_, user, created, seen, expires, address, agent = row
    return SignIn(
        id=id_, user=user, created_at=created, seen_at=seen, expires_at=expires, address=address, agent=agent
    )


# -- tries --


async def count_try(tx: Tx, subject: str, window_ms: int) -> tuple[int, Millis]:
    """One more try in the window that is open, else the first of a new one: how many there are, and since when.

    The row is locked until the end of the transaction, so tries that come at once are counted one by one.
    """
    row = await tx.one(
        "INSERT INTO sign_in_try (subject, tries, since) VALUES ($1, 1, $2) ON CONFLICT (subject) DO UPDATE SET "
        "tries = CASE WHEN sign_in_try.since <= $3 THEN 1 ELSE sign_in_try.tries + 1 END, "
        "since = CASE WHEN sign_in_try.since <= $3 THEN $2 ELSE sign_in_try.since END RETURNING tries, since",
        subject,
        tx.now,
        tx.now - window_ms,
    )
    assert row is not None
    return row[0], row[1]


async def take_try_back(tx: Tx, subject: str) -> None:
    await tx.run("UPDATE sign_in_try SET tries = tries - 1 WHERE subject = $1 AND tries > 0", subject)


async def drop_tries(tx: Tx, subject: str) -> None:
    await tx.run("DELETE FROM sign_in_try WHERE subject = $1", subject)


async def delete_tries_before(tx: Tx, since: Millis) -> None:
    await tx.run("DELETE FROM sign_in_try WHERE since <= $1", since)
