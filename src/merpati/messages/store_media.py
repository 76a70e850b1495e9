"""The SQL of files."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, KeyId, MediaId
from merpati.messages.model import Media, Upload
from merpati.storage.port import Row, Tx

_MEDIA = "id, account_id, path, kind, mime, size_bytes, filename, key_id, upload, created_at"


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
        f"SELECT {_MEDIA} FROM media WHERE id = $1",
        id_,
    )
    return _read(row) if row is not None else None


async def uploads_before(
    tx: Tx, account: AccountId, key: KeyId | None, before: MediaId, limit: int
) -> list[tuple[Media, int]]:
    """The account's uploaded files with lower ids, newest first, and when each was stored; one key's, or all."""
    of_key = "" if key is None else "AND key_id = $4 "
    rows = await tx.all(
        f"SELECT {_MEDIA} FROM media WHERE account_id = $1 AND upload > 0 AND id < $2 {of_key}"
        "ORDER BY id DESC LIMIT $3",
        account,
        before,
        limit,
        *(() if key is None else (key,)),
    )
    return [_read(row) for row in rows]


async def unsent_bytes(tx: Tx, account: AccountId, but: MediaId) -> int:
    """How large the account's uploaded files are together that no message has been sent with, without this one."""
    row = await tx.one(
        "SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) FROM media "
        "WHERE account_id = $1 AND upload = 1 AND id <> $2",
        account,
        but,
    )
    return int(row[0]) if row is not None else 0


async def delete_unsent(tx: Tx, id_: MediaId) -> bool:
    """Whether it was there and unsent."""
    return bool(await tx.all("DELETE FROM media WHERE id = $1 AND upload = 1 RETURNING id", id_))


def _read(row: Row) -> tuple[Media, int]:
    id_, account, path, kind, mime, size, filename, key, upload, created_at = row
    media = Media(
        id=MediaId(id_),
        account=AccountId(account),
        path=path,
        kind=kind,
        mime=mime,
        size_bytes=size,
        filename=filename,
        key=key,
        upload=Upload(upload),
    )
    return media, created_at


async def delete_media(tx: Tx, ids: Sequence[MediaId]) -> None:
    await tx.set("DELETE FROM media WHERE id IN (SELECT id FROM {r})", "id bigint", [(id_,) for id_ in ids])


async def known_media(tx: Tx, ids: Sequence[int]) -> set[int]:
    """Those of these ids that have a row."""
    rows = await tx.set("SELECT f.id FROM media f, {r} WHERE f.id = r.id", "id bigint", [(id_,) for id_ in ids])
    return {row[0] for row in rows}
