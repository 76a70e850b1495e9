"""The SQL of deleting devices."""

from collections.abc import Sequence

from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId, Epoch
from merpati.storage.nodes import dead_owner
from merpati.storage.port import Tx


async def mark_deleted(tx: Tx, id_: DeviceId, at: Millis) -> bool:
    """False: it was before. Its token's place is taken by what no token's hash can be."""
    row = await tx.one(
        "UPDATE device SET deleted_at = $2, desired = 0, token_hash = $3, token_sealed = '' "
        "WHERE id = $1 AND deleted_at IS NULL RETURNING id",
        id_,
        at,
        f"deleted:{id_}",
    )
    return row is not None


async def deleted(tx: Tx, among: Sequence[DeviceId]) -> list[tuple[DeviceId, AccountId, Epoch, bool]]:
    """Those of these that were deleted: id, account, epoch, whether somebody alive holds the session."""
    rows = await tx.set(
        f"SELECT d.id, d.account_id, o.epoch, CASE WHEN {dead_owner('o.owner_inc')} THEN 0 ELSE 1 END "
        "FROM device d JOIN device_owner o ON o.device_id = d.id, {r} "
        "WHERE d.id = r.id AND d.deleted_at IS NOT NULL",
        "id bigint",
        [(id_,) for id_ in among],
    )
    return [(DeviceId(id_), AccountId(account), Epoch(epoch), bool(held)) for id_, account, epoch, held in rows]
