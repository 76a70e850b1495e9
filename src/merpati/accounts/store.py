"""The SQL of accounts, owners and invitations."""

from collections.abc import Sequence
from typing import Literal

from merpati.accounts.model import Account, Language, Owner, Theme
from merpati.core.clock import Millis
from merpati.core.ids import AccountId, UserId
from merpati.core.tokens import SealedToken
from merpati.storage.port import Row, Tx, Value

_ACCOUNT = "id, name, created_at"
_OWNER = "id, account_id, email, password_hash, name, phone, language, theme, time_zone, totp_on"
OWNER_O = ", ".join(f"o.{name}" for name in _OWNER.split(", "))


# -- accounts --


async def insert_account(tx: Tx, id_: AccountId, name: str, token: SealedToken) -> None:
    await tx.run(
        "INSERT INTO account (id, name, token_hash, token_sealed, created_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (id) DO NOTHING",
        id_,
        name,
        token.hash,
        token.sealed,
        tx.now,
    )


async def set_account_token(tx: Tx, id_: AccountId, token: SealedToken) -> None:
    await tx.run(
        "UPDATE account SET token_hash = $2, token_sealed = $3 WHERE id = $1", id_, token.hash, token.sealed
    )


async def account_by(tx: Tx, column: Literal["id", "token_hash"], value: Value) -> Account | None:
    row = await tx.one(f"SELECT {_ACCOUNT} FROM account WHERE {column} = $1", value)
    return Account(id=row[0], name=row[1], created_at=row[2]) if row else None


async def accounts(tx: Tx) -> list[Account]:
    rows = await tx.all(f"SELECT {_ACCOUNT} FROM account ORDER BY id")
    return [Account(id=id_, name=name, created_at=created) for id_, name, created in rows]


async def accounts_by_hashes(tx: Tx, hashes: Sequence[str]) -> dict[str, Account]:
    rows = await tx.set(
        "SELECT a.token_hash, a.id, a.name, a.created_at FROM account a, {r} WHERE a.token_hash = r.hash",
        "hash text",
        [(hash_,) for hash_ in dict.fromkeys(hashes)],
    )
    return {hash_: Account(id=id_, name=name, created_at=created) for hash_, id_, name, created in rows}


async def sealed_token_of(tx: Tx, id_: AccountId) -> str | None:
    row = await tx.one("SELECT token_sealed FROM account WHERE id = $1", id_)
    return row[0] if row else None


# -- owners --


async def insert_owner(tx: Tx, owner: Owner) -> bool:
    """False when somebody else has that address."""
    row = await tx.one(
        "INSERT INTO owner (id, account_id, email, password_hash, created_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (email) DO UPDATE SET email = excluded.email WHERE owner.id = excluded.id RETURNING id",
        owner.id,
        owner.account,
        owner.email,
        owner.password_hash,
        tx.now,
    )
    return row is not None


async def set_password(tx: Tx, id_: UserId, password_hash: str) -> None:
    await tx.run("UPDATE owner SET password_hash = $2 WHERE id = $1", id_, password_hash)


async def has_password(tx: Tx, id_: UserId, hashes: Sequence[str]) -> bool:
    """Whether the user's is one of these."""
    row = await tx.one("SELECT password_hash FROM owner WHERE id = $1", id_)
    return row is not None and row[0] in hashes


async def set_profile(tx: Tx, owner: Owner) -> None:
    """Raises `Violation` when another took that number at the same moment."""
    await tx.run(
        "UPDATE owner SET name = $2, phone = $3, language = $4, theme = $5, time_zone = $6 WHERE id = $1",
        owner.id,
        owner.name,
        owner.phone,
        owner.language,
        owner.theme,
        owner.time_zone,
    )


async def owner_by(tx: Tx, column: Literal["id", "email", "phone"], value: Value) -> Owner | None:
    row = await tx.one(f"SELECT {_OWNER} FROM owner WHERE {column} = $1", value)
    return read_owner(row) if row else None


async def owners(tx: Tx) -> list[Owner]:
    return [read_owner(row) for row in await tx.all(f"SELECT {_OWNER} FROM owner ORDER BY id")]


def read_owner(row: Row) -> Owner:
    """From the columns of `OWNER_O`."""
    id_, account, email, password_hash, name, phone, language, theme, time_zone, totp_on = row
    return Owner(
        id=id_,
        account=account,
        email=email,
        password_hash=password_hash,
        name=name,
        phone=phone,
        language=Language(language),
        theme=Theme(theme),
        time_zone=time_zone,
        totp_on=bool(totp_on),
    )


# -- invitations --


async def insert_invitation(tx: Tx, token_hash: str, expires_at: Millis) -> None:
    await tx.run(
        "INSERT INTO invitation (token_hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        token_hash,
        expires_at,
    )


async def take_invitation(tx: Tx, token_hash: str) -> bool:
    """False when there is none that is still good."""
    row = await tx.one(
        "DELETE FROM invitation WHERE token_hash = $1 AND expires_at > $2 RETURNING token_hash", token_hash, tx.now
    )
    return row is not None


async def drop_invitations(tx: Tx) -> None:
    await tx.run("DELETE FROM invitation")


async def invitation_is_good(tx: Tx, token_hash: str) -> bool:
    row = await tx.one("SELECT 1 FROM invitation WHERE token_hash = $1 AND expires_at > $2", token_hash, tx.now)
    return row is not None
