"""The SQL of acceptance: messages, outbox, holds, batches, media."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from merpati.core.ids import BatchId, MediaId, MessageId
from merpati.messages.model import Batch, Draft, Media, PartTarget, Upload
from merpati.messages.words import words_of
from merpati.storage.port import Tx

_MESSAGE = (
    "id, account_id, device_id, direction, chat, name, sender, content, text, options, media_id, state, code, "
    "wire_ref, wa_id, request_id, batch_id, priority, schedule_at, queued_at"
)
_MESSAGE_TYPES = (
    "id bigint, account_id bigint, device_id bigint, direction bigint, chat text, name text, sender text, "
    "content text, text text, options text, media_id bigint, state bigint, code text, wire_ref text, wa_id text, "
    "request_id bigint, batch_id bigint, priority bigint, schedule_at bigint, queued_at bigint"
)
_OUTBOX = (
    "message_id, account_id, device_id, chat, priority, due_at, seq, state, epoch, attempt, gap_ms, sequence_id"
)


def json_of(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def insert_drafts(tx: Tx, drafts: Sequence[Draft], shift_ms: Callable[[Draft], int]) -> set[MessageId]:
    """The ids that were new. `shift_ms` is added to the due time of a draft."""
    rows = [
        (d.id, d.account, d.device, 0, d.chat, d.name, "", json_of(d.content), words_of(d.content),
         json_of(d.options), d.media, 0, "", d.wire_ref, None, d.request, d.batch, d.priority, d.schedule_at,
         d.queued_at)
        for d in drafts
    ]  # fmt: skip
    new = await insert_messages(tx, rows)
    fresh = [d for d in drafts if d.id in new]
    await tx.set(
        f"INSERT INTO outbox ({_OUTBOX}, wire_ref, handed_at) SELECT {_OUTBOX}, wire_ref, 0 FROM {{r}}",
        "message_id bigint, account_id bigint, device_id bigint, chat text, priority bigint, due_at bigint, "
        "seq bigint, state bigint, epoch bigint, attempt bigint, gap_ms bigint, sequence_id bigint, wire_ref text",
        [(d.id, d.account, d.device, d.chat, d.priority, d.due_at + shift_ms(d), d.id, 0, 0, 0,
          d.gap_ms, d.sequence, d.wire_ref)
         for d in fresh],
    )  # fmt: skip
    await insert_holds(tx, [(d.id, d.queued_at, d.hold, d.due_at) for d in fresh if d.hold is not None])
    return new


async def insert_messages(tx: Tx, rows: Sequence[Sequence[str | int | None]]) -> set[MessageId]:
    """Rows in the order of the table's columns up to `queued_at`; answers the ids that were new."""
    new = await tx.set(
        f"INSERT INTO message ({_MESSAGE}) SELECT {_MESSAGE} FROM {{r}} WHERE true "
        "ON CONFLICT DO NOTHING RETURNING id",
        _MESSAGE_TYPES,
        rows,
    )
    return {row[0] for row in new}


async def insert_holds(tx: Tx, rows: Sequence[tuple[MessageId, int, str, int]]) -> None:
    """(message, at, reason, until). Several at one instant are told apart by the column `n`."""
    await tx.set(
        "INSERT INTO hold (message_id, at, n, reason, until_at) SELECT r.message_id, r.at, "
        "(SELECT count(*) FROM hold h WHERE h.message_id = r.message_id), r.reason, r.until_at FROM {r}",
        "message_id bigint, at bigint, reason text, until_at bigint",
        rows,
    )


async def insert_media(tx: Tx, media: Sequence[Media], at: int) -> None:
    columns = "id, account_id, path, kind, mime, size_bytes, filename, key_id, upload, created_at"
    await tx.set(
        f"INSERT INTO media ({columns}) SELECT {columns} FROM {{r}} WHERE true ON CONFLICT DO NOTHING",
        "id bigint, account_id bigint, path text, kind text, mime text, size_bytes bigint, filename text, "
        "key_id bigint, upload bigint, created_at bigint",
        [(m.id, m.account, m.path, m.kind, m.mime, m.size_bytes, m.filename, m.key, m.upload, at) for m in media],
    )


async def mark_sent(tx: Tx, ids: Iterable[MediaId]) -> None:
    """Of these files, those that were uploaded first."""
    await tx.set(
        "UPDATE media SET upload = r.new FROM {r} WHERE media.id = r.id AND media.upload = r.old",
        "id bigint, old bigint, new bigint",
        [(id_, Upload.UNSENT, Upload.SENT) for id_ in ids],
    )


async def insert_batches(tx: Tx, batches: Sequence[Batch], now: int) -> set[BatchId]:
    """The ids that were new. `now` is the database's time."""
    columns = "id, account_id, request_id, first_id, count, made, plan, queued_at, shift_ms"
    new = await tx.set(
        f"INSERT INTO batch ({columns}) SELECT {columns} FROM {{r}} WHERE true ON CONFLICT DO NOTHING RETURNING id",
        "id bigint, account_id bigint, request_id bigint, first_id bigint, count bigint, made bigint, plan text, "
        "queued_at bigint, shift_ms bigint",
        [
            (b.id, b.account, b.request, b.first, b.count, 0, json_of(b.plan), b.queued_at, now - b.queued_at)
            for b in batches
        ],
    )
    fresh = {row[0] for row in new}
    await tx.set(
        "INSERT INTO batch_part (batch_id, n, first_id, count, targets) "
        "SELECT batch_id, n, first_id, count, targets FROM {r}",
        "batch_id bigint, n bigint, first_id bigint, count bigint, targets text",
        [row for batch in batches if batch.id in fresh for row in _parts(batch)],
    )
    return fresh


def _parts(batch: Batch) -> list[tuple[BatchId, int, int, int, str]]:
    rows, first = [], int(batch.first)
    for n, part in enumerate(batch.parts):
        rows.append((batch.id, n, first, len(part), json_of(part)))
        first += len(part)
    return rows


_part_decoder = msgspec.json.Decoder(tuple[PartTarget, ...])


def decode_part(targets: str) -> tuple[PartTarget, ...]:
    return _part_decoder.decode(targets)
