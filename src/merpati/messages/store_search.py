"""The SQL of the history: what a search finds, and how many."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from merpati.core.ids import MessageId
from merpati.devices.connection import is_connected
from merpati.messages.history import HistoryRow, Search
from merpati.messages.model import HoldReason, MessageState
from merpati.messages.store_history import content_of
from merpati.storage.port import Engine, Row, Tx, Value, and_among

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


_BY_ID = _Plan("message m", "m.id DESC", "{} > 0 AND m.id < {}")
"""Those of a batch, whose ids follow one another: the account's history is not walked for them."""


_Asked = tuple[tuple[str, ...], str]
"""Columns, any of which may hold all the words."""


def _asked_words(search: Search) -> list[_Asked]:
    asked = (
        (("text",), search.words),
        (("name",), search.name),
        (("text", "name"), search.anywhere),
    )
    return [(columns, words) for columns, words in asked if words]


def _words(engine: Engine, search: Search) -> list[Condition]:
    asked = _asked_words(search)
    if not asked:
        return []
    if engine is Engine.SQLITE:
        return [("message_words MATCH {}", (" AND ".join(map(_match, asked)),))]
    return [(f"({' OR '.join(map(_HAS.format, columns))})", (words,) * len(columns)) for columns, words in asked]


_HAS = "m.{0}_words @@ plainto_tsquery('simple', {{}})"


def _match(asked: _Asked) -> str:
    """FTS5's query for all these words in one of these columns; each is quoted, so that nothing in it is syntax."""
    columns, words = asked
    quoted = " ".join('"' + word.replace('"', '""') + '"' for word in words.split())
    return "(" + " OR ".join(f"({column} : ({quoted}))" for column in columns) + ")"


_SIMPLE = {
    "device": "m.device_id = {}",
    "incoming": "m.direction = {}",
    "id": "m.id = {}",
    "from_at": "m.queued_at >= {}",
    "to_at": "m.queued_at < {}",
}


_OF_RARE = {"device": "+m.device_id = {}"}
"""Few are in such a state: to walk the device's long history for them took 140 ms. `+` hides its index."""


def _conditions(engine: Engine, search: Search, plan: _Plan) -> list[Condition]:
    found: list[Condition] = [
        ("m.account_id = {}" + and_among("m.device_id", search.among), (search.account,)),
        *_words(engine, search),
    ]
    rare = search.held or search.scheduled or (search.state is not None and search.state not in _USUAL)
    for field, text in {**_SIMPLE, **(_OF_RARE if rare else {})}.items():
        value = getattr(search, field)
        if value is not None:
            found.append((text, (int(value),)))
    if search.number:
        found.append(("m.chat >= {} AND m.chat < {}", (search.number, search.number + "\U0010ffff")))
    if search.span is not None:
        found.append(("m.id >= {} AND m.id < {}", search.span))
    if search.state is not None:
        found.append((_STATE.get(search.state, _state(search.state)), ()))
    found += [(condition, ()) for field, condition in _WAITING.items() if getattr(search, field)]
    if search.after is not None:
        found.append((plan.after, search.after))
    return found


_USUAL = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ, MessageState.RECEIVED)
"""The states that the index `message_state` leaves out."""


def _state(state: MessageState) -> str:
    """SQLite takes a partial index only where its very condition is said."""
    rare = "" if state in _USUAL else " AND m.state NOT IN (2, 3, 4, 9)"
    return f"m.state = {int(state)}{rare}"


_QUEUED = f"{_state(MessageState.QUEUED)} AND o.state = 0"
_STATE = {
    MessageState.SENDING: f"{_state(MessageState.QUEUED)} AND o.state = 1",
    MessageState.QUEUED: _QUEUED,
}
"""`sending` is in the outbox alone."""
_WAITING = {
    "held": f"{_QUEUED} AND (o.due_at > {{{{now}}}} OR NOT {is_connected('m.device_id')})",
    "scheduled": f"{_QUEUED} AND o.due_at > {{{{now}}}} AND m.schedule_at > {{{{now}}}}",
}


class _Found(NamedTuple):
    """What a search finds, as SQL: from FROM on."""

    source: str
    order: str
    arguments: Sequence[Value]


def _found(engine: Engine, search: Search) -> _Found:
    plan = _BY_TIME if search.span is None else _BY_ID
    if engine is Engine.SQLITE and _asked_words(search):
        plan = _BY_HIT
    conditions: list[str] = []
    arguments: list[Value] = []
    for text, values in _conditions(engine, search, plan):
        numbers = [f"${len(arguments) + n}" for n in range(1, len(values) + 1)]
        conditions.append(text.format(*numbers))
        arguments.extend(values)
    source = f"{plan.source} LEFT JOIN outbox o ON o.message_id = m.id WHERE {' AND '.join(conditions)}"
    return _Found(source, plan.order, arguments)


_STATE_AT = (
    "CASE WHEN o.state = 1 THEN o.handed_at ELSE coalesce(m.ended_at, m.read_at, m.delivered_at, m.sent_at, "
    "m.queued_at) END"
)


_AUTHORED = "m.typed, coalesce(m.edited_at, 0), coalesce(m.revoked_at, 0)"


async def _plan_for_words(tx: Tx, search: Search) -> None:
    """Have PostgreSQL plan for these very words: after five searches it would plan once for all, and look for a
    rare word along the whole history (measured at a million messages: 800 ms instead of 0.7)."""
    if tx.engine is Engine.POSTGRES and _asked_words(search):
        await tx.run("SET LOCAL plan_cache_mode = force_custom_plan")


async def find_messages(tx: Tx, search: Search) -> list[HistoryRow]:
    await _plan_for_words(tx, search)
    found = _found(tx.engine, search)
    rows = await tx.all(
        "SELECT m.id, m.device_id, m.direction, m.chat, m.name, m.content, "
        "CASE WHEN o.state = 1 THEN 1 ELSE m.state END, m.code, m.request_id, m.queued_at, coalesce(o.due_at, 0), "
        f"{_STATE_AT}, {_AUTHORED} FROM {found.source} ORDER BY {found.order} LIMIT {int(search.limit)}",
        *found.arguments,
    )
    return [_history_row(row) for row in rows]


def _history_row(row: Row) -> HistoryRow:
    id_, device, incoming, chat, name, content, state, *rest = row
    return HistoryRow(id_, device, bool(incoming), chat, name, content_of(content), MessageState(state), *rest)


async def count_messages(tx: Tx, search: Search, most: int) -> int:
    """How many a search finds; more than `most` is `most + 1`, so that no history is too long to be counted."""
    await _plan_for_words(tx, search)
    found = _found(tx.engine, search)
    row = await tx.one(
        f"SELECT count(*) FROM (SELECT 1 FROM {found.source} LIMIT {most + 1}) AS found", *found.arguments
    )
    return int(row[0]) if row else 0


async def newest_holds(tx: Tx, messages: Sequence[MessageId]) -> dict[MessageId, HoldReason]:
    """What these messages were held by last."""
    rows = await tx.set(
        "SELECT h.message_id, h.at, h.n, h.reason FROM hold h, {r} WHERE h.message_id = r.id",
        "id bigint",
        [(message,) for message in messages],
    )
    return {MessageId(row[0]): HoldReason(row[3]) for row in sorted(rows)}
