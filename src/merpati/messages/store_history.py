"""The SQL of reads: status, timeline, search."""

from typing import NamedTuple, TypeAlias

import msgspec

from merpati.core.ids import AccountId, Address, DeviceId, MessageId, RequestId, WaId
from merpati.messages.history import HistoryRow, Search, Step, StepKind
from merpati.messages.model import MessageState, StoredContent
from merpati.storage.port import Engine, Row, Tx, Value

content_of = msgspec.json.Decoder(StoredContent).decode


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


class WholeRow(NamedTuple):
    account: AccountId
    device: DeviceId
    direction: int
    chat: Address
    name: str
    content: str
    options: str
    state: int
    code: str
    request: RequestId
    wa_id: WaId | None
    queued_at: int
    sent_at: int | None
    delivered_at: int | None
    read_at: int | None
    ended_at: int | None
    sending: int
    handed_at: int
    """The hand-over under way, else the one that was acknowledged or got a receipt; 0: none."""


async def whole_message(tx: Tx, message: MessageId) -> WholeRow | None:
    row = await tx.one(
        "SELECT m.account_id, m.device_id, m.direction, m.chat, m.name, m.content, m.options, m.state, m.code, "
        "m.request_id, m.wa_id, m.queued_at, m.sent_at, m.delivered_at, m.read_at, m.ended_at, "
        "coalesce(o.state, 0), coalesce(CASE WHEN o.state = 1 THEN o.handed_at END, m.handed_at, 0) "
        "FROM message m LEFT JOIN outbox o ON o.message_id = m.id WHERE m.id = $1",
        message,
    )
    return WholeRow(*row) if row else None


async def steps_of(tx: Tx, message: MessageId, row: WholeRow) -> list[Step]:
    """By time. Of one moment a try stands before the hold: nothing is held that is not handed over later."""
    first = StepKind.RECEIVED if row.direction else StepKind.ACCEPTED
    steps = [
        Step(row.queued_at, first, str(int(row.request)) if row.request else ""),
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


Condition: TypeAlias = tuple[str, tuple[Value, ...]]
"""A part of the WHERE, with `{}` for each of its values."""


class _Plan(NamedTuple):
    """How an engine looks for words: where from, in which order, and how a page goes on."""

    source: str
    order: str
    after: str


_BY_TIME = _Plan("message m", "m.queued_at DESC, m.id DESC", "(m.queued_at, m.id) < ({}, {})")
# FTS5 walks its hits by rowid, newest first, and stops at a full page; sorting all hits of a common word took 1.1 s
_BY_HIT = _Plan(
    "message_words CROSS JOIN message m ON m.id = message_words.rowid",
    "message_words.rowid DESC",
    "{} > 0 AND message_words.rowid < {}",
)


def _words(engine: Engine, search: Search) -> list[Condition]:
    asked = [(column, words) for column, words in (("text", search.words), ("name", search.name)) if words]
    if not asked:
        return []
    if engine is Engine.SQLITE:
        return [("message_words MATCH {}", (" AND ".join(_match(column, words) for column, words in asked),))]
    return [(f"to_tsvector('simple', m.{column}) @@ plainto_tsquery('simple', {{}})", (w,)) for column, w in asked]


def _match(column: str, words: str) -> str:
    """FTS5's query for all these words in this column; each is quoted, so that nothing in it is syntax."""
    quoted = " ".join('"' + word.replace('"', '""') + '"' for word in words.split())
    return f"({column} : ({quoted}))"


_SIMPLE = {
    "device": "m.device_id = {}",
    "incoming": "m.direction = {}",
    "id": "m.id = {}",
    "from_at": "m.queued_at >= {}",
    "to_at": "m.queued_at < {}",
}


def _conditions(engine: Engine, search: Search, plan: _Plan) -> list[Condition]:
    found: list[Condition] = [("m.account_id = {}", (search.account,)), *_words(engine, search)]
    for field, text in _SIMPLE.items():
        value = getattr(search, field)
        if value is not None:
            found.append((text, (int(value),)))
    if search.number:
        found.append(("m.chat >= {} AND m.chat < {}", (search.number, search.number + "\U0010ffff")))
    if search.state is not None:
        found.append((_STATE.get(search.state, f"m.state = {int(search.state)}"), ()))
    if search.after is not None:
        found.append((plan.after, search.after))
    return found


_STATE = {
    MessageState.SENDING: "o.state = 1",
    MessageState.QUEUED: f"m.state = {int(MessageState.QUEUED)} AND o.state = 0",
}
"""`sending` is in the outbox alone."""


async def find_messages(tx: Tx, search: Search) -> list[HistoryRow]:
    plan = _BY_HIT if tx.engine is Engine.SQLITE and (search.words or search.name) else _BY_TIME
    conditions: list[str] = []
    arguments: list[Value] = []
    for text, values in _conditions(tx.engine, search, plan):
        numbers = [f"${len(arguments) + n}" for n in range(1, len(values) + 1)]
        conditions.append(text.format(*numbers))
        arguments.extend(values)
    rows = await tx.all(
        "SELECT m.id, m.device_id, m.direction, m.chat, m.name, m.content, "
        "CASE WHEN o.state = 1 THEN 1 ELSE m.state END, m.code, m.queued_at, coalesce(o.due_at, 0) "
        f"FROM {plan.source} LEFT JOIN outbox o ON o.message_id = m.id "
        f"WHERE {' AND '.join(conditions)} ORDER BY {plan.order} LIMIT {int(search.limit)}",
        *arguments,
    )
    return [_history_row(row) for row in rows]


def _history_row(row: Row) -> HistoryRow:
    id_, device, incoming, chat, name, content, state, code, queued_at, due_at = row
    return HistoryRow(
        id_, device, bool(incoming), chat, name, content_of(content), MessageState(state), code, queued_at, due_at
    )
