"""The SQL of the second factor."""

from collections.abc import Sequence

from merpati.core.ids import UserId
from merpati.storage.port import Tx


async def factor_of(tx: Tx, user: UserId) -> tuple[str, bool, int] | None:
    row = await tx.one(
        "SELECT totp_sealed, totp_on, totp_step FROM owner WHERE id = $1 AND totp_sealed IS NOT NULL", user
    )
    return (row[0], bool(row[1]), row[2]) if row else None


async def set_secret(tx: Tx, user: UserId, sealed: str) -> bool:
    """False when one is in use."""
    row = await tx.one(
        "UPDATE owner SET totp_sealed = $2, totp_step = 0 WHERE id = $1 AND totp_on = 0 RETURNING id", user, sealed
    )
    return row is not None


async def turn_on(tx: Tx, user: UserId, sealed: str, step: int) -> bool:
    row = await tx.one(
        "UPDATE owner SET totp_on = 1, totp_step = $3 WHERE id = $1 AND totp_sealed = $2 AND totp_on = 0 "
        "RETURNING id",
        user,
        sealed,
        step,
    )
    return row is not None


async def turn_off(tx: Tx, user: UserId) -> None:
    await tx.run("UPDATE owner SET totp_on = 0, totp_sealed = NULL WHERE id = $1", user)
    await tx.run("DELETE FROM recovery_code WHERE owner_id = $1", user)


async def use_step(tx: Tx, user: UserId, step: int) -> bool:
    row = await tx.one(
        "UPDATE owner SET totp_step = $2 WHERE id = $1 AND totp_on = 1 AND totp_step < $2 RETURNING id", user, step
    )
    return row is not None


async def put_recovery_codes(tx: Tx, user: UserId, hashes: Sequence[str]) -> None:
    """These, and no others."""
    await tx.run("DELETE FROM recovery_code WHERE owner_id = $1", user)
    await tx.set(
        "INSERT INTO recovery_code (owner_id, code_hash) SELECT owner_id, code_hash FROM {r}",
        "owner_id bigint, code_hash text",
        [(user, hash_) for hash_ in hashes],
    )


async def take_recovery_code(tx: Tx, user: UserId, code_hash: str) -> bool:
    row = await tx.one(
        "DELETE FROM recovery_code WHERE owner_id = $1 AND code_hash = $2 RETURNING code_hash", user, code_hash
    )
    return row is not None
