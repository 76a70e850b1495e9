"""The SQL of deletion codes."""

from typing import NamedTuple

from merpati.core.ids import DeviceId
from merpati.storage.port import Tx


class Known(NamedTuple):
    code_hash: str
    asked_at: int
    wrong: int
    locked_until: int


async def code_of(tx: Tx, device: DeviceId) -> Known | None:
    row = await tx.one(
        "SELECT code_hash, asked_at, wrong, locked_until FROM deletion_code WHERE device_id = $1", device
    )
    return Known(*row) if row else None


async def set_code(tx: Tx, device: DeviceId, code_hash: str, at: int) -> None:
    await tx.run(
        "INSERT INTO deletion_code (device_id, code_hash, asked_at, wrong, locked_until) VALUES ($1, $2, $3, 0, 0) "
        "ON CONFLICT (device_id) DO UPDATE SET code_hash = excluded.code_hash, asked_at = excluded.asked_at, "
        "wrong = 0, locked_until = 0",
        device,
        code_hash,
        at,
    )


async def count_wrong(tx: Tx, device: DeviceId, wrong: int, locked_until: int) -> None:
    await tx.run(
        "UPDATE deletion_code SET wrong = $2, locked_until = $3 WHERE device_id = $1", device, wrong, locked_until
    )


async def delete_code(tx: Tx, device: DeviceId) -> None:
    await tx.run("DELETE FROM deletion_code WHERE device_id = $1", device)
