"""The SQL of incoming messages: the polls that votes are on."""

from collections.abc import Sequence

import msgspec

from merpati.core.ids import DeviceId, WaId
from merpati.messages.model import StoredContent
from merpati.storage.port import Tx
from merpati.transports.port import Poll

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
