"""The SQL of the outbox: which message goes next, and what becomes of it.

The heads of a device are due, in order of (priority, due, seq). Of each priority there are three lines: that of
what is tried again and the free one, both looked at some rows deep, and that of the caller's delays, of which only
the first row may go. Held back is

* who has a message in flight, or an earlier one of this priority that is due, as recipient; what is tried again
  goes before everything else of its recipient, also while it waits for its time;
* a delayed one whose delay since the last hand-over of its priority has not passed, or while another is in flight;
* one with an earlier message of its strict sequence still open.
"""

from collections.abc import Sequence

from merpati.core.ids import DeviceId, Epoch, Incarnation, MessageId
from merpati.devices.ownership import fence
from merpati.messages.model import OpenRow, Priority
from merpati.messages.waiting import Line
from merpati.storage.port import Engine, Row, Tx

_DUE = "h.device_id = r.device_id AND h.state = 0 AND h.priority = {priority} AND h.due_at <= r.at"
_LINE = "SELECT * FROM outbox h WHERE " + _DUE + " AND {of} ORDER BY h.due_at, h.seq LIMIT {window}"
_AGAIN, _FREE, _PACED = (
    "h.attempt > 0",
    "h.gap_ms IS NULL AND h.attempt = 0",
    "h.gap_ms IS NOT NULL AND h.attempt = 0",
)
_BEFORE = "(e.due_at, e.seq) < (h.due_at, h.seq)"
_RECIPIENT_IS_FREE = f"""
  NOT EXISTS (SELECT 1 FROM outbox e WHERE e.device_id = h.device_id AND e.chat = h.chat AND e.state = 1)
  AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.device_id = h.device_id AND e.chat = h.chat
    AND e.priority = h.priority AND e.state = 0 AND e.attempt > 0 AND e.message_id <> h.message_id
    AND (h.attempt = 0 OR {_BEFORE}))
  AND (h.attempt > 0 OR NOT EXISTS (SELECT 1 FROM outbox e WHERE e.device_id = h.device_id AND e.chat = h.chat
    AND e.priority = h.priority AND e.state = 0 AND {_BEFORE}))
  AND (h.sequence_id IS NULL OR NOT EXISTS (SELECT 1 FROM outbox e
    WHERE e.sequence_id = h.sequence_id AND e.seq < h.seq))"""
_DELAY_IS_OVER = f"""
  NOT EXISTS (SELECT 1 FROM device_pace p
    WHERE p.device_id = h.device_id AND p.priority = h.priority AND p.last_at + h.gap_ms > r.at)
  AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.device_id = h.device_id AND e.priority = h.priority
    AND e.state = 1 AND e.gap_ms IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.device_id = h.device_id AND e.priority = h.priority
    AND e.state = 0 AND e.attempt > 0 AND e.due_at <= r.at AND e.gap_ms IS NOT NULL
    AND e.message_id <> h.message_id AND (h.attempt = 0 OR {_BEFORE}))"""
_HEAD = "SELECT h.message_id, h.priority, h.due_at, h.seq FROM "


LOOKED_AT, LEAST_LOOKED_AT = 4, 16
"""So many rows of a line for each that may be taken, so many at least: who is held back hides others behind."""


def _heads_of(priority: Priority, k: int) -> str:
    """The first rows of what is tried again and of the free line, and the one head of the delays."""
    window = max(LOOKED_AT * k, LEAST_LOOKED_AT)
    again = _LINE.format(priority=int(priority), of=_AGAIN, window=window)
    free = _LINE.format(priority=int(priority), of=_FREE, window=window)
    paced = _LINE.format(priority=int(priority), of=_PACED, window=1)
    return (
        f"{_HEAD} ({again}) AS h WHERE {_RECIPIENT_IS_FREE} AND (h.gap_ms IS NULL OR ({_DELAY_IS_OVER})) UNION ALL "
        f"{_HEAD} ({free}) AS h WHERE {_RECIPIENT_IS_FREE} UNION ALL "
        f"{_HEAD} ({paced}) AS h WHERE {_RECIPIENT_IS_FREE} AND {_DELAY_IS_OVER}"
    )


_MARK = "UPDATE outbox SET state = 1, epoch = r.epoch, attempt = attempt + 1, handed_at = r.at FROM {{r}} "
_TAKE = {
    Engine.SQLITE: _MARK + "WHERE outbox.message_id IN (SELECT message_id FROM ({heads}) "
    "ORDER BY priority, due_at, seq LIMIT {k})",
    # due as when it was looked at: the row may have been waited for, behind a cancel or a new schedule
    Engine.POSTGRES: _MARK + "CROSS JOIN LATERAL (SELECT message_id, due_at FROM ({heads}) AS every "
    "ORDER BY priority, due_at, seq LIMIT {k}) AS head WHERE outbox.message_id = head.message_id "
    "AND outbox.due_at = head.due_at",
}
_MAY = (
    " AND outbox.state = 0"
    " AND NOT EXISTS (SELECT 1 FROM device_clock c WHERE c.device_id = r.device_id AND c.next_send_at > r.at)"
    " AND "
    + fence("r.device_id", "r.inc", "r.epoch")
    + " RETURNING outbox.message_id, outbox.attempt, outbox.seq, "
    "outbox.due_at, outbox.refusals"
)


