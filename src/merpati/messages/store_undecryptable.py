"""The SQL of messages that could not be decrypted: what takes their place, and how many are left."""

from collections.abc import Sequence

from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, MessageId, WaId
from merpati.messages.store_inbound import Seen
from merpati.storage.port import Tx, Value

_LEFT = f"code = '{Code.UNDECRYPTABLE}'"
"""Said so that the partial index `message_undecryptable` is taken."""


async def replace(tx: Tx, rows: Sequence[Sequence[Value]]) -> list[tuple[MessageId, Seen]]:
    """(device, chat, sender, WhatsApp id, name, content, words, options, file) of messages as they are; answers
    those that could not be decrypted until now."""
    done = await tx.set(
        "UPDATE message SET name = r.name, content = r.content, text = r.text, options = r.options, "
        "media_id = r.media_id, code = '' FROM {r} "
        "WHERE message.device_id = r.device_id AND message.chat = r.chat AND message.sender = r.sender "
        f"AND message.wa_id = r.wa_id AND message.direction = 1 AND message.{_LEFT} "
        "RETURNING message.id, message.device_id, message.chat, message.sender, message.wa_id",
        "device_id bigint, chat text, sender text, wa_id text, name text, content text, text text, options text, "
        "media_id bigint",
        rows,
    )
    return [
        (MessageId(id_), (DeviceId(device), Address(chat), Address(sender), WaId(wa_id)))
        for id_, device, chat, sender, wa_id in done
    ]


async def left_of(tx: Tx, devices: Sequence[DeviceId], from_at: int) -> dict[DeviceId, tuple[int, int]]:
    """(how many, since when the oldest) of those of each device since then; devices with none are left out."""
    rows = await tx.set(
        "SELECT m.device_id, count(*), min(m.queued_at) FROM message m, {r} WHERE m.device_id = r.id "
        f"AND m.queued_at >= r.from_at AND m.{_LEFT} GROUP BY m.device_id",
        "id bigint, from_at bigint",
        [(device, from_at) for device in devices],
    )
    return {DeviceId(device): (count, since) for device, count, since in rows}


async def count_left(tx: Tx, from_at: int) -> int:
    row = await tx.one(f"SELECT count(*) FROM message WHERE queued_at >= $1 AND {_LEFT}", from_at)
    return int(row[0]) if row else 0
