"""The SQL of devices."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId
from merpati.core.tokens import SealedToken
from merpati.devices.model import Caution, Device, DeviceState, Settings, Source, WebhookWay
from merpati.storage.port import Row, Tx, Value, and_among

_SETTINGS = (
    "autoread, personal, in_groups, quick, resend, resend_to, source, inbox, webhook_way, pace_from_ms, "
    "pace_to_ms, resend_unclear, caution, new_people_per_day"
)
_DEVICE = (
    "id, account_id, number, name, transport, paired_number, paired_at, desired, state, state_reason, state_at, "
    f"state_until, quota, expires_at, package, created_at, {_SETTINGS}"
)
_DEVICE_D = ", ".join(f"d.{name}" for name in _DEVICE.split(", "))


async def insert_device(tx: Tx, device: Device, token: SealedToken) -> bool:
    """False when another device has that number."""
    values: tuple[Value, ...] = (
        device.id,
        device.account,
        device.number,
        device.name,
        device.transport,
        device.paired_number,
        device.paired_at,
        int(device.desired),
        device.state,
        device.state_reason,
        device.state_at,
        device.state_until,
        device.quota,
        device.expires_at,
        device.package,
        device.created_at,
        *_settings_values(device.settings),
        token.hash,
        token.sealed,
    )
    marks = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    row = await tx.one(
        f"INSERT INTO device ({_DEVICE}, token_hash, token_sealed) VALUES ({marks}) "
        "ON CONFLICT (number) WHERE deleted_at IS NULL DO UPDATE SET number = excluded.number "
        "WHERE device.id = excluded.id RETURNING id",
        *values,
    )
    return row is not None


async def insert_ownership(tx: Tx, device: DeviceId) -> None:
    await tx.run(
        "INSERT INTO device_owner (device_id, owner_inc, epoch) VALUES ($1, NULL, 0) ON CONFLICT DO NOTHING", device
    )


async def update_device(tx: Tx, id_: DeviceId, number: str, name: str, settings: Settings) -> None:
    """Raises `Violation` when another device took that number since `number_is_free`; run again, it is not free."""
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


async def set_state(
    tx: Tx, id_: DeviceId, state: DeviceState, reason: str, at: Millis, until: Millis | None
) -> None:
    await tx.run(
        "UPDATE device SET state = $2, state_reason = $3, state_at = $4, state_until = $5 WHERE id = $1",
        id_,
        state,
        reason,
        at,
        until,
    )


async def set_paired_number(tx: Tx, id_: DeviceId, number: str) -> None:
    """The same number again does not begin anew."""
    await tx.run(
        "UPDATE device SET paired_at = CASE WHEN paired_number = $2 THEN paired_at ELSE $3 END, paired_number = $2 "
        "WHERE id = $1",
        id_,
        number,
        tx.now if number else 0,
    )


async def number_is_free(tx: Tx, numbers: tuple[str, str, str], except_: DeviceId) -> bool:
    """`numbers` are `spellings` of one: none is another device's, or paired with it."""
    row = await tx.one(
        "SELECT 1 FROM device WHERE id <> $4 AND deleted_at IS NULL "
        "AND (number IN ($1, $2, $3) OR paired_number IN ($1, $2, $3)) LIMIT 1",
        *numbers,
        except_,
    )
    return row is None


async def device_by(tx: Tx, column: Literal["id", "number", "token_hash"], value: Value) -> Device | None:
    """None also for one that was deleted."""
    row = await tx.one(f"SELECT {_DEVICE} FROM device WHERE {column} = $1 AND deleted_at IS NULL", value)
    return _device(row) if row else None


async def devices_of(tx: Tx, account: AccountId, among: Collection[DeviceId] | None) -> list[Device]:
    rows = await tx.all(
        f"SELECT {_DEVICE} FROM device WHERE account_id = $1{and_among('id', among)} AND deleted_at IS NULL "
        "ORDER BY id",
        account,
    )
    return [_device(row) for row in rows]


