"""The SQL of files."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, MediaId
from merpati.messages.model import Media
from merpati.storage.port import Tx


async def unneeded_media(tx: Tx, before: int, limit: int) -> list[tuple[MediaId, str]]:
    """(id, path) of files older than `before` that no open message and no unmade batch needs."""
    rows = await tx.all(
        "SELECT f.id, f.path FROM media f WHERE f.created_at < $1 "
        "AND NOT EXISTS (SELECT 1 FROM message m JOIN outbox o ON o.message_id = m.id WHERE m.media_id = f.id) "
        "AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.made < b.count AND b.account_id = f.account_id) "
        "ORDER BY f.created_at LIMIT $2",
        before,
        limit,
    )
    return [(id_, path) for id_, path in rows]


async def media_by_id(tx: Tx, id_: MediaId) -> tuple[Media, int] | None:
    """The file and when it was stored."""
    row = await tx.one(
        "SELECT account_id, path, kind, mime, size_bytes, filename, key_id, created_at FROM media WHERE id = $1",
        id_,
    )
    if row is None:
        return None
    account, path, kind, mime, size, filename, key, created_at = row
    media = Media(
        id=id_,
        account=AccountId(account),
        path=path,
        kind=kind,
        mime=mime,
        size_bytes=size,
        filename=filename,
        key=key,
    )
    return media, created_at


async def delete_media(tx: Tx, ids: Sequence[MediaId]) -> None:
    await tx.set("DELETE FROM media WHERE id IN (SELECT id FROM {r})", "id bigint", [(id_,) for id_ in ids])


async def known_media(tx: Tx, ids: Sequence[int]) -> set[int]:
    """Those of these ids that have a row."""
    rows = await tx.set("SELECT f.id FROM media f, {r} WHERE f.id = r.id", "id bigint", [(id_,) for id_ in ids])
    return {row[0] for row in rows}
