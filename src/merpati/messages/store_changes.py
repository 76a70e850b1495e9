"""The SQL of changes to a message outside the hot path."""

from collections.abc import Sequence
from typing import NamedTuple

from merpati.core.ids import AccountId, Address, DeviceId, MessageId
from merpati.messages.model import MessageState
from merpati.storage.port import Tx


class Known(NamedTuple):
    """A message as a change needs it; `due_at` and `gap_ms` are the outbox's, or 0 and None when it has left."""

    message: MessageId
    account: AccountId
    device: DeviceId
    chat: Address
    state: MessageState
    schedule_at: int | None
    queued_at: int
    due_at: int
    gap_ms: int | None


_KNOWN = (
    "SELECT m.id, m.account_id, m.device_id, m.chat, m.state, m.schedule_at, m.queued_at, coalesce(o.due_at, 0), "
    "o.gap_ms FROM message m LEFT JOIN outbox o ON o.message_id = m.id "
)


async def known_message(tx: Tx, message: MessageId) -> Known | None:
    row = await tx.one(_KNOWN + "WHERE m.id = $1 AND m.direction = 0", message)
    return Known(*row) if row else None


async def known_messages(tx: Tx, messages: Sequence[MessageId]) -> list[Known]:
    rows = await tx.set(
        _KNOWN + "WHERE m.id IN (SELECT id FROM {r})", "id bigint", [(message,) for message in messages]
    )
    return [Known(*row) for row in rows]


async def of_schedule(tx: Tx, device: DeviceId, schedule_at: int) -> list[Known]:
    """The queued messages of this schedule, in order of their due times."""
    rows = await tx.all(
        _KNOWN + "WHERE m.device_id = $1 AND m.schedule_at = $2 AND m.state = 0 AND o.state = 0 "
        "ORDER BY o.due_at, o.seq",
        device,
        schedule_at,
    )
    return [Known(*row) for row in rows]


async def set_ended(tx: Tx, messages: Sequence[MessageId], state: MessageState, code: str, at: int) -> None:
    await tx.set(
        "UPDATE message SET state = r.state, code = r.code, ended_at = r.at FROM {r} WHERE message.id = r.id",
        "id bigint, state bigint, code text, at bigint",
        [(message, int(state), code, at) for message in messages],
    )


async def set_schedule(tx: Tx, messages: Sequence[MessageId], schedule_at: int) -> None:
    await tx.set(
        "UPDATE message SET schedule_at = r.at FROM {r} WHERE message.id = r.id",
        "id bigint, at bigint",
        [(message, schedule_at) for message in messages],
    )


async def set_queued(tx: Tx, message: MessageId) -> None:
    await tx.run(
        "UPDATE message SET state = $2, code = '', ended_at = NULL WHERE id = $1", message, int(MessageState.QUEUED)
    )


async def enter_outbox(tx: Tx, message: MessageId, seq: int, due_at: int) -> None:
    await tx.run(
        "INSERT INTO outbox (message_id, account_id, device_id, chat, priority, due_at, seq, state, epoch, "
        "attempt, gap_ms, sequence_id, wire_ref, handed_at) SELECT id, account_id, device_id, chat, priority, "
        "CAST($2 AS BIGINT), CAST($3 AS BIGINT), 0, 0, 0, NULL, NULL, wire_ref, 0 FROM message WHERE id = $1",
        message,
        due_at,
        seq,
    )