async def find_devices(
    tx: Tx,
    account: AccountId,
    state: DeviceState | None,
    transport: str | None,
    after: DeviceId,
    limit: int,
    among: Collection[DeviceId] | None = None,
) -> list[Device]:
    """Oldest first, those after `after`; what is None is not asked."""
    asked = {"account_id": account, "state": state, "transport": transport}
    wanted = {column: value for column, value in asked.items() if value is not None}
    conditions = "".join(f"{column} = ${n} AND " for n, column in enumerate(wanted, start=3))
    rows = await tx.all(
        f"SELECT {_DEVICE} FROM device WHERE {conditions}id > $1{and_among('id', among)} "
        "AND deleted_at IS NULL ORDER BY id LIMIT $2",
        after,
        limit,
        *wanted.values(),
    )
    return [_device(row) for row in rows]


async def cautious(tx: Tx, devices: Sequence[tuple[DeviceId, int]]) -> list[DeviceId]:
    """(device, 1 where its network bans numbers that write to many strangers): those that take care of it."""
    rows = await tx.set(
        f"SELECT d.id FROM device d, {{r}} WHERE d.id = r.id AND (d.caution = '{Caution.OWN}' "
        f"OR (d.caution = '{Caution.AUTO}' AND r.warms_up = 1))",
        "id bigint, warms_up bigint",
        devices,
    )
    return [row[0] for row in rows]


async def devices_by_ids(tx: Tx, ids: Sequence[DeviceId]) -> dict[DeviceId, Device]:
    """Deleted ones too: the history names them, and a node has to let them go."""
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


async def sealed_token_of(tx: Tx, id_: DeviceId) -> str | None:
    row = await tx.one("SELECT token_sealed FROM device WHERE id = $1", id_)
    return row[0] if row else None


async def count_states(tx: Tx) -> dict[DeviceState, int]:
    rows = await tx.all("SELECT state, COUNT(*) FROM device WHERE deleted_at IS NULL GROUP BY state ORDER BY state")
    return {DeviceState(state): count for state, count in rows}


def _settings_values(settings: Settings) -> tuple[Value, ...]:
    switches = (settings.autoread, settings.personal, settings.in_groups, settings.quick, settings.resend)
    return (
        *map(int, switches),
        settings.resend_to,
        settings.source,
        int(settings.inbox),
        settings.webhook_way,
        settings.pace_from_ms,
        settings.pace_to_ms,
        int(settings.resend_unclear),
        settings.caution,
        settings.new_people_per_day,
    )


def _device(row: Row) -> Device:
    (
        id_,
        account,
        number,
        name,
        transport,
        paired,
        paired_at,
        desired,
        state,
        reason,
        state_at,
        state_until,
        quota,
        expires,
        package,
        created,
        *rest,
    ) = row
    return Device(
        id=id_,
        account=account,
        number=number,
        name=name,
        transport=transport,
        paired_number=paired,
        paired_at=paired_at,
        desired=bool(desired),
        state=DeviceState(state),
        state_reason=reason,
        state_at=state_at,
        state_until=state_until,
        settings=_settings(rest),
        quota=quota,
        expires_at=expires,
        package=package,
        created_at=created,
    )


def _settings(columns: list[Any]) -> Settings:
    autoread, personal, in_groups, quick, resend, resend_to, source, inbox, way, *rest = columns
    pace_from_ms, pace_to_ms, resend_unclear, caution, new_people_per_day = rest
    return Settings(
        autoread=bool(autoread),
        personal=bool(personal),
        in_groups=bool(in_groups),
        quick=bool(quick),
        resend=bool(resend),
        resend_to=resend_to,
        source=Source(source),
        inbox=bool(inbox),
        webhook_way=WebhookWay(way),
        pace_from_ms=pace_from_ms,
        pace_to_ms=pace_to_ms,
        resend_unclear=bool(resend_unclear),
        caution=Caution(caution),
        new_people_per_day=new_people_per_day,
    )
