"""The SQL of accounts, owners, invitations and devices."""

from collections.abc import Sequence
from typing import Any, Literal

from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId, UserId
from merpati.devices.model import Account, Device, DeviceState, Owner, Settings, Source
from merpati.devices.tokens import SealedToken
from merpati.storage.port import Row, Tx, Value

_ACCOUNT = "id, name, created_at"
_OWNER = "id, account_id, email, password_hash"
_SETTINGS = "autoread, personal, in_groups, quick, resend, resend_to, source, pace_from_ms, pace_to_ms"
_DEVICE = (
    "id, account_id, number, name, transport, desired, state, state_reason, state_at, quota, expires_at, created_at"
    f", {_SETTINGS}"
)
_DEVICE_D = ", ".join(f"d.{name}" for name in _DEVICE.split(", "))


# -- accounts and owners --


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


async def insert_owner(tx: Tx, owner: Owner) -> bool:
    """False when somebody else has that address."""
    row = await tx.one(
        f"INSERT INTO owner ({_OWNER}, created_at) VALUES ($1, $2, $3, $4, $5) "
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


async def owner_by(tx: Tx, column: Literal["id", "email"], value: Value) -> Owner | None:
    row = await tx.one(f"SELECT {_OWNER} FROM owner WHERE {column} = $1", value)
    return _owner(row) if row else None


async def owners(tx: Tx) -> list[Owner]:
    return [_owner(row) for row in await tx.all(f"SELECT {_OWNER} FROM owner ORDER BY id")]


def _owner(row: Row) -> Owner:
    id_, account, email, password_hash = row
    return Owner(id=id_, account=account, email=email, password_hash=password_hash)


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


# -- devices --


async def insert_device(tx: Tx, device: Device, token: SealedToken) -> bool:
    """False when another device has that number."""
    values: tuple[Value, ...] = (
        device.id,
        device.account,
        device.number,
        device.name,
        device.transport,
        int(device.desired),
        device.state,
        device.state_reason,
        device.state_at,
        device.quota,
        device.expires_at,
        device.created_at,
        *_settings_values(device.settings),
        token.hash,
        token.sealed,
    )
    marks = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    row = await tx.one(
        f"INSERT INTO device ({_DEVICE}, token_hash, token_sealed) VALUES ({marks}) "
        "ON CONFLICT (number) DO UPDATE SET number = excluded.number WHERE device.id = excluded.id RETURNING id",
        *values,
    )
    return row is not None


async def insert_ownership(tx: Tx, device: DeviceId) -> None:
    await tx.run(
        "INSERT INTO device_owner (device_id, owner_inc, epoch) VALUES ($1, NULL, 0) ON CONFLICT DO NOTHING", device
    )


async def update_device(tx: Tx, id_: DeviceId, number: str, name: str, settings: Settings) -> None:
    """Raises `Violation` when another device took that number at the same moment."""
    values = (number, name, *_settings_values(settings))
    names = ("number", "name", *_SETTINGS.split(", "))
    assignments = ", ".join(f"{column} = ${n}" for n, column in enumerate(names, 2))
    await tx.run(f"UPDATE device SET {assignments} WHERE id = $1", id_, *values)


async def set_device_token(tx: Tx, id_: DeviceId, token: SealedToken) -> None:
    await tx.run(
        "UPDATE device SET token_hash = $2, token_sealed = $3 WHERE id = $1", id_, token.hash, token.sealed
    )


async def set_desired(tx: Tx, id_: DeviceId, desired: bool) -> None:
    await tx.run("UPDATE device SET desired = $2 WHERE id = $1", id_, int(desired))


async def set_state(tx: Tx, id_: DeviceId, state: DeviceState, reason: str, at: Millis) -> None:
    await tx.run(
        "UPDATE device SET state = $2, state_reason = $3, state_at = $4 WHERE id = $1", id_, state, reason, at
    )


async def number_is_free(tx: Tx, number: str, except_: DeviceId) -> bool:
    return await tx.one("SELECT 1 FROM device WHERE number = $1 AND id <> $2", number, except_) is None


async def device_by(tx: Tx, column: Literal["id", "number", "token_hash"], value: Value) -> Device | None:
    row = await tx.one(f"SELECT {_DEVICE} FROM device WHERE {column} = $1", value)
    return _device(row) if row else None


async def devices_of(tx: Tx, account: AccountId) -> list[Device]:
    rows = await tx.all(f"SELECT {_DEVICE} FROM device WHERE account_id = $1 ORDER BY id", account)
    return [_device(row) for row in rows]


async def devices_by_ids(tx: Tx, ids: Sequence[DeviceId]) -> dict[DeviceId, Device]:
    rows = await tx.set(
        f"SELECT {_DEVICE_D} FROM device d, {{r}} WHERE d.id = r.device_id",
        "device_id bigint",
        [(id_,) for id_ in dict.fromkeys(ids)],
    )
    return {DeviceId(row[0]): _device(row) for row in rows}


async def devices_by_hashes(tx: Tx, hashes: Sequence[str]) -> dict[str, Device]:
    rows = await tx.set(
        f"SELECT d.token_hash, {_DEVICE_D} FROM device d, {{r}} WHERE d.token_hash = r.hash",
        "hash text",
        [(hash_,) for hash_ in dict.fromkeys(hashes)],
    )
    return {row[0]: _device(row[1:]) for row in rows}


async def accounts_by_hashes(tx: Tx, hashes: Sequence[str]) -> dict[str, Account]:
    rows = await tx.set(
        "SELECT a.token_hash, a.id, a.name, a.created_at FROM account a, {r} WHERE a.token_hash = r.hash",
        "hash text",
        [(hash_,) for hash_ in dict.fromkeys(hashes)],
    )
    return {hash_: Account(id=id_, name=name, created_at=created) for hash_, id_, name, created in rows}


async def sealed_token_of(tx: Tx, table: Literal["account", "device"], id_: int) -> str | None:
    row = await tx.one(f"SELECT token_sealed FROM {table} WHERE id = $1", id_)
    return row[0] if row else None


async def count_states(tx: Tx) -> dict[DeviceState, int]:
    rows = await tx.all("SELECT state, COUNT(*) FROM device GROUP BY state ORDER BY state")
    return {DeviceState(state): count for state, count in rows}


def _settings_values(settings: Settings) -> tuple[Value, ...]:
    switches = (settings.autoread, settings.personal, settings.in_groups, settings.quick, settings.resend)
    return (
        *map(int, switches),
        settings.resend_to,
        settings.source,
        settings.pace_from_ms,
        settings.pace_to_ms,
    )


def _device(row: Row) -> Device:
    id_, account, number, name, transport, desired, state, reason, state_at, quota, expires, created, *rest = row
    return Device(
        id=id_,
        account=account,
        number=number,
        name=name,
        transport=transport,
        desired=bool(desired),
        state=DeviceState(state),
        state_reason=reason,
        state_at=state_at,
        settings=_settings(rest),
        quota=quota,
        expires_at=expires,
        created_at=created,
    )


def _settings(columns: list[Any]) -> Settings:
    autoread, personal, in_groups, quick, resend, resend_to, source, pace_from_ms, pace_to_ms = columns
    return Settings(
        autoread=bool(autoread),
        personal=bool(personal),
        in_groups=bool(in_groups),
        quick=bool(quick),
        resend=bool(resend),
        resend_to=resend_to,
        source=Source(source),
        pace_from_ms=pace_from_ms,
        pace_to_ms=pace_to_ms,
    )
