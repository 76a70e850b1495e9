"""The hot command for what its owner writes on a device's own phone: never handed over; the same twice is once.

Source: WhatsApp's linked devices get a copy of what is sent from the phone and from its other devices.
"""

from collections.abc import Sequence

import msgspec

from merpati.core.address import is_group
from merpati.core.facts import MessageTyped, ReceivedFile
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.messages.actions import record_all
from merpati.messages.authored import NOBODY, Change, apply_changes, kind_of
from merpati.messages.first_contact import know_people
from merpati.messages.model import Media, MessageState, Note, Options, Priority, StoredContent
from merpati.messages.store_accept import insert_media, json_of
from merpati.messages.store_inbound import Seen
from merpati.messages.store_typed import insert_typed, media_in_use
from merpati.messages.telling import telling_of
from merpati.messages.words import storable, words_of
from merpati.storage.lane import HotAction
from merpati.storage.port import Tx


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the device's owner wrote. `id` is drawn for it; `at` is the network's time."""

    id: MessageId
    account: AccountId
    device: DeviceId
    chat: Address
    """To whom."""
    wa_id: WaId
    content: StoredContent
    reply_to: WaId | None
    at: int
    notes: tuple[Note, ...] = ()
    is_told: bool = True
    """Webhooks that want such may be told of it."""
    media: Media | None = None
    """Its file, which is in the media folder already."""
    file: ReceivedFile | None = None
    """Where that file can be fetched, when it may be told."""


async def store_typed(tx: Tx, typed: Sequence[Typed]) -> list[bool]:
    """Store these as sent, with their facts; false for one that is there (same device and WhatsApp id), unless it
    is there by this very call, whose end nobody heard: its file is needed.

    Receipts raise them as any message; nothing hands them over, and nothing sends them again. Who is written to so
    is nobody new to the number. What the owner makes of an earlier message is no message (`authored`).
    """
    await tx.lock([message.account for message in typed])
    changed = await apply_changes(tx, [change for message in typed if (change := _change(message)) is not None])
    lines = await _store(tx, [message for message in typed if _seen(message) not in changed])
    return [_seen(message) in changed or lines[message.id] for message in typed]


async def _store(tx: Tx, typed: Sequence[Typed]) -> dict[MessageId, bool]:
    new = await insert_typed(tx, [_row(message) for message in typed])
    fresh = [message for message in typed if message.id in new]
    await insert_media(tx, [message.media for message in fresh if message.media is not None], tx.now)
    await record_all(tx, [(message.account, _fact(message)) for message in fresh])
    for message in fresh:
        if not is_group(message.chat):
            await know_people(tx, message.device, [message.chat])
    used = await media_in_use(tx, [message.media.id for message in typed if message.media is not None])
    return {m.id: m.id in new or (m.media is not None and m.media.id in used) for m in typed}


def _seen(m: Typed) -> Seen:
    return m.device, m.chat, NOBODY, m.wa_id


def _change(m: Typed) -> Change | None:
    kind = kind_of(m.content, m.reply_to)
    if kind is None or m.reply_to is None:
        return None
    return Change(
        account=m.account,
        device=m.device,
        chat=m.chat,
        sender=NOBODY,
        about=m.reply_to,
        wa_id=m.wa_id,
        kind=kind,
        text=words_of(m.content),
        at=m.at,
    )


def _row(m: Typed) -> tuple[str | int | None, ...]:
    options = json_of(Options(reply_to=m.reply_to, notes=m.notes))
    return (
        m.id, m.account, m.device, m.chat, json_of(m.content), storable(words_of(m.content)), options,
        m.media.id if m.media is not None else None, int(MessageState.SENT), m.wa_id, int(Priority.REPLY), m.at,
    )  # fmt: skip


def _fact(m: Typed) -> MessageTyped:
    told = telling_of(m.content, at=m.at, name="", file=m.file) if m.is_told else None
    return MessageTyped(m.device, m.id, m.chat, m.wa_id, told)


TYPED: HotAction[Typed, bool] = HotAction(store_typed, lambda message: message.account)
