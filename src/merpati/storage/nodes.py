"""Nodes: the lease of each process attached to the database.

A process joins with a new incarnation, renews its lease every few seconds, and drops everything when a renewal
answers False: it is dead by then, and joins anew with another incarnation. A dead incarnation never revives. What
an incarnation owned is free for the living (`dead_owner`). Only the database's clock decides; a process guards
itself by the time elapsed since it *sent* its last successful renewal, and stops at 80 % of the lease.
"""

import secrets

from merpati.core.clock import DAY_MS, Millis
from merpati.core.ids import Incarnation
from merpati.storage.port import Tx

_KEEP_DEAD_MS = 7 * DAY_MS


def new_incarnation() -> Incarnation:
    """A name for one life of one process: 128 random bits in hex."""
    return Incarnation(secrets.token_hex(16))


def dead_owner(column: str) -> str:
    """SQL that is true where the incarnation in `column` is null, dead or unknown.

    `column` carries its table: "device_owner.owner_inc". For the WHERE of a claim, which is one statement.
    """
    return f"({column} IS NULL OR NOT EXISTS (SELECT 1 FROM node WHERE node.inc = {column} AND node.alive = 1))"


async def join_node(tx: Tx, inc: Incarnation, name: str, lease_ms: int, *, exclusive: bool) -> None:
    """Attach a process. May run twice.

    `exclusive`: the caller has proved that no other process lives (embedded mode: the lock of the data folder), so
    that all others are dead at once.
    """
    if exclusive:
        await tx.run("UPDATE node SET alive = 0 WHERE alive = 1 AND inc <> $1", inc)
    await tx.run(
        "INSERT INTO node (inc, name, joined_at, renewed_at, lease_until, alive) "
        "VALUES ($1, $2, {now}, {now}, {now} + $3, 1) ON CONFLICT DO NOTHING",
        inc,
        name,
        lease_ms,
    )
    await tx.run("DELETE FROM node WHERE alive = 0 AND lease_until < {now} - $1", _KEEP_DEAD_MS)


async def renew_node(tx: Tx, inc: Incarnation, lease_ms: int) -> bool:
    """Prolong the lease to `lease_ms` from now. False: it is lost, drop everything and join anew. One statement."""
    row = await tx.one(
        "UPDATE node SET renewed_at = {now}, lease_until = {now} + $2 "
        "WHERE inc = $1 AND alive = 1 AND lease_until > {now} RETURNING inc",
        inc,
        lease_ms,
    )
    return row is not None


async def reap_nodes(tx: Tx) -> list[Incarnation]:
    """Declare dead whose lease ran out; answers them. Any node, each second. May run twice."""
    rows = await tx.all(
        "UPDATE node SET alive = 0 WHERE inc IN "
        "(SELECT inc FROM node WHERE alive = 1 AND lease_until <= {now} ORDER BY inc {skip_locked}) "
        "AND alive = 1 AND lease_until <= {now} RETURNING inc"
    )
    return [Incarnation(row[0]) for row in rows]


async def leave_node(tx: Tx, inc: Incarnation) -> None:
    """Detach at once, without waiting for the lease. May run twice."""
    await tx.run("UPDATE node SET alive = 0 WHERE inc = $1", inc)


async def living_nodes(tx: Tx) -> list[tuple[Incarnation, str]]:
    """Incarnation and name of every living node, oldest first."""
    rows = await tx.all("SELECT inc, name FROM node WHERE alive = 1 ORDER BY joined_at, inc")
    return [(Incarnation(inc), name) for inc, name in rows]


async def database_clock(tx: Tx) -> Millis:
    """The database's own time, which decides over leases. A view."""
    row = await tx.one("SELECT {now}")
    return row[0] if row else tx.now
