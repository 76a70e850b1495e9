"""The SQL of what is asked of sessions."""

from merpati.core.ids import AskId, DeviceId, Incarnation
from merpati.devices.model import Claim
from merpati.devices.store_ownership import fence
from merpati.storage.port import Row, Tx


async def insert_ask(tx: Tx, id_: AskId, device: DeviceId, body: str, expires_in_ms: int) -> None:
    await tx.run(
        "INSERT INTO device_ask (id, device_id, ask, expires_at, answer_sealed) "
        "VALUES ($1, $2, $3, {now} + $4, NULL) ON CONFLICT DO NOTHING",
        id_,
        device,
        body,
        expires_in_ms,
    )


async def open_asks(tx: Tx, inc: Incarnation) -> list[Row]:
    return await tx.all(
        "SELECT a.id, a.device_id, a.ask FROM device_ask a JOIN device_owner o ON o.device_id = a.device_id "
        "WHERE a.answer_sealed IS NULL AND a.expires_at > {now} AND o.owner_inc = $1 ORDER BY a.id",
        inc,
    )


async def set_answer(tx: Tx, id_: AskId, device: DeviceId, claim: Claim, answer_sealed: str) -> bool:
    row = await tx.one(
        "UPDATE device_ask SET answer_sealed = $2 WHERE id = $1 AND answer_sealed IS NULL "
        f"AND {fence('$3', '$4', '$5')} RETURNING id",
        id_,
        answer_sealed,
        device,
        claim.inc,
        claim.epoch,
    )
    return row is not None


async def answer_of(tx: Tx, id_: AskId) -> str | None:
    row = await tx.one("SELECT answer_sealed FROM device_ask WHERE id = $1", id_)
    return row[0] if row else None


async def delete_ask(tx: Tx, id_: AskId) -> None:
    await tx.run("DELETE FROM device_ask WHERE id = $1", id_)


async def delete_expired(tx: Tx) -> None:
    await tx.run("DELETE FROM device_ask WHERE expires_at <= {now}")
