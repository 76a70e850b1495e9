"""The SQL of the connection log."""

from collections.abc import Sequence

from merpati.core.clock import Millis
from merpati.core.ids import DeviceId
from merpati.devices.model import DeviceState, StateChange
from merpati.storage.port import Tx


async def insert_state(tx: Tx, device: DeviceId, at: Millis, state: DeviceState, reason: str) -> None:
    await tx.run(
        "INSERT INTO device_state (device_id, at, n, state, reason) "
        "SELECT $1, $2, COALESCE(MAX(n) + 1, 0), $3, $4 FROM device_state WHERE device_id = $1 AND at = $2",
        device,
        at,
        state,
        reason,
    )


async def newest_states(tx: Tx, device: DeviceId, limit: int) -> list[StateChange]:
    rows = await tx.all(
        "SELECT at, state, reason FROM device_state WHERE device_id = $1 ORDER BY at DESC, n DESC LIMIT $2",
        device,
        limit,
    )
    return [StateChange(at, DeviceState(state), reason) for at, state, reason in rows]


async def states_before(
    tx: Tx, device: DeviceId, before: tuple[int, int], limit: int
) -> list[tuple[StateChange, int]]:
    """Newest first, those before (at, n); each with its n."""
    rows = await tx.all(
        "SELECT at, state, reason, n FROM device_state WHERE device_id = $1 AND (at, n) < ($2, $3) "
        "ORDER BY at DESC, n DESC LIMIT $4",
        device,
        *before,
        limit,
    )
    return [(StateChange(at, DeviceState(state), reason), n) for at, state, reason, n in rows]


async def states_since(tx: Tx, devices: Sequence[DeviceId], from_at: int) -> list[tuple[DeviceId, Millis, bool]]:
    """When each device came into which state (open or not), from the state that it was in at `from_at` on."""
    rows = await tx.set(
        "SELECT s.device_id, s.at, s.n, CASE WHEN s.state = 'open' THEN 1 ELSE 0 END FROM device_state s, {r} "
        "WHERE s.device_id = r.id AND s.at >= coalesce((SELECT max(b.at) FROM device_state b "
        "WHERE b.device_id = r.id AND b.at <= r.from_at), 0)",
        "id bigint, from_at bigint",
        [(device, from_at) for device in devices],
    )
    return [(DeviceId(id_), at, bool(up)) for id_, at, _, up in sorted(rows)]


async def turns(tx: Tx, device: DeviceId, limit: int) -> list[tuple[Millis, bool]]:
    """When the device became connected (true) or disconnected, newest first."""
    rows = await tx.all(
        "SELECT at, up FROM (SELECT at, n, up, LAG(up, 1, -1) OVER (ORDER BY at, n) AS was FROM "
        "(SELECT at, n, CASE WHEN state = 'open' THEN 1 ELSE 0 END AS up FROM device_state WHERE device_id = $1)"
        " AS s) AS t WHERE up <> was ORDER BY at DESC, n DESC LIMIT $2",
        device,
        limit,
    )
    return [(at, bool(up)) for at, up in rows]


async def delete_states_before(tx: Tx, before: Millis, limit: int) -> int:
    """All but the newest of each device may go."""
    rows = await tx.all(
        "DELETE FROM device_state WHERE (device_id, at, n) IN (SELECT s.device_id, s.at, s.n FROM device_state s "
        "JOIN device d ON d.id = s.device_id WHERE s.at < $1 AND s.at < d.state_at ORDER BY s.at LIMIT $2) "
        "RETURNING at",
        before,
        limit,
    )
    return len(rows)


def is_connected(device: str) -> str:
    """A condition: this device (SQL, such as `m.device_id`) may hand over now. As `Device.connected`."""
    return (
        f"EXISTS (SELECT 1 FROM device WHERE device.id = {device} AND device.desired = 1 AND device.state = 'open')"
    )
