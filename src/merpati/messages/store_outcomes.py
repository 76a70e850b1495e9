"""The SQL of what happens to a message after its hand-over."""

from collections.abc import Sequence
from typing import NamedTuple

from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
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

    Answers those that settled an uncertain message.
    """
    uncertain = _in(LIFE.sources(MessageEvent.ACKNOWLEDGED))
    settled = await tx.set(
        f"UPDATE message SET state = {int(MessageState.SENT)}, code = '', wa_id = r.wa_id, "
        "handed_at = r.handed_at, sent_at = r.at, ended_at = NULL FROM {r} "
        f"WHERE message.id = r.id AND message.state IN ({uncertain}) "
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


async def by_wa_id(tx: Tx, wanted: Sequence[tuple[DeviceId, WaId]]) -> list[Handed]:
    rows = await tx.set(
        "SELECT m.id, m.account_id, m.device_id, m.wa_id, m.chat, m.state, coalesce(m.handed_at, 0), m.priority "
        "FROM message m, {r} WHERE m.device_id = r.device_id AND m.wa_id = r.wa_id AND m.direction = 0",
        "device_id bigint, wa_id text",
        wanted,
    )
    return [Handed(*row) for row in rows]


async def by_wire_ref(tx: Tx, wanted: Sequence[tuple[DeviceId, WaId]]) -> list[Handed]:
    """Open messages whose acknowledgement has not come: by the reference that we put on the wire."""
    rows = await tx.set(
        "SELECT o.message_id, o.account_id, o.device_id, o.wire_ref, o.chat, 0, o.handed_at, o.priority "
        "FROM outbox o, {r} WHERE o.device_id = r.device_id AND o.wire_ref = r.wa_id AND o.attempt > 0",
        "device_id bigint, wa_id text",
        wanted,
    )
    return [Handed(*row) for row in rows]


async def climb(tx: Tx, rows: Sequence[tuple[Handed, MessageState, int]]) -> list[tuple[MessageId, MessageState]]:
    """(message, delivered or read, at): up only. Answers (message, state) of those that climbed."""
    may = " OR ".join(
        f"(r.state = {int(to)} AND message.state IN ({_in(LIFE.sources(event))}))"
        for to, event in (
            (MessageState.DELIVERED, MessageEvent.DELIVERED),
            (MessageState.READ, MessageEvent.READ),
        )
    )
    climbed = await tx.set(
        "UPDATE message SET state = r.state, wa_id = r.wa_id, code = '', ended_at = NULL, "
        "handed_at = coalesce(message.handed_at, r.handed_at), sent_at = coalesce(message.sent_at, r.at), "
        "delivered_at = coalesce(message.delivered_at, r.at), "
        f"read_at = CASE WHEN r.state = {int(MessageState.READ)} THEN r.at ELSE message.read_at END "
        f"FROM {{r}} WHERE message.id = r.id AND ({may}) RETURNING message.id, message.state",
        "id bigint, wa_id text, state bigint, handed_at bigint, at bigint",
        [(handed.message, handed.wa_id, int(state), handed.handed_at, at) for handed, state, at in rows],
    )
    return [(id_, MessageState(state)) for id_, state in climbed]
