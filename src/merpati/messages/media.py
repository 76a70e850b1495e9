"""Files of messages: where a transport finds them, and when they go."""

import re

import msgspec

from merpati.core.clock import DAY_MS, SECOND_MS, Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, KeyId, MediaId
from merpati.messages import store_media as store
from merpati.messages.file_limits import MB
from merpati.messages.model import Media as MediaRow
from merpati.messages.model import StoredContent, Taken, Upload
from merpati.messages.store_accept import insert_media
from merpati.messages.thumbnails import thumbnail_name
from merpati.storage.files import FilesGone, FileStore
from merpati.storage.ids import first_unreserved
from merpati.storage.port import Storage, Tx
from merpati.transports.interactive import file_of, with_file
from merpati.transports.port import Outbound, SendError, SendFault

AT_ONCE = 200
_NAME = re.compile(r"([0-9]{1,19})(?:\.thumb[0-9]+)?\.[a-z0-9]+")
"""A file's, or its small picture's."""
ORPHAN_MS = DAY_MS
"""A file is moved here before its call is accepted: without a row it is on its way for this long at most."""
FILES_WAIT_MS = 10 * SECOND_MS
"""Until a file is asked for again whose store could not be reached."""
SENDABLE_MS = DAY_MS
"""How long a stored file may be sent by its id. One that no message needs is kept far longer
(`Keeping.media_ms`): none goes while a call takes it up."""


class KeptFile(msgspec.Struct, frozen=True):
    """A stored file, and until when it may be sent by its id."""

    media: MediaRow
    expires_at: Millis

    @property
    def stored_at(self) -> Millis:
        return Millis(self.expires_at - SENDABLE_MS)


async def locate(files: FileStore, message: Taken) -> Outbound:
    """What the transport gets: the content with its file's real path.

    Raises `SendError`: the file is gone for good (CONTENT), or cannot be had now (RATE: it costs no try).
    """
    content = message.content
    if (file := file_of(content)) is not None:
        try:
            path = await files.locate(file.path)
        except FileNotFoundError:
            raise SendError(SendFault.CONTENT, Code.FILE_GONE) from None
        except FilesGone:
            raise SendError(SendFault.RATE, Code.FILES_UNREACHABLE, retry_after_ms=FILES_WAIT_MS) from None
        content = with_file(content, str(path))
    return Outbound(
        ref=message.wire_ref,
        chat=message.chat,
        content=content,
        reply_to=message.options.reply_to,
        handed_at=message.handed_at,
    )


async def keep_media(tx: Tx, media: MediaRow, room_bytes: int = 0) -> KeptFile:
    """Store the row of a file that came before its message. May run twice: what is there by its id stays.

    Raises `Refusal(UPLOADS_FULL)` where the account's files that were sent with no message yet would take more than
    `room_bytes`; 0: they may take any.
    """
    await tx.lock([media.account])
    taken = await store.unsent_bytes(tx, media.account, media.id) if room_bytes else 0
    if room_bytes and taken + media.size_bytes > room_bytes:
        raise Refusal(Code.UPLOADS_FULL, limit_mb=room_bytes // MB)
    kept = msgspec.structs.replace(media, upload=Upload.UNSENT)
    await insert_media(tx, [kept], tx.now)
    return KeptFile(kept, Millis(tx.now + SENDABLE_MS))


async def list_uploads(
    tx: Tx, account: AccountId, key: KeyId | None, before: MediaId, limit: int
) -> list[KeptFile]:
    """The account's uploaded files that are still kept, newest first, those with a lower id; `key`: that one's."""
    found = await store.uploads_before(tx, account, key, before, limit)
    return [KeptFile(media, Millis(stored_at + SENDABLE_MS)) for media, stored_at in found]


async def drop_upload(tx: Tx, media: MediaRow) -> None:
    """Forget a file that no message was sent with; raises `Refusal` (FILE_SENT; FILE_UNKNOWN: it is gone).

    Its names in the store, `names_of`, are to be removed afterwards: after a crash in between the sweep does it.
    """
    await tx.lock([media.account])
    if not await store.delete_unsent(tx, media.id):
        is_there = await store.media_by_id(tx, media.id) is not None
        raise Refusal(Code.FILE_SENT if is_there else Code.FILE_UNKNOWN, field="file")


def names_of(path: str) -> tuple[str, ...]:
    """What lies in the store of files for one: itself, and its small picture."""
    return path, thumbnail_name(path)


async def find_media(tx: Tx, id_: MediaId) -> KeptFile | None:
    """None when there is no such file, or no more."""
    found = await store.media_by_id(tx, id_)
    return KeptFile(found[0], Millis(found[1] + SENDABLE_MS)) if found is not None else None


async def find_media_of(tx: Tx, content: StoredContent, account: AccountId) -> MediaRow | None:
    """The file that a message of this account holds; None when it holds none, or it is gone."""
    file = file_of(content)
    named = _NAME.fullmatch(file.path) if file is not None else None
    found = await store.media_by_id(tx, MediaId(int(named[1]))) if named is not None else None
    return found[0] if found is not None and found[0].account == account else None


async def forget_media(storage: Storage, files: FileStore, before: Millis) -> None:
    """Remove files older than `before` that no open message needs, with their small pictures; the file first, then
    its row. May run twice."""
    while True:
        found = await storage.read(store.unneeded_media, before, AT_ONCE)
        if found:
            await files.remove([name for _, path in found for name in names_of(path)])
        await storage.write_bulk(store.delete_media, [id_ for id_, _ in found])
        if len(found) < AT_ONCE:
            return


async def sweep_media(storage: Storage, files: FileStore, before: Millis) -> int:
    """Remove files of ours that were last written before this and belong to no row; answers how many.

    A process that ends between the file and the acceptance leaves one. Ours are those named by an id that this
    database has reserved: a store that served another database keeps that one's files. May run twice.
    """
    gone = 0
    below = await storage.read(first_unreserved, "media")
    async for names in files.older(before):
        ours = {name: int(named[1]) for name in names if (named := _NAME.fullmatch(name)) and int(named[1]) < below}
        known = await storage.read(store.known_media, sorted(set(ours.values())))
        orphans = [name for name, id_ in ours.items() if id_ not in known]
        if orphans:
            await files.remove(orphans)
        gone += len(orphans)
    return gone
