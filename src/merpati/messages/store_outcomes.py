"""The SQL of what happens to a message after its hand-over."""

from collections.abc import Sequence
from typing import NamedTuple

from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId, WireRef
from merpati.messages.model import LIFE, MessageEvent, MessageState
from merpati.storage.port import Tx


def _in(states: Sequence[MessageState]) -> str:
    return ", ".join(str(int(state)) for state in states)


async def end_messages(tx: Tx, rows: Sequence[tuple[MessageId, MessageState, str, WaId | None, int, int]]) -> None:
    """(message, state, code, WhatsApp id, handed_at, at): the state after a hand-over that ended."""
    await tx.set(
        "UPDATE message SET state = r.state, code = r.code, wa_id = coalesce(r.wa_id, message.wa_id), "
        "handed_at = r.handed_at, "
        f"sent_at = CASE WHEN r.state = {int(MessageState.SENT)} THEN r.at ELSE message.sent_at END, "
        f"ended_at = CASE WHEN r.state = {int(MessageState.SENT)} THEN message.ended_at ELSE r.at END "
        "FROM {r} WHERE message.id = r.id",
        "id bigint, state bigint, code text, wa_id text, handed_at bigint, at bigint",
        [(id_, int(state), code, wa_id, handed_at, at) for id_, state, code, wa_id, handed_at, at in rows],
    )


async def confirm_late(tx: Tx, rows: Sequence[tuple[MessageId, WaId | None, int, int]]) -> set[MessageId]:
    """(message, WhatsApp id, handed_at, at): acknowledgements that came when nobody waited any more.

    Answers those that settled an uncertain message. One that the network gave up meanwhile stays so.
    """
    uncertain = _in(LIFE.sources(MessageEvent.ACKNOWLEDGED))
    settled = await tx.set(
        f"UPDATE message SET state = {int(MessageState.SENT)}, code = '', wa_id = r.wa_id, "
        "handed_at = r.handed_at, sent_at = r.at, ended_at = NULL FROM {r} "
        f"WHERE message.id = r.id AND message.state IN ({uncertain}) AND NOT "
        f"(message.state = {int(MessageState.FAILED)} AND coalesce(message.wa_id, '') = r.wa_id) "
        "RETURNING message.id",
        "id bigint, wa_id text, handed_at bigint, at bigint",
        rows,
    )
    return {row[0] for row in settled}


class Handed(NamedTuple):
    """A message that was handed over, as a receipt finds it. `state` is the message's, QUEUED while it is open."""

    message: MessageId
    account: AccountId
    device: DeviceId
    wa_id: WaId
    chat: Address
    state: int
    handed_at: int
    priority: int
    is_sending: int = 0
    """It is being handed over, since `handed_at`."""
    typed: int = 0
    """1: it was typed on the phone: nothing of ours hands it over."""


async def by_wa_id(tx: Tx, wanted: Sequence[tuple[DeviceId, WaId]]) -> list[Handed]:
    rows = await tx.set(
        "SELECT m.id, m.account_id, m.device_id, m.wa_id, m.chat, m.state, coalesce(m.handed_at, 0), m.priority, "
        "0, m.typed FROM message m, {r} WHERE m.device_id = r.device_id AND m.wa_id = r.wa_id AND m.direction = 0",
        "device_id bigint, wa_id text",
        wanted,
    )
    return [Handed(*row) for row in rows]


async def by_wire_ref(tx: Tx, wanted: Sequence[tuple[DeviceId, WireRef, WaId]]) -> list[Handed]:
    """Messages whose acknowledgement has not come, open and uncertain: by the reference that we put on the wire.

    One that waits for its next hand-over and has an id was acknowledged and given up: an id that is not known is of
    a hand-over before that.
    """
    columns = "device_id bigint, wire_ref text, wa_id text"
    handed = await tx.set(
        "SELECT o.message_id, o.account_id, o.device_id, r.wa_id, o.chat, 0, o.handed_at, o.priority, o.state "
        "FROM outbox o, {r} WHERE o.device_id = r.device_id AND o.wire_ref = r.wire_ref AND o.attempt > 0 "
        "AND (o.state = 1 OR NOT EXISTS "
        "(SELECT 1 FROM message m WHERE m.id = o.message_id AND m.wa_id IS NOT NULL))",
        columns,
        wanted,
    )
    lost = await tx.set(
        "SELECT m.id, m.account_id, m.device_id, r.wa_id, m.chat, m.state, coalesce(m.handed_at, 0), m.priority "
        "FROM message m, {r} WHERE m.device_id = r.device_id AND m.wire_ref = r.wire_ref "
        f"AND m.state = {int(MessageState.UNCERTAIN)}",
        columns,
        wanted,
    )
    return [Handed(*row) for row in (*handed, *lost)]