def _take_sql(engine: Engine, k: int) -> str:
    heads = " UNION ALL ".join(_heads_of(priority, k) for priority in Priority)
    return _TAKE[engine].format(heads=heads, k=k) + _MAY


MOST = 64
_SQL = {(engine, 2**i): _take_sql(engine, 2**i) for engine in Engine for i in range(7)}


async def take_heads(
    tx: Tx, wanted: Sequence[tuple[DeviceId, Incarnation, Epoch, int]], at: int
) -> list[tuple[int, int, int, int, int]]:
    """(message, attempt, seq, due, refusals) of what is taken. `wanted`: (device, inc, epoch, at most how many)."""
    taken: list[tuple[int, int, int, int, int]] = []
    by_size: dict[int, list[tuple[DeviceId, Incarnation, Epoch, int]]] = {}
    for device, inc, epoch, most in wanted:
        size = 1 << (min(most, MOST).bit_length() - 1)
        by_size.setdefault(size, []).append((device, inc, epoch, at))
    for size, rows in by_size.items():
        got = await tx.set(_SQL[tx.engine, size], "device_id bigint, inc text, epoch bigint, at bigint", rows)
        taken += [(m, a, s, d, n) for m, a, s, d, n in got]
    return taken


async def next_wake(tx: Tx, device: DeviceId, now: int) -> int | None:
    """When something of this device may move that cannot now: the nearest due time, or end of a pace or delay."""
    row = await tx.one(
        "SELECT (SELECT min(o.due_at) FROM outbox o WHERE o.device_id = $1 AND o.state = 0 AND o.due_at > $2), "
        "(SELECT c.next_send_at FROM device_clock c WHERE c.device_id = $1 AND c.next_send_at > $2), "
        "(SELECT min(p.last_at + (SELECT o.gap_ms FROM outbox o WHERE o.device_id = p.device_id "
        "AND o.priority = p.priority AND o.gap_ms IS NOT NULL AND o.state = 0 AND o.due_at <= $2 "
        "ORDER BY o.due_at, o.seq LIMIT 1)) FROM device_pace p WHERE p.device_id = $1)",
        device,
        now,
    )
    times = [at for at in row or () if at is not None and at > now]
    return min(times, default=None)


async def line_of(tx: Tx, message: MessageId) -> Line:
    """Until when the device's own pace, and this message's delay, hold its line."""
    row = await tx.one(
        "SELECT coalesce(c.next_send_at, 0), coalesce(p.last_at + o.gap_ms, 0) FROM outbox o "
        "LEFT JOIN device_clock c ON c.device_id = o.device_id "
        "LEFT JOIN device_pace p ON p.device_id = o.device_id AND p.priority = o.priority WHERE o.message_id = $1",
        message,
    )
    paced_until, delayed_until = row or (0, 0)
    return Line(paced_until=paced_until, delayed_until=delayed_until)


async def next_due(tx: Tx, devices: Sequence[DeviceId]) -> list[tuple[DeviceId, int]]:
    """When each of these devices has its next message due; devices with an empty outbox are left out."""
    rows = await tx.set(
        "SELECT r.device_id, (SELECT min(o.due_at) FROM outbox o WHERE o.device_id = r.device_id AND o.state = 0) "
        "FROM {r}",
        "device_id bigint",
        [(device,) for device in devices],
    )
    return [(device, due) for device, due in rows if due is not None]


async def taken_messages(tx: Tx, ids: Sequence[int]) -> list[Row]:
    return await tx.set(
        "SELECT m.id, m.account_id, m.device_id, m.chat, m.content, m.options, m.wire_ref, m.priority "
        "FROM message m, {r} WHERE m.id = r.id",
        "id bigint",
        [(id_,) for id_ in ids],
    )


async def leave_outbox(tx: Tx, ids: Sequence[int]) -> None:
    await tx.set(
        "DELETE FROM outbox WHERE message_id IN (SELECT id FROM {r})", "id bigint", [(id_,) for id_ in ids]
    )


_OPEN = (
    "o.message_id, o.account_id, o.device_id, o.chat, o.priority, o.due_at, o.state, o.epoch, o.attempt, o.gap_ms, "
    "o.handed_at"
)


