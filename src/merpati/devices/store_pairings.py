"""The SQL of wishes to pair."""

from merpati.core.ids import DeviceId, Incarnation, PairingId
from merpati.devices.model import Claim
from merpati.devices.store_ownership import fence
from merpati.storage.port import Row, Tx


async def insert_pairing(
    tx: Tx, id_: PairingId, device: DeviceId, how: str, phone: str, expires_in_ms: int
) -> None:
    await tx.run(
        "INSERT INTO pairing (id, device_id, how, phone, expires_at, answer_sealed) "
        "VALUES ($1, $2, $3, $4, {now} + $5, NULL) ON CONFLICT DO NOTHING",
        id_,
        device,
        how,
        phone,
        expires_in_ms,
    )


async def open_pairings(tx: Tx, inc: Incarnation) -> list[Row]:
    return await tx.all(
        "SELECT p.id, p.device_id, p.how, p.phone FROM pairing p JOIN device_owner o ON o.device_id = p.device_id "
        "WHERE p.answer_sealed IS NULL AND p.expires_at > {now} AND o.owner_inc = $1 ORDER BY p.id",
        inc,
    )


async def set_answer(tx: Tx, id_: PairingId, device: DeviceId, claim: Claim, answer_sealed: str) -> bool:
    row = await tx.one(
        "UPDATE pairing SET answer_sealed = $2 WHERE id = $1 AND answer_sealed IS NULL "
        f"AND {fence('$3', '$4', '$5')} RETURNING id",
        id_,
        answer_sealed,
        device,
        claim.inc,
        claim.epoch,
    )
    return row is not None


async def answer_of(tx: Tx, id_: PairingId) -> str | None:
    row = await tx.one("SELECT answer_sealed FROM pairing WHERE id = $1", id_)
    return row[0] if row else None


async def delete_pairing(tx: Tx, id_: PairingId) -> None:
    await tx.run("DELETE FROM pairing WHERE id = $1", id_)


async def delete_expired(tx: Tx) -> None:
    await tx.run("DELETE FROM pairing WHERE expires_at <= {now}")