async def climb(tx: Tx, rows: Sequence[tuple[Handed, MessageState, int]]) -> list[tuple[MessageId, MessageState]]:
    """(message, sent, delivered or read, at): up only. Answers (message, state) of those that climbed."""
    may = " OR ".join(
        f"(r.state = {int(to)} AND message.state IN ({_in(LIFE.sources(event))}))"
        for to, event in (
            (MessageState.SENT, MessageEvent.ECHOED),
            (MessageState.DELIVERED, MessageEvent.DELIVERED),
            (MessageState.READ, MessageEvent.READ),
        )
    )
    climbed = await tx.set(
        "UPDATE message SET state = r.state, wa_id = r.wa_id, code = '', ended_at = NULL, "
        "handed_at = CASE WHEN message.typed = 0 THEN coalesce(message.handed_at, r.handed_at) END, "
        "sent_at = CASE WHEN message.typed = 0 THEN coalesce(message.sent_at, r.at) END, "
        f"delivered_at = CASE WHEN r.state = {int(MessageState.SENT)} THEN message.delivered_at "
        "ELSE coalesce(message.delivered_at, r.at) END, "
        f"read_at = CASE WHEN r.state = {int(MessageState.READ)} THEN r.at ELSE message.read_at END "
        f"FROM {{r}} WHERE message.id = r.id AND ({may}) RETURNING message.id, message.state",
        "id bigint, wa_id text, state bigint, handed_at bigint, at bigint",
        [(handed.message, handed.wa_id, int(state), handed.handed_at, at) for handed, state, at in rows],
    )
    return [(id_, MessageState(state)) for id_, state in climbed]


async def set_costs(tx: Tx, rows: Sequence[tuple[MessageId, str]]) -> None:
    """(message, cost); a receipt that says the same again writes nothing."""
    await tx.set(
        "UPDATE message SET cost = r.cost FROM {r} WHERE message.id = r.id "
        "AND coalesce(message.cost, '') <> r.cost",
        "id bigint, cost text",
        rows,
    )


async def give_up(tx: Tx, rows: Sequence[tuple[MessageId, WaId, str, int]]) -> set[MessageId]:
    """(message, WhatsApp id, code, at): the network gave these up. Answers those that failed by it."""
    sources = {*LIFE.sources(MessageEvent.GIVEN_UP), MessageState.QUEUED}  # its row says so while it is handed over
    failed = await tx.set(
        f"UPDATE message SET state = {int(MessageState.FAILED)}, code = r.code, wa_id = r.wa_id, ended_at = r.at "
        f"FROM {{r}} WHERE message.id = r.id AND message.state IN ({_in(sorted(sources))}) RETURNING message.id",
        "id bigint, wa_id text, code text, at bigint",
        rows,
    )
    return {row[0] for row in failed}


async def queue_again(tx: Tx, rows: Sequence[tuple[MessageId, WaId]]) -> set[MessageId]:
    """(message, WhatsApp id it had): queued again, out of the outbox still. Answers those that moved."""
    sources = _in(sorted(LIFE.sources(MessageEvent.GIVEN_UP_FOR_NOW)))
    moved = await tx.set(
        f"UPDATE message SET state = {int(MessageState.QUEUED)}, code = '', wa_id = r.wa_id, ended_at = NULL, "
        f"sent_at = NULL FROM {{r}} WHERE message.id = r.id AND message.state IN ({sources}) RETURNING message.id",
        "id bigint, wa_id text",
        rows,
    )
    return {row[0] for row in moved}


async def count_attempts(tx: Tx, messages: Sequence[MessageId]) -> dict[MessageId, int]:
    """How often each was handed over, as far as that is stored."""
    rows = await tx.set(
        "SELECT a.message_id, count(*) FROM attempt a, {r} WHERE a.message_id = r.id GROUP BY a.message_id",
        "id bigint",
        [(id_,) for id_ in messages],
    )
    return {row[0]: row[1] for row in rows}
