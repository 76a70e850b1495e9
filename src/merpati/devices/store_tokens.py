"""The SQL of tokens that were replaced and go on working for a while."""

from collections.abc import Sequence

from merpati.core.clock import Millis
from merpati.core.ids import DeviceId
from merpati.storage.port import Tx


async def keep_token(tx: Tx, device: DeviceId, new_hash: str, until: Millis) -> None:
    """The device's present token works until then, unless it is the new one already; what has run out goes."""
    await tx.run("DELETE FROM device_old_token WHERE device_id = $1 AND valid_until <= {now}", device)
    await tx.run(
        "INSERT INTO device_old_token (token_hash, device_id, valid_until) "
        "SELECT token_hash, id, CAST($3 AS BIGINT) FROM device WHERE id = $1 AND token_hash <> $2 "
        "ON CONFLICT DO NOTHING",
        device,
        new_hash,
        until,
    )


async def drop_tokens(tx: Tx, device: DeviceId) -> None:
    await tx.run("DELETE FROM device_old_token WHERE device_id = $1", device)


async def devices_of_old(tx: Tx, hashes: Sequence[str]) -> dict[str, DeviceId]:
    """The devices that these replaced tokens still open."""
    rows = await tx.set(
        "SELECT t.token_hash, t.device_id FROM device_old_token t, {r} WHERE t.token_hash = r.hash "
        "AND t.valid_until > {now}",
        "hash text",
        [(hash_,) for hash_ in hashes],
    )
    return {row[0]: DeviceId(row[1]) for row in rows}
