"""The SQL of devices' plans: quota, end, package."""

from collections.abc import Mapping, Sequence

from merpati.core.ids import DeviceId
from merpati.storage.port import Tx


async def set_plan(tx: Tx, id_: DeviceId, quota: int | None, expires_at: int | None, package: str) -> None:
    await tx.run(
        "UPDATE device SET quota = $2, expires_at = $3, package = $4 WHERE id = $1", id_, quota, expires_at, package
    )


async def quotas_of(tx: Tx, ids: Sequence[DeviceId]) -> dict[DeviceId, int | None]:
    rows = await tx.set(
        "SELECT d.id, d.quota FROM device d, {r} WHERE d.id = r.id", "id bigint", [(id_,) for id_ in ids]
    )
    return {DeviceId(id_): quota for id_, quota in rows}


async def set_quotas(tx: Tx, quotas: Mapping[DeviceId, int]) -> None:
    await tx.set(
        "UPDATE device SET quota = r.quota FROM {r} WHERE device.id = r.id",
        "id bigint, quota bigint",
        list(quotas.items()),
    )