async def outbox_rows(tx: Tx, ids: Sequence[int]) -> dict[int, OpenRow]:
    """The open ones of these messages."""
    rows = await tx.set(
        f"SELECT {_OPEN} FROM outbox o, {{r}} WHERE o.message_id = r.id",
        "id bigint",
        [(id_,) for id_ in ids],
    )
    return {row[0]: OpenRow(*row) for row in rows}


async def sending_rows(tx: Tx, devices: Sequence[DeviceId]) -> list[OpenRow]:
    """What is being handed over by these devices, by the outbox."""
    rows = await tx.set(
        f"SELECT {_OPEN} FROM outbox o, {{r}} WHERE o.device_id = r.device_id AND o.state = 1",
        "device_id bigint",
        [(device,) for device in devices],
    )
    return [OpenRow(*row) for row in rows]


async def rows_due_by(tx: Tx, device: DeviceId, due_by: int, limit: int) -> list[OpenRow]:
    """Queued messages of this device that were due at or before `due_by`."""
    rows = await tx.all(
        f"SELECT {_OPEN} FROM outbox o WHERE o.device_id = $1 AND o.state = 0 AND o.due_at <= $2 "
        "ORDER BY o.due_at LIMIT $3",
        device,
        due_by,
        limit,
    )
    return [OpenRow(*row) for row in rows]


async def take_back(tx: Tx, ids: Sequence[int]) -> set[MessageId]:
    """Remove these from the outbox while they are queued; answers those removed. The intent meets the same row."""
    rows = await tx.set(
        "DELETE FROM outbox WHERE state = 0 AND message_id IN (SELECT id FROM {r}) RETURNING message_id",
        "id bigint",
        [(id_,) for id_ in ids],
    )
    return {row[0] for row in rows}


async def move_due(tx: Tx, rows: Sequence[tuple[int, int, int | None]]) -> set[MessageId]:
    """(message, due, gap): another due time while queued; answers those moved."""
    moved = await tx.set(
        "UPDATE outbox SET due_at = r.due_at, gap_ms = r.gap_ms FROM {r} "
        "WHERE outbox.message_id = r.id AND outbox.state = 0 RETURNING outbox.message_id",
        "id bigint, due_at bigint, gap_ms bigint",
        rows,
    )
    return {row[0] for row in moved}


async def arm_clocks(tx: Tx, paces: Sequence[tuple[int, int, int]], clocks: Sequence[tuple[int, int]]) -> None:
    """`paces`: (device, priority, last hand-over at); `clocks`: (device, next send at). Clocks only go forward."""
    await tx.set(
        "INSERT INTO device_pace (device_id, priority, last_at) SELECT device_id, priority, at FROM {r} WHERE true "
        "ON CONFLICT (device_id, priority) DO UPDATE SET last_at = excluded.last_at "
        "WHERE device_pace.last_at < excluded.last_at",
        "device_id bigint, priority bigint, at bigint",
        paces,
    )
    await tx.set(
        "INSERT INTO device_clock (device_id, next_send_at) SELECT device_id, at FROM {r} WHERE true "
        "ON CONFLICT (device_id) DO UPDATE SET next_send_at = excluded.next_send_at "
        "WHERE device_clock.next_send_at < excluded.next_send_at",
        "device_id bigint, at bigint",
        clocks,
    )


async def insert_attempts(tx: Tx, rows: Sequence[tuple[int, int, int, int, str, str]]) -> None:
    """(message, n, handed_at, ended_at, outcome, code)."""
    columns = "message_id, n, handed_at, ended_at, outcome, code"
    await tx.set(
        f"INSERT INTO attempt ({columns}) SELECT {columns} FROM {{r}} WHERE true ON CONFLICT DO NOTHING",
        "message_id bigint, n bigint, handed_at bigint, ended_at bigint, outcome text, code text",
        rows,
    )


async def requeue(tx: Tx, rows: Sequence[tuple[int, int, int]]) -> None:
    """(message, due_at, refusals more): back to queued, to be tried again."""
    await tx.set(
        "UPDATE outbox SET state = 0, due_at = r.due_at, refusals = refusals + r.more FROM {r} "
        "WHERE outbox.message_id = r.id",
        "id bigint, due_at bigint, more bigint",
        rows,
    )


async def enter_again(tx: Tx, rows: Sequence[tuple[MessageId, int, int]]) -> None:
    """(message, due_at, hand-overs so far): into the outbox again at its old place, as one that is tried again."""
    columns = "message_id, account_id, device_id, chat, priority, due_at, seq, state, epoch, attempt, refusals"
    await tx.set(
        f"INSERT INTO outbox ({columns}, gap_ms, sequence_id, wire_ref, handed_at) "
        "SELECT m.id, m.account_id, m.device_id, m.chat, m.priority, r.due_at, m.id, 0, 0, r.tries, r.tries, "
        "NULL, NULL, m.wire_ref, 0 FROM message m, {r} WHERE m.id = r.id",
        "id bigint, due_at bigint, tries bigint",
        rows,
    )
