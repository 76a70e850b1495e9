"""The SQL of ownership: which incarnation holds which device, under which epoch."""

from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId, Epoch, Incarnation
from merpati.devices.model import LIVE, Claim, Owned
from merpati.storage.nodes import dead_owner
from merpati.storage.port import Tx

_LIVE = ", ".join(f"'{state}'" for state in sorted(LIVE))
_NO_OWNER = dead_owner("o.owner_inc")
# A device whose last holder died is claimed only after its log says so (see `ownership.mark_adrift`).
_CLAIMABLE = (
    f"{_NO_OWNER} AND EXISTS (SELECT 1 FROM device d WHERE d.id = o.device_id AND d.desired = 1 "
    f"AND d.state NOT IN ({_LIVE}))"
)
_ADRIFT = f"d.state IN ({_LIVE}) AND {_NO_OWNER}"


def fence(device: str, inc: str, epoch: str) -> str:
    """A condition: this incarnation holds this device under this epoch. Arguments are SQL, such as `r.device_id`.

    Where the engine has more than one writer it locks the ownership against a claim until the end of the
    transaction, so a late holder's statement either comes before the claim, whole, or does nothing.
    """
    return (
        f"EXISTS (SELECT 1 FROM device_owner WHERE device_owner.device_id = {device} "
        f"AND device_owner.owner_inc = {inc} AND device_owner.epoch = {epoch} {{share}})"
    )


async def claim(tx: Tx, inc: Incarnation, limit: int) -> list[tuple[DeviceId, Epoch]]:
    rows = await tx.all(
        f"WITH free AS MATERIALIZED (SELECT o.device_id FROM device_owner o WHERE {_CLAIMABLE} "
        "ORDER BY o.device_id LIMIT $2 {skip_locked}) "
        "UPDATE device_owner SET owner_inc = $1, epoch = epoch + 1 WHERE device_id IN (SELECT device_id FROM free) "
        f"AND NOT {dead_owner('$1')} RETURNING device_id, epoch",
        inc,
        limit,
    )
    return [(device, epoch) for device, epoch in rows]


async def claimable_exists(tx: Tx) -> bool:
    return await tx.one(f"SELECT 1 FROM device_owner o WHERE {_CLAIMABLE} LIMIT 1") is not None


async def release(tx: Tx, inc: Incarnation, device: DeviceId) -> bool:
    row = await tx.one(
        "UPDATE device_owner SET owner_inc = NULL WHERE device_id = $1 AND owner_inc = $2 RETURNING device_id",
        device,
        inc,
    )
    return row is not None


async def holds(tx: Tx, device: DeviceId, claim: Claim) -> bool:
    row = await tx.one(f"SELECT 1 WHERE {fence('$1', '$2', '$3')}", device, claim.inc, claim.epoch)
    return row is not None


async def owned(tx: Tx, inc: Incarnation) -> list[Owned]:
    rows = await tx.all(
        "SELECT o.device_id, o.epoch, d.desired FROM device_owner o JOIN device d ON d.id = o.device_id "
        "WHERE o.owner_inc = $1 ORDER BY o.device_id",
        inc,
    )
    return [Owned(device, epoch, bool(desired)) for device, epoch, desired in rows]


async def unwanted(tx: Tx, inc: Incarnation) -> list[DeviceId]:
    rows = await tx.all(
        "SELECT o.device_id FROM device_owner o JOIN device d ON d.id = o.device_id "
        "WHERE o.owner_inc = $1 AND d.desired = 0 ORDER BY o.device_id",
        inc,
    )
    return [row[0] for row in rows]


async def owner_of(tx: Tx, device: DeviceId) -> tuple[Incarnation | None, Epoch] | None:
    row = await tx.one("SELECT owner_inc, epoch FROM device_owner WHERE device_id = $1", device)
    return (row[0], row[1]) if row else None


async def adrift(tx: Tx, limit: int) -> list[tuple[DeviceId, AccountId, Millis | None]]:
    """Devices whose row says that a session runs though nobody holds them; the last sign of a holder that died."""
    rows = await tx.all(
        "SELECT d.id, d.account_id, CASE WHEN o.owner_inc IS NOT NULL THEN COALESCE(n.renewed_at, d.state_at) END "
        "FROM device d JOIN device_owner o ON o.device_id = d.id LEFT JOIN node n ON n.inc = o.owner_inc "
        f"WHERE {_ADRIFT} ORDER BY d.id LIMIT $1",
        limit,
    )
    return [(device, account, at) for device, account, at in rows]
