"""Files of messages: where a transport finds them, and when they go."""

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from merpati.core.clock import DAY_MS, Millis
from merpati.core.ids import MediaId
from merpati.messages import store_media as store
from merpati.messages.model import Media as MediaRow
from merpati.messages.model import Taken
from merpati.messages.store_accept import insert_media
from merpati.storage.ids import first_unreserved
from merpati.storage.port import Storage, Tx
from merpati.transports.port import Media, Outbound

AT_ONCE = 200
_NAME = re.compile(r"([0-9]{1,19})\.[a-z0-9]+")
ORPHAN_MS = DAY_MS
"""A file is moved here before its call is accepted: without a row it is on its way for this long at most."""
SENDABLE_MS = DAY_MS
"""How long a stored file may be sent by its id. One that no message needs is kept far longer
(`Keeping.media_ms`): none goes while a call takes it up."""


class KeptFile(msgspec.Struct, frozen=True):
    """A stored file, and until when it may be sent by its id."""

    media: MediaRow
    expires_at: Millis


def locate(folder: Path, message: Taken) -> Outbound:
    """What the transport gets: the content with its file's real path."""
    content = message.content
    if isinstance(content, Media):
        content = msgspec.structs.replace(content, path=str(folder / content.path))
    return Outbound(ref=message.wire_ref, chat=message.chat, content=content, reply_to=message.options.reply_to)


async def keep_media(tx: Tx, media: MediaRow) -> KeptFile:
    """Store the row of a file that came before its message. May run twice: what is there by its id stays."""
    await insert_media(tx, [media], tx.now)
    return KeptFile(media, Millis(tx.now + SENDABLE_MS))


async def find_media(tx: Tx, id_: MediaId) -> KeptFile | None:
    """None when there is no such file, or no more."""
    found = await store.media_by_id(tx, id_)
    return KeptFile(found[0], Millis(found[1] + SENDABLE_MS)) if found is not None else None


async def forget_media(storage: Storage, folder: Path, before: Millis) -> None:
    """Remove files older than `before` that no open message needs; the file first, then its row. May run twice."""
    while True:
        found = await storage.read(store.unneeded_media, before, AT_ONCE)
        for _, path in found:
            (folder / path).unlink(missing_ok=True)
        await storage.write_bulk(store.delete_media, [id_ for id_, _ in found])
        if len(found) < AT_ONCE:
            return


async def sweep_media(storage: Storage, folder: Path, before: Millis) -> int:
    """Remove files of ours that were last written before this and belong to no row; answers how many.

    A process that ends between the file and the acceptance leaves one. Ours are those named by an id that this
    database has reserved: a folder that served another database keeps that one's files. May run twice.
    """
    gone = 0
    below = await storage.read(first_unreserved, "media")
    old = await asyncio.to_thread(lambda: sorted(_older(folder, before, below)))
    for start in range(0, len(old), AT_ONCE):
        part = old[start : start + AT_ONCE]
        known = await storage.read(store.known_media, [id_ for id_, _ in part])
        orphans = [name for id_, name in part if id_ not in known]
        await asyncio.to_thread(_remove, folder, orphans)
        gone += len(orphans)
    return gone


def _older(folder: Path, before: Millis, below: int) -> Iterator[tuple[int, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            named = _NAME.fullmatch(entry.name)
            if named is None or int(named[1]) >= below:
                continue
            with contextlib.suppress(FileNotFoundError):  # another sweep was quicker
                if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime * 1_000 < before:
                    yield int(named[1]), entry.name


def _remove(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
