"""The SQL of what is typed on the phone itself."""

from collections.abc import Sequence

from merpati.core.ids import MediaId, MessageId
from merpati.storage.port import Tx

_GIVEN = "id, account_id, device_id, chat, content, text, options, media_id, state, wa_id, priority, queued_at"
_REST = "direction, name, sender, code, wire_ref, request_id, typed"
_TYPES = (
    "id bigint, account_id bigint, device_id bigint, chat text, content text, text text, options text, "
    "media_id bigint, state bigint, wa_id text, priority bigint, queued_at bigint"
)


async def insert_typed(tx: Tx, rows: Sequence[Sequence[str | int | None]]) -> set[MessageId]:
    """Rows in the order of `_GIVEN`; answers the ids that were new. One that has the WhatsApp id of a message which
    the device sent is that message."""
    new = await tx.set(
        f"INSERT INTO message ({_GIVEN}, {_REST}) SELECT {_GIVEN}, 0, '', '', '', '', 0, 1 FROM {{r}} "
        "WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.device_id = r.device_id AND m.wa_id = r.wa_id "
        "AND m.direction = 0) ON CONFLICT DO NOTHING RETURNING id",
        _TYPES,
        rows,
    )
    return {row[0] for row in new}


async def media_in_use(tx: Tx, media: Sequence[MediaId]) -> set[MediaId]:
    """Those of these files that a message has."""
    rows = await tx.set(
        "SELECT m.media_id FROM message m, {r} WHERE m.media_id = r.id", "id bigint", [(id_,) for id_ in media]
    )
    return {MediaId(row[0]) for row in rows}
