"""Files of messages: where a transport finds them, and when they go."""

from pathlib import Path

import msgspec

from merpati.core.clock import Millis
from merpati.messages import store_media as store
from merpati.messages.model import Taken
from merpati.storage.port import Storage
from merpati.transports.port import Media, Outbound

AT_ONCE = 200


def locate(folder: Path, message: Taken) -> Outbound:
    """What the transport gets: the content with its file's real path."""
    content = message.content
    if isinstance(content, Media):
        content = msgspec.structs.replace(content, path=str(folder / content.path))
    return Outbound(ref=message.wire_ref, chat=message.chat, content=content, reply_to=message.options.reply_to)


async def forget_media(storage: Storage, folder: Path, before: Millis) -> None:
    """Remove files older than `before` that no open message needs; the file first, then its row. May run twice."""
    while True:
        found = await storage.read(store.unneeded_media, before, AT_ONCE)
        for _, path in found:
            (folder / path).unlink(missing_ok=True)
        await storage.write_bulk(store.delete_media, [id_ for id_, _ in found])
        if len(found) < AT_ONCE:
            return
