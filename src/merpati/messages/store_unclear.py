"""The SQL of hand-overs whose answer was lost."""

from collections.abc import Sequence
from typing import NamedTuple

from merpati.core.ids import AccountId, Address, DeviceId, MessageId
from merpati.messages.model import HoldReason, MessageState
from merpati.storage.port import Tx

_LOST = int(MessageState.UNCERTAIN)


class Unclear(NamedTuple):
    message: MessageId
    account: AccountId
    device: DeviceId
    chat: Address


async def overdue(tx: Tx, devices: Sequence[DeviceId], now: int) -> list[Unclear]:
    """Uncertain messages of these devices whose echo was waited for, until now; the hold is of their last end."""
    rows = await tx.set(
        "SELECT m.id, m.account_id, m.device_id, m.chat FROM message m, {r} WHERE m.device_id = r.device_id "
        f"AND m.state = {_LOST} AND EXISTS (SELECT 1 FROM hold h WHERE h.message_id = m.id "
        f"AND h.reason = '{HoldReason.UNCLEAR}' AND h.at = m.ended_at AND h.until_at <= r.now)",
        "device_id bigint, now bigint",
        [(device, now) for device in devices],
    )
    return [Unclear(*row) for row in sorted(rows)]


async def queue_unclear(tx: Tx, messages: Sequence[MessageId]) -> set[MessageId]:
    """Queued again, out of the outbox still; answers those that were uncertain until then."""
    moved = await tx.set(
        f"UPDATE message SET state = {int(MessageState.QUEUED)}, code = '', ended_at = NULL FROM {{r}} "
        f"WHERE message.id = r.id AND message.state = {_LOST} RETURNING message.id",
        "id bigint",
        [(message,) for message in messages],
    )
    return {row[0] for row in moved}
