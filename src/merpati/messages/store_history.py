"""The SQL of reads: status, timeline."""

from typing import NamedTuple

import msgspec

from merpati.core.ids import AccountId, Address, DeviceId, MessageId, RequestId, WaId, WireRef
from merpati.messages.history import Step, StepKind
from merpati.messages.model import MessageState, StoredContent
from merpati.messages.words import shown
from merpati.storage.port import Tx

_content = msgspec.json.Decoder[StoredContent](StoredContent)


def content_of(text: str) -> StoredContent:
    """What may be read of a message's content."""
    return shown(_content.decode(text))


async def status_of(tx: Tx, message: MessageId) -> tuple[DeviceId, int, str, int, int] | None:
    """(device, state, code, being handed over, due)."""
    row = await tx.one(
        "SELECT m.device_id, m.state, m.code, coalesce(o.state, 0), coalesce(o.due_at, 0) "
        "FROM message m LEFT JOIN outbox o ON o.message_id = m.id WHERE m.id = $1",
        message,
    )
    return (row[0], row[1], row[2], row[3], row[4]) if row else None


async def outbox_size(tx: Tx, now: int) -> tuple[int, int, int]:
    """(open, due, the oldest due time or 0)."""
    row = await tx.one(
        "SELECT count(*), count(CASE WHEN state = 0 AND due_at <= $1 THEN 1 END), "
        "coalesce(min(CASE WHEN state = 0 AND due_at <= $1 THEN due_at END), 0) FROM outbox",
        now,
    )
    return (row[0], row[1], row[2]) if row else (0, 0, 0)


async def overdue_devices(tx: Tx, before: int) -> list[DeviceId]:
    rows = await tx.all(
        "SELECT DISTINCT device_id FROM outbox WHERE state = 0 AND due_at < $1 ORDER BY device_id", before
    )
    return [row[0] for row in rows]


async def open_devices(tx: Tx) -> list[DeviceId]:
    rows = await tx.all("SELECT DISTINCT device_id FROM outbox ORDER BY device_id")
    return [row[0] for row in rows]


class WholeRow(NamedTuple):
    account: AccountId
    device: DeviceId
    direction: int
    chat: Address
    sender: Address
    name: str
    content: str
    options: str
    state: int
    code: str
    request: RequestId
    wire_ref: WireRef
    wa_id: WaId | None
    schedule_at: int | None
    queued_at: int
    sent_at: int | None
    delivered_at: int | None
    read_at: int | None
    ended_at: int | None
    sending: int
    handed_at: int
    """The hand-over under way, else the one that was acknowledged or got a receipt; 0: none."""
    due_at: int
    """0: it has left the outbox."""
    cost: str | None
    typed: int


async def whole_message(tx: Tx, message: MessageId) -> WholeRow | None:
    row = await tx.one(
        "SELECT m.account_id, m.device_id, m.direction, m.chat, m.sender, m.name, m.content, m.options, m.state, "
        "m.code, m.request_id, m.wire_ref, m.wa_id, m.schedule_at, m.queued_at, m.sent_at, m.delivered_at, "
        "m.read_at, m.ended_at, coalesce(o.state, 0), coalesce(CASE WHEN o.state = 1 THEN o.handed_at END, "
        "m.handed_at, 0), coalesce(o.due_at, 0), m.cost, m.typed "
        "FROM message m LEFT JOIN outbox o ON o.message_id = m.id WHERE m.id = $1",
        message,
    )
    return WholeRow(*row) if row else None


_FIRST = {(0, 0): StepKind.ACCEPTED, (1, 0): StepKind.RECEIVED, (0, 1): StepKind.TYPED}
"""By direction, and whether it was typed on the phone."""


async def steps_of(tx: Tx, message: MessageId, row: WholeRow) -> list[Step]:
    """By time. Of one moment a try stands before the hold: nothing is held that is not handed over later."""
    steps = [
        Step(row.queued_at, _FIRST[row.direction, row.typed], str(int(row.request)) if row.request else ""),
        *await _tries(tx, message, row.handed_at),
        *await _holds(tx, message),
        *_stamps(row),
    ]
    return sorted(steps, key=lambda step: step.at)


async def _tries(tx: Tx, message: MessageId, handed_at: int) -> list[Step]:
    """The last try has no row of its own while it is open, nor when a receipt was all that came of it."""
    rows = await tx.all(
        "SELECT handed_at, ended_at, outcome, code FROM attempt WHERE message_id = $1 ORDER BY handed_at", message
    )
    steps = []
    for begun_at, ended_at, outcome, code in rows:
        steps.append(Step(begun_at, StepKind.HANDED_OVER))
        if outcome != "sent":
            steps.append(Step(ended_at, StepKind.TRIED, outcome, code))
    if handed_at and handed_at not in {row[0] for row in rows}:
        steps.append(Step(handed_at, StepKind.HANDED_OVER))
    return steps


async def _holds(tx: Tx, message: MessageId) -> list[Step]:
    rows = await tx.all("SELECT at, reason, until_at FROM hold WHERE message_id = $1 ORDER BY at, n", message)
    return [Step(at, StepKind.HELD, reason, until_at=until_at) for at, reason, until_at in rows]


def _stamps(row: WholeRow) -> list[Step]:
    stamps = (
        (row.sent_at, StepKind.SENT),
        (row.delivered_at, StepKind.DELIVERED),
        (row.read_at, StepKind.READ),
    )
    steps = [Step(at, kind) for at, kind in stamps if at is not None]
    if row.ended_at is not None:
        steps.append(Step(row.ended_at, StepKind.ENDED, MessageState(row.state).name.lower(), row.code))
    return steps
