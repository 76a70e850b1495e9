"""The SQL of counts. Each reads an index alone, or few rows."""

from collections.abc import Collection, Sequence

from merpati.core.ids import AccountId, DeviceId
from merpati.devices.connection import is_connected
from merpati.messages.model import MessageState
from merpati.storage.port import Row, Tx, and_among

_RARE = "m.state NOT IN (2, 3, 4, 9)"
"""Said so that SQLite takes the partial index `message_state`."""


async def outgoing_of(tx: Tx, devices: Sequence[DeviceId]) -> list[tuple[DeviceId, int]]:
    rows = await tx.set(
        "SELECT m.device_id, count(*) FROM message m, {r} WHERE m.device_id = r.id AND m.direction = 0 "
        "AND m.typed = 0 GROUP BY m.device_id",
        "id bigint",
        [(device,) for device in devices],
    )
    return [(DeviceId(device), count) for device, count in rows]


async def open_of(tx: Tx, devices: Sequence[DeviceId]) -> list[tuple[DeviceId, int, int, int]]:
    """(device, being handed over, queued, of those kept back now)."""
    of_device = "SELECT count(*) FROM outbox o WHERE o.device_id = r.id AND o.state"
    rows = await tx.set(
        f"SELECT r.id, ({of_device} = 1), ({of_device} = 0), "
        f"(CASE WHEN {is_connected('r.id')} THEN ({of_device} = 0 AND o.due_at > {{now}}) "
        f"ELSE ({of_device} = 0) END) FROM {{r}}",
        "id bigint",
        [(device,) for device in devices],
    )
    return [(DeviceId(row[0]), row[1], row[2], row[3]) for row in rows]


async def accepted_of(tx: Tx, devices: Sequence[DeviceId], from_at: int) -> dict[DeviceId, int]:
    """Messages of both ways since then."""
    rows = await tx.set(
        "SELECT r.id, (SELECT count(*) FROM message m WHERE m.device_id = r.id AND m.queued_at >= r.at) FROM {r}",
        "id bigint, at bigint",
        [(device, from_at) for device in devices],
    )
    return dict(rows)


async def incoming_of(tx: Tx, account: AccountId, from_at: int) -> dict[DeviceId, int]:
    return dict(
        await tx.all(
            "SELECT m.device_id, count(*) FROM message m WHERE m.account_id = $1 AND m.direction = 1 "
            "AND m.queued_at >= $2 GROUP BY m.device_id ORDER BY m.device_id",
            account,
            from_at,
        )
    )


async def typed_of(tx: Tx, account: AccountId, from_at: int) -> dict[DeviceId, int]:
    """What their owners typed on the phones since then."""
    return dict(
        await tx.all(
            "SELECT m.device_id, count(*) FROM message m WHERE m.account_id = $1 AND m.typed = 1 "
            "AND m.queued_at >= $2 GROUP BY m.device_id ORDER BY m.device_id",
            account,
            from_at,
        )
    )


async def failed_of(tx: Tx, account: AccountId, from_at: int) -> dict[DeviceId, int]:
    return dict(
        await tx.all(
            f"SELECT m.device_id, count(*) FROM message m WHERE m.account_id = $1 AND m.state = $2 AND {_RARE} "
            "AND m.queued_at >= $3 GROUP BY m.device_id ORDER BY m.device_id",
            account,
            int(MessageState.FAILED),
            from_at,
        )
    )


async def sent_between(tx: Tx, spans: Sequence[tuple[DeviceId, int, int]]) -> list[Row]:
    """(device, from, acknowledged from then until before `to`) of each of these (device, from, to)."""
    return await tx.set(
        "SELECT r.id, r.from_at, (SELECT count(*) FROM message m WHERE m.device_id = r.id "
        "AND m.sent_at >= r.from_at AND m.sent_at < r.to_at) FROM {r}",
        "id bigint, from_at bigint, to_at bigint",
        spans,
    )


async def incoming_between(
    tx: Tx, account: AccountId, spans: Sequence[tuple[int, int]], among: Collection[DeviceId] | None
) -> list[tuple[int, int]]:
    """(from, incoming from then until before `to`) of each of these (from, to)."""
    rows = await tx.set(
        "SELECT r.from_at, (SELECT count(*) FROM message m WHERE m.account_id = r.account AND m.direction = 1"
        f"{and_among('m.device_id', among)} "
        "AND m.queued_at >= r.from_at AND m.queued_at < r.to_at) FROM {r}",
        "account bigint, from_at bigint, to_at bigint",
        [(account, from_at, to_at) for from_at, to_at in spans],
    )
    return [(row[0], row[1]) for row in rows]


async def day_of(tx: Tx, account: AccountId, from_at: int, among: Collection[DeviceId] | None) -> Row:
    """(both ways, incoming, typed on phones, not yet acknowledged, failed, delivered alone, read) since then.

    Only the last two read the day's rows; of what was typed they count nothing.
    """
    of_devices = and_among("m.device_id", among)
    since = f"FROM message m WHERE m.account_id = $1 AND m.queued_at >= $2{of_devices}"
    row = await tx.one(
        f"SELECT (SELECT count(*) {since}), (SELECT count(*) {since} AND m.direction = 1), "
        f"(SELECT count(*) {since} AND m.typed = 1), "
        f"(SELECT count(*) {since} AND m.state IN (0, 5, 6, 7, 8) AND {_RARE}), "
        f"(SELECT count(*) {since} AND m.state = 5 AND {_RARE}), s.delivered, s.read FROM "
        "(SELECT count(CASE m.state WHEN 3 THEN 1 END) AS delivered, "
        f"count(CASE m.state WHEN 4 THEN 1 END) AS read {since} AND m.typed = 0) AS s",
        account,
        from_at,
    )
    assert row is not None
    return row


async def ended_in(
    tx: Tx, account: AccountId, state: MessageState, from_at: int, among: Collection[DeviceId] | None
) -> tuple[int, int]:
    """(how many, since when the oldest) of those accepted since that ended so."""
    row = await tx.one(
        f"SELECT count(*), coalesce(min(m.ended_at), 0) FROM message m WHERE m.account_id = $1 AND m.state = $2 "
        f"AND {_RARE} AND m.queued_at >= $3{and_among('m.device_id', among)}",
        account,
        int(state),
        from_at,
    )
    return (row[0], row[1]) if row else (0, 0)
