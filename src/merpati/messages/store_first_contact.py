"""The SQL of first contacts: who does not know a device, when each may be written to, and what waits for that."""

from collections.abc import Sequence
from typing import NamedTuple

from merpati.core.ids import AccountId, Address, DeviceId, MessageId
from merpati.messages.model import MessageState
from merpati.storage.port import Tx

_WENT = ", ".join(
    str(int(state))
    for state in (MessageState.SENT, MessageState.DELIVERED, MessageState.READ, MessageState.UNCERTAIN)
)
_NUMBER_AT = "coalesce((SELECT w.number_at FROM warm_up w WHERE w.device_id = r.device_id), 0)"
Chat = tuple[AccountId, DeviceId, Address]


class Contact(NamedTuple):
    """A chat as its device knows it. `at`: its place among the first contacts; None: it has none."""

    device: DeviceId
    chat: Address
    known: int
    """1: somebody wrote before, they to the device's number or it to them."""
    at: int | None


async def contacts(tx: Tx, chats: Sequence[Chat]) -> list[Contact]:
    rows = await tx.set(
        "SELECT r.device_id, r.chat, CASE WHEN "
        "EXISTS (SELECT 1 FROM message m WHERE m.device_id = r.device_id AND m.chat = r.chat AND m.direction = 1 "
        f"AND m.queued_at >= {_NUMBER_AT}) "
        "OR EXISTS (SELECT 1 FROM message m WHERE m.account_id = r.account_id AND m.chat = r.chat "
        f"AND m.queued_at >= {_NUMBER_AT} "
        f"AND m.device_id = r.device_id AND m.direction = 0 AND m.state IN ({_WENT})) THEN 1 ELSE 0 END, c.at "
        "FROM {r} LEFT JOIN first_contact c ON c.device_id = r.device_id AND c.chat = r.chat",
        "account_id bigint, device_id bigint, chat text",
        list(dict.fromkeys(chats)),
    )
    return [Contact(*row) for row in rows]


class WarmUp(NamedTuple):
    """What is kept of a device's number."""

    since_at: int
    refusals: int = 0
    refused_at: int = 0
    paused_until: int = 0
    number: str = ""
    number_at: int = 0
    """Since when it is another number than before; 0: it never changed."""


async def warm_up_of(tx: Tx, device: DeviceId) -> WarmUp | None:
    """None: it was never connected."""
    row = await tx.one(
        "SELECT since_at, refusals, refused_at, paused_until, number, number_at FROM warm_up WHERE device_id = $1",
        device,
    )
    return WarmUp(*row) if row else None


async def set_number(tx: Tx, device: DeviceId, number: str, at: int) -> None:
    """Another number than before begins anew."""
    await tx.run(
        "INSERT INTO warm_up (device_id, number, since_at, refusals, refused_at, paused_until) "
        "VALUES ($1, $2, $3, 0, 0, 0) ON CONFLICT (device_id) DO UPDATE SET number = excluded.number, "
        "since_at = excluded.since_at, number_at = excluded.since_at, refusals = 0, refused_at = 0, "
        "paused_until = 0 "
        "WHERE warm_up.number <> excluded.number",
        device,
        number,
        at,
    )


async def set_pause(tx: Tx, device: DeviceId, refusals: int, refused_at: int, until: int) -> None:
    await tx.run(
        "UPDATE warm_up SET refusals = $2, refused_at = $3, paused_until = $4 WHERE device_id = $1",
        device,
        refusals,
        refused_at,
        until,
    )


async def latest(tx: Tx, device: DeviceId, limit: int) -> list[int]:
    """The latest places, newest first."""
    rows = await tx.all(
        "SELECT at FROM first_contact WHERE device_id = $1 ORDER BY at DESC LIMIT $2", device, limit
    )
    return [row[0] for row in rows]


async def count_since(tx: Tx, device: DeviceId, since: int, now: int) -> int:
    """How many were written to after `since`."""
    row = await tx.one(
        "SELECT count(*) FROM first_contact WHERE device_id = $1 AND at > $2 AND at <= $3", device, since, now
    )
    return row[0] if row else 0


async def written_to(tx: Tx, device: DeviceId, since: int, now: int, limit: int) -> list[Address]:
    """Whose places are after `since`, the latest first."""
    rows = await tx.all(
        "SELECT chat FROM first_contact WHERE device_id = $1 AND at > $2 AND at <= $3 ORDER BY at DESC LIMIT $4",
        device,
        since,
        now,
        limit,
    )
    return [row[0] for row in rows]


async def reserve(tx: Tx, places: Sequence[tuple[DeviceId, Address, int]]) -> None:
    """(device, chat, at): another place than before, where it had one."""
    await tx.set(
        "INSERT INTO first_contact (device_id, chat, at) SELECT device_id, chat, at FROM {r} WHERE true "
        "ON CONFLICT (device_id, chat) DO UPDATE SET at = excluded.at",
        "device_id bigint, chat text, at bigint",
        places,
    )


async def know(tx: Tx, chats: Sequence[tuple[DeviceId, Address]], at: int) -> None:
    """This place for those that have none."""
    await tx.set(
        "INSERT INTO first_contact (device_id, chat, at) SELECT device_id, chat, at FROM {r} WHERE true "
        "ON CONFLICT DO NOTHING",
        "device_id bigint, chat text, at bigint",
        [(device, chat, at) for device, chat in dict.fromkeys(chats)],
    )


