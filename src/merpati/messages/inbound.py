"""The hot command for incoming messages and votes: the same one twice is once."""

from collections.abc import Mapping, Sequence

import msgspec

from merpati.core.errors import Code
from merpati.core.facts import MessageReceived, ReceivedFile
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.messages import store_inbound, store_undecryptable
from merpati.messages.actions import add_messages, record_all
from merpati.messages.authored import Change, apply_changes, kind_of
from merpati.messages.first_contact import hear_people
from merpati.messages.model import Draft, Media, MessageState, Note, Options, Priority, StoredContent, Vote
from merpati.messages.store_accept import insert_media, insert_messages, json_of
from merpati.messages.telling import telling_of
from merpati.messages.words import storable, words_of
from merpati.storage.lane import HotAction
from merpati.storage.port import Tx
from merpati.transports.cards import UNDECRYPTABLE, NotShown
from merpati.transports.port import Media as File
from merpati.transports.port import Poll


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody wrote to a device. `id` is drawn for it; `at` is the network's time."""

    id: MessageId
    account: AccountId
    device: DeviceId
    chat: Address
    sender: Address
    name: str
    wa_id: WaId
    content: StoredContent
    reply_to: WaId | None
    at: int
    notes: tuple[Note, ...] = ()
    is_told: bool = True
    """Webhooks may tell it."""
    to_itself: bool = False
    """It is in the device's chat with itself."""
    in_inbox: bool = True
    """Webhooks tell its id."""
    media: Media | None = None
    """Its file, which is in the media folder already."""
    file: ReceivedFile | None = None
    """Where that file can be fetched, when it may be told."""
    forward: Draft | None = None
    """A message of the device that sends its file on: accepted with it, and so once."""


_Polls = Mapping[tuple[DeviceId, WaId], Poll]


async def receive_messages(tx: Tx, incoming: Sequence[Incoming]) -> list[bool]:
    """Store these with their facts; false for one that is there (same device, chat, sender and WhatsApp id), unless
    it is there by this very call, whose end nobody heard: its file is needed.

    One that was stored before its file came is completed by the same with its file, or by the word that none comes:
    only then webhooks are told of it. One that could not be decrypted is replaced by the same as it is; then it is
    told again. What its author makes of an earlier message is no line of its own (`authored`).
    """
    await tx.lock([message.account for message in incoming])
    changed = await apply_changes(tx, [change for message in incoming if (change := _change(message)) is not None])
    lines = await _receive(tx, [message for message in incoming if _seen(message) not in changed])
    return [_seen(message) in changed or lines[message.id] for message in incoming]


async def _receive(tx: Tx, incoming: Sequence[Incoming]) -> dict[MessageId, bool]:
    new = await insert_messages(tx, [_row(message) for message in incoming])
    known = [message for message in incoming if message.id not in new]
    completed = await _complete(tx, known) | await _replace(tx, known)
    fresh = [completed.get(m.id, m) for m in incoming if m.id in new or m.id in completed]
    await insert_media(tx, [m.media for m in fresh if m.media is not None], tx.now)
    votes = [(m.device, m.content.poll) for m in fresh if isinstance(m.content, Vote)]
    polls = await store_inbound.polls_of(tx, votes) if votes else {}
    await record_all(tx, [(m.account, _fact(m, polls)) for m in fresh])
    await hear_people(tx, [(m.device, m.chat) for m in fresh])
    forwards = [m.forward for m in fresh if m.forward is not None]
    if forwards:
        await add_messages(tx, forwards)
    stored = new | set(completed)
    used = await store_inbound.files_in_use(tx, [_seen(m) for m in incoming if m.id not in stored and m.media])
    return {m.id: m.id in stored or (m.media is not None and m.media.id in used) for m in incoming}


def _change(m: Incoming) -> Change | None:
    kind = kind_of(m.content, m.reply_to)
    if kind is None or m.reply_to is None:
        return None
    return Change(
        account=m.account,
        device=m.device,
        chat=m.chat,
        sender=m.sender,
        about=m.reply_to,
        wa_id=m.wa_id,
        kind=kind,
        text=words_of(m.content),
        at=m.at,
        told=_fact(m, {}).told,
    )


def _seen(m: Incoming) -> store_inbound.Seen:
    return m.device, m.chat, m.sender, m.wa_id


async def _complete(tx: Tx, known: Sequence[Incoming]) -> dict[MessageId, Incoming]:
    """Those of these that waited for their files, as they are stored; by the ids that were drawn for them now."""
    came = {_seen(m): m for m in known if isinstance(m.content, File) and not _waits(m)}
    rows = [(*key, json_of(m.content), _options(m), m.media.id if m.media else None, json_of(_awaiting(m)))
            for key, m in came.items()]  # fmt: skip
    stored = await store_inbound.complete(tx, rows)
    return {came[key].id: msgspec.structs.replace(came[key], id=id_) for id_, key in stored}


async def _replace(tx: Tx, known: Sequence[Incoming]) -> dict[MessageId, Incoming]:
    """Those of these that could not be decrypted when they came, as they are stored; by the ids drawn now."""
    came = {_seen(m): m for m in known if not _is_undecryptable(m)}
    rows = [(*key, storable(m.name), json_of(m.content), storable(words_of(m.content)), _options(m),
             m.media.id if m.media else None)
            for key, m in came.items()]  # fmt: skip
    replaced = await store_undecryptable.replace(tx, rows) if rows else []
    return {came[key].id: msgspec.structs.replace(came[key], id=id_) for id_, key in replaced}


def _is_undecryptable(m: Incoming) -> bool:
    return isinstance(m.content, NotShown) and m.content.kind == UNDECRYPTABLE


def _waits(m: Incoming) -> bool:
    return Note.FILE_AWAITED in m.notes


def _awaiting(m: Incoming) -> Options:
    return Options(reply_to=m.reply_to, notes=(Note.FILE_AWAITED,))


def _options(m: Incoming) -> str:
    return json_of(Options(reply_to=m.reply_to, notes=m.notes))


def _row(m: Incoming) -> tuple[str | int | None, ...]:
    return (
        m.id, m.account, m.device, 1, m.chat, storable(m.name), m.sender, json_of(m.content),
        storable(words_of(m.content)), _options(m),
        m.media.id if m.media is not None else None,
        int(MessageState.RECEIVED), Code.UNDECRYPTABLE if _is_undecryptable(m) else "", "", m.wa_id, 0, None,
        int(Priority.REPLY), None, m.at,
    )  # fmt: skip


def _fact(m: Incoming, polls: _Polls) -> MessageReceived:
    fact = MessageReceived(m.device, m.id, m.chat, m.sender, m.wa_id)
    if not m.is_told:
        return fact
    told = telling_of(
        m.content,
        at=m.at,
        name=m.name,
        poll=_name_of(m, polls),
        file=m.file,
        to_itself=m.to_itself,
        in_inbox=m.in_inbox,
    )
    return msgspec.structs.replace(fact, told=told)


def _name_of(m: Incoming, polls: _Polls) -> str:
    """The poll's own name, else what it asks; empty when the poll is not known, or it is no vote."""
    poll = polls.get((m.device, m.content.poll)) if isinstance(m.content, Vote) else None
    return (poll.name or poll.question) if poll is not None else ""


RECEIVE: HotAction[Incoming, bool] = HotAction(receive_messages, lambda message: message.account)
