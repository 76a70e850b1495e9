"""The SQL of what its author makes of a message later."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.messages.model import StoredContent
from merpati.messages.store_accept import json_of
from merpati.messages.store_history import content_of
from merpati.messages.words import storable, words_of
from merpati.storage.port import Tx

_decoder: msgspec.json.Decoder[StoredContent] = msgspec.json.Decoder(StoredContent)


class Target(NamedTuple):
    """A message that is changed; `edited_at`, `revoked_at` 0: never."""

    id: MessageId
    content: StoredContent
    stored: str
    """The content as it is stored."""
    edited_at: int
    revoked_at: int


async def target_of(tx: Tx, device: DeviceId, chat: Address, sender: Address, wa_id: WaId) -> Target | None:
    """The one that `sender` wrote there; no sender: the device, or its owner on the phone."""
    row = await tx.one(
        "SELECT id, content, coalesce(edited_at, 0), coalesce(revoked_at, 0) FROM message WHERE device_id = $1 "
        "AND wa_id = $2 AND chat = $3 AND sender = $4 AND direction = $5",
        device,
        wa_id,
        chat,
        sender,
        1 if sender else 0,
    )
    return Target(row[0], _decoder.decode(row[1]), row[1], row[2], row[3]) if row else None


async def add_change(tx: Tx, target: Target, wa_id: WaId, at: int, kind: str) -> bool:
    """False: it is there."""
    row = await tx.one(
        "INSERT INTO message_change (message_id, wa_id, at, n, kind, content) VALUES ($1, $2, $3, "
        "(SELECT count(*) FROM message_change WHERE message_id = $1), $4, $5) "
        "ON CONFLICT DO NOTHING RETURNING message_id",
        target.id,
        wa_id,
        at,
        kind,
        target.stored,
    )
    return row is not None


async def set_edited(tx: Tx, message: MessageId, content: StoredContent, at: int) -> None:
    await tx.run(
        "UPDATE message SET content = $2, text = $3, edited_at = $4 WHERE id = $1",
        message,
        json_of(content),
        storable(words_of(content)),
        at,
    )


async def set_revoked(tx: Tx, message: MessageId, at: int) -> None:
    await tx.run("UPDATE message SET revoked_at = $2 WHERE id = $1", message, at)


async def changes_of(tx: Tx, message: MessageId) -> list[tuple[str, int, StoredContent]]:
    """(kind, at, what it held before), oldest first."""
    rows = await tx.all("SELECT kind, at, content FROM message_change WHERE message_id = $1 ORDER BY n", message)
    return [(kind, at, content_of(content)) for kind, at, content in rows]


class Own(NamedTuple):
    """An outgoing message as a change of it needs it; `sent_at`: since when WhatsApp has it."""

    device: DeviceId
    chat: Address
    name: str
    content: StoredContent
    state: int
    wa_id: str
    sent_at: int
    is_revoked: bool


async def own_message(tx: Tx, message: MessageId) -> Own | None:
    row = await tx.one(
        "SELECT device_id, chat, name, content, state, coalesce(wa_id, ''), coalesce(sent_at, queued_at), "
        "coalesce(revoked_at, 0) FROM message WHERE id = $1 AND direction = 0",
        message,
    )
    return (
        Own(row[0], row[1], row[2], _decoder.decode(row[3]), row[4], row[5], row[6], bool(row[7])) if row else None
    )


class Made(NamedTuple):
    """A change of an own message."""

    id: MessageId
    account: AccountId
    device: DeviceId
    chat: Address
    content: StoredContent
    queued_at: int


IS_CHANGE = """(m.content LIKE '{"type":"Edit"%' OR m.content LIKE '{"type":"Revoke"%')"""
"""Its content is a change of another message."""


async def own_changes(tx: Tx, messages: Sequence[MessageId]) -> list[Made]:
    """Those of these messages that are changes, in the order in which they were asked for."""
    rows = await tx.set(
        "SELECT m.id, m.account_id, m.device_id, m.chat, m.content, m.queued_at FROM message m, {r} "
        f"WHERE m.id = r.id AND {IS_CHANGE}",
        "id bigint",
        [(id_,) for id_ in messages],
    )
    return [
        Made(id_, account, device, chat, _decoder.decode(content), queued_at)
        for id_, account, device, chat, content, queued_at in sorted(rows)
    ]
