"""The SQL of incoming messages: the polls that votes are on, and files that come later."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from merpati.core.ids import Address, DeviceId, MediaId, MessageId, WaId
from merpati.messages.model import StoredContent
from merpati.storage.port import Tx, Value
from merpati.transports.port import Poll

Seen: TypeAlias = tuple[DeviceId, Address, Address, WaId]
"""Device, chat, sender and WhatsApp id: what makes an incoming message one."""
_decoder: msgspec.json.Decoder[StoredContent] = msgspec.json.Decoder(StoredContent)


async def polls_of(tx: Tx, votes: Sequence[tuple[DeviceId, WaId]]) -> dict[tuple[DeviceId, WaId], Poll]:
    """The polls that these devices sent under these ids."""
    rows = await tx.set(
        "SELECT m.device_id, m.wa_id, m.content FROM message m, {r} "
        "WHERE m.device_id = r.device_id AND m.wa_id = r.wa_id AND m.direction = 0",
        "device_id bigint, wa_id text",
        list(dict.fromkeys(votes)),
    )
    found = {(DeviceId(device), WaId(wa_id)): _decoder.decode(content) for device, wa_id, content in rows}
    return {key: content for key, content in found.items() if isinstance(content, Poll)}


async def complete(tx: Tx, rows: Sequence[Sequence[Value]]) -> list[tuple[MessageId, Seen]]:
    """(device, chat, sender, WhatsApp id, content, options, file, options while it was awaited); answers those that
    waited. The words that a search finds stay: a file has the name that it was told with."""
    done = await tx.set(
        "UPDATE message SET content = r.content, options = r.options, media_id = r.media_id FROM {r} "
        "WHERE message.device_id = r.device_id AND message.chat = r.chat AND message.sender = r.sender "
        "AND message.wa_id = r.wa_id AND message.direction = 1 AND message.options = r.awaiting "
        "RETURNING message.id, message.device_id, message.chat, message.sender, message.wa_id",
        "device_id bigint, chat text, sender text, wa_id text, content text, options text, media_id bigint, "
        "awaiting text",
        rows,
    )
    return [
        (MessageId(id_), (DeviceId(device), Address(chat), Address(sender), WaId(wa_id)))
        for id_, device, chat, sender, wa_id in done
    ]


async def files_in_use(tx: Tx, seen: Sequence[Seen]) -> set[MediaId]:
    """The files of these messages, of those that are there."""
    rows = await tx.set(
        "SELECT m.media_id FROM message m, {r} WHERE m.device_id = r.device_id AND m.chat = r.chat "
        "AND m.sender = r.sender AND m.wa_id = r.wa_id AND m.direction = 1 AND m.media_id IS NOT NULL",
        "device_id bigint, chat text, sender text, wa_id text",
        list(dict.fromkeys(seen)),
    )
    return {MediaId(row[0]) for row in rows}
