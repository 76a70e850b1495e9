"""Attachments that people sent: fetched from Meta into a file of ours.

Source: Meta's Cloud API, "Media": `GET /{media_id}` gives an address for five minutes; the id lives for seven days.
"""

import asyncio
import secrets
from pathlib import Path

import msgspec

from merpati.transports.cloud_api.client import GraphClient, GraphTrouble
from merpati.transports.cloud_api.errors import Act
from merpati.transports.cloud_api.webhooks import Attachment
from merpati.transports.port import Media, MediaKind

KINDS = {"sticker": MediaKind.IMAGE, **{kind.value: kind for kind in MediaKind}}
GONE = frozenset({Act.FAIL, Act.WINDOW})
"""What says that the file will never come; with anything else it may, later."""


def lost_attachment(attachment: Attachment) -> Media:
    """What is known of it, without the file."""
    return Media(
        kind=KINDS[attachment.kind],
        path="",
        mime=attachment.mime,
        size_bytes=0,
        filename=attachment.filename,
        caption=attachment.caption,
    )


class Files:
    """Where attachments are put: `folder`; larger ones than `most_bytes` are not."""

    def __init__(self, client: GraphClient, folder: Path, most_bytes: int) -> None:
        self._client, self._folder, self._most_bytes = client, folder, most_bytes

    async def fetch(self, attachment: Attachment, token: str) -> Media:
        """The attachment in a new file, which the caller removes; without a path when it cannot be had, or is too
        large, as its size then says. Raises `GraphTrouble` when it may come later, and `OSError`.
        """
        known = lost_attachment(attachment)
        try:
            node = await self._client.get(attachment.media_id, token)
            size = node.get("file_size")
            if isinstance(size, int) and size > self._most_bytes:
                return msgspec.structs.replace(known, size_bytes=size)
            url = str(node.get("url", ""))
            return await _download(self._client, token, url, known, self._folder, self._most_bytes)
        except GraphTrouble as error:
            if error.trouble.act not in GONE:
                raise
            return known


async def _download(
    client: GraphClient, token: str, url: str, known: Media, folder: Path, most_bytes: int
) -> Media:
    path, size = folder / f"cloud-{secrets.token_hex(8)}", 0
    try:
        async with client.download(url, token) as content:
            with await asyncio.to_thread(path.open, "wb") as file:
                async for chunk in content.iter_chunked(256 * 1024):
                    size += len(chunk)
                    if size > most_bytes:
                        break
                    await asyncio.to_thread(file.write, chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if size > most_bytes:
        path.unlink(missing_ok=True)
        return msgspec.structs.replace(known, size_bytes=size)
    return msgspec.structs.replace(known, path=str(path), size_bytes=size)