async def drop_unused(tx: Tx, device: DeviceId, now: int) -> None:
    """Places of people for whom nothing waits any more."""
    await tx.run(
        "DELETE FROM first_contact WHERE device_id = $1 AND at > $2 AND NOT EXISTS (SELECT 1 FROM outbox o "
        "WHERE o.device_id = $1 AND o.chat = first_contact.chat AND o.state = 0) AND NOT EXISTS "
        "(SELECT 1 FROM outbox o WHERE o.device_id = $1 AND o.chat = first_contact.chat AND o.state = 1)",
        device,
        now,
    )


async def drop(tx: Tx, device: DeviceId, chats: Sequence[Address]) -> None:
    """The places of these."""
    await tx.set(
        "DELETE FROM first_contact WHERE EXISTS (SELECT 1 FROM {r} WHERE r.device_id = first_contact.device_id "
        "AND r.chat = first_contact.chat)",
        "device_id bigint, chat text",
        [(device, chat) for chat in chats],
    )


async def drop_all(tx: Tx, device: DeviceId) -> None:
    """Every place of the device."""
    await tx.run("DELETE FROM first_contact WHERE device_id = $1", device)


async def drop_future(tx: Tx, device: DeviceId, now: int) -> None:
    await tx.run("DELETE FROM first_contact WHERE device_id = $1 AND at > $2", device, now)


async def held_chats(
    tx: Tx, chats: Sequence[tuple[DeviceId, Address]], now: int
) -> list[tuple[DeviceId, Address, int]]:
    """Those of these chats whose place is to come, with it."""
    rows = await tx.set(
        "SELECT c.device_id, c.chat, c.at FROM first_contact c, {r} WHERE c.device_id = r.device_id "
        "AND c.chat = r.chat AND c.at > r.now",
        "device_id bigint, chat text, now bigint",
        [(device, chat, now) for device, chat in dict.fromkeys(chats)],
    )
    return [(device, chat, at) for device, chat, at in rows]


async def release(tx: Tx, held: Sequence[tuple[DeviceId, Address, int]], now: int) -> None:
    """(device, chat, place): what waits for these places goes now."""
    await tx.set(
        "UPDATE outbox SET due_at = r.now FROM {r} WHERE outbox.device_id = r.device_id AND outbox.chat = r.chat "
        "AND outbox.state = 0 AND outbox.due_at = r.at",
        "device_id bigint, chat text, at bigint, now bigint",
        [(device, chat, at, now) for device, chat, at in held],
    )


async def held_count(tx: Tx, device: DeviceId, now: int) -> int:
    """How many messages wait for a place."""
    row = await tx.one(
        "SELECT count(*) FROM outbox WHERE device_id = $1 AND state = 0 AND due_at > $2 AND EXISTS "
        "(SELECT 1 FROM first_contact c WHERE c.device_id = $1 AND c.chat = outbox.chat AND c.at = outbox.due_at)",
        device,
        now,
    )
    return row[0] if row else 0


class Queued(NamedTuple):
    message: MessageId
    account: AccountId
    chat: Address


async def due_rows(tx: Tx, device: DeviceId, now: int, limit: int) -> list[Queued]:
    """What of this device may go by time, in the order in which it goes."""
    rows = await tx.all(
        "SELECT message_id, account_id, chat FROM outbox WHERE device_id = $1 AND state = 0 AND due_at <= $2 "
        "ORDER BY priority, due_at, seq LIMIT $3",
        device,
        now,
        limit,
    )
    return [Queued(*row) for row in rows]


async def held_rows(tx: Tx, device: DeviceId, now: int) -> list[tuple[MessageId, int]]:
    """(message, due) of all that wait for a place."""
    rows = await tx.all(
        "SELECT o.message_id, o.due_at FROM outbox o, first_contact c WHERE o.device_id = $1 AND o.state = 0 "
        "AND o.due_at > $2 AND c.device_id = $1 AND c.chat = o.chat AND c.at = o.due_at ORDER BY o.message_id",
        device,
        now,
    )
    return [(message, due_at) for message, due_at in rows]


async def postpone(tx: Tx, rows: Sequence[tuple[MessageId, int]]) -> None:
    """(message, due): another due time for what waits."""
    await tx.set(
        "UPDATE outbox SET due_at = r.due_at FROM {r} WHERE outbox.message_id = r.id AND outbox.state = 0",
        "id bigint, due_at bigint",
        rows,
    )


async def put_back(tx: Tx, rows: Sequence[tuple[MessageId, int]]) -> None:
    """(message, due): what was taken in this transaction, as if it had not been."""
    await tx.set(
        "UPDATE outbox SET state = 0, attempt = outbox.attempt - 1, due_at = r.due_at FROM {r} "
        "WHERE outbox.message_id = r.id",
        "id bigint, due_at bigint",
        rows,
    )


async def move_places(tx: Tx, device: DeviceId, now: int, by_ms: int) -> None:
    """All places that are to come."""
    await tx.run("UPDATE first_contact SET at = at + $3 WHERE device_id = $1 AND at > $2", device, now, by_ms)
