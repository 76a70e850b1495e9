"""The SQL of groups."""

from collections.abc import Sequence

from merpati.core.clock import Millis
from merpati.core.ids import Address, DeviceId
from merpati.storage.port import Tx
from merpati.transports.port import Group


async def replace_groups(tx: Tx, device: DeviceId, groups: Sequence[Group], at: Millis) -> None:
    await tx.run(
        "INSERT INTO group_reading (device_id, read_at) VALUES ($1, $2) "
        "ON CONFLICT (device_id) DO UPDATE SET read_at = excluded.read_at",
        device,
        at,
    )
    await tx.run("DELETE FROM known_group WHERE device_id = $1", device)
    await tx.set(
        "INSERT INTO known_group (device_id, wa_id, name) SELECT device_id, wa_id, name FROM {r} WHERE true "
        "ON CONFLICT DO NOTHING",
        "device_id bigint, wa_id text, name text",
        [(device, group.id, group.name) for group in groups],
    )


async def read_at(tx: Tx, device: DeviceId) -> Millis | None:
    row = await tx.one("SELECT read_at FROM group_reading WHERE device_id = $1", device)
    return row[0] if row else None


async def groups_of(tx: Tx, device: DeviceId) -> list[Group]:
    rows = await tx.all("SELECT wa_id, name FROM known_group WHERE device_id = $1 ORDER BY name, wa_id", device)
    return [Group(id=Address(id_), name=name) for id_, name in rows]
