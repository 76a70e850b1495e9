"""The SQL of counts."""

from collections.abc import Sequence

from merpati.core.ids import DeviceId
from merpati.storage.port import Tx


async def outgoing_of(tx: Tx, devices: Sequence[DeviceId]) -> list[tuple[DeviceId, int]]:
    rows = await tx.set(
        "SELECT m.device_id, count(*) FROM message m, {r} WHERE m.device_id = r.id AND m.direction = 0 "
        "GROUP BY m.device_id",
        "id bigint",
        [(device,) for device in devices],
    )
    return [(DeviceId(device), count) for device, count in rows]
