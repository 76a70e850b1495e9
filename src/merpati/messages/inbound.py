"""The hot command for incoming messages and votes: the same one twice is once."""

from collections.abc import Mapping, Sequence

import msgspec

from merpati.core.facts import MessageReceived, ReceivedFile
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.messages import store_inbound
from merpati.messages.actions import add_messages, record_all
from merpati.messages.model import Draft, Media, MessageState, Note, Options, Priority, StoredContent, Vote
from merpati.messages.store_accept import insert_media, insert_messages, json_of
from merpati.messages.telling import telling_of
from merpati.messages.words import words_of
from merpati.storage.lane import HotAction
from merpati.storage.port import Tx
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
    """Store these with their facts; false for one that is there (same device, chat, sender and WhatsApp id)."""
    await tx.lock([message.account for message in incoming])
    new = await insert_messages(tx, [_row(message) for message in incoming])
    fresh = [message for message in incoming if message.id in new]
    await insert_media(tx, [m.media for m in fresh if m.media is not None], tx.now)
    votes = [(m.device, m.content.poll) for m in fresh if isinstance(m.content, Vote)]
    polls = await store_inbound.polls_of(tx, votes) if votes else {}
    await record_all(tx, [(m.account, _fact(m, polls)) for m in fresh])
    forwards = [m.forward for m in fresh if m.forward is not None]
    if forwards:
        await add_messages(tx, forwards)
    return [message.id in new for message in incoming]


def _row(m: Incoming) -> tuple[str | int | None, ...]:
    options = json_of(Options(reply_to=m.reply_to, notes=m.notes))
    return (
        m.id, m.account, m.device, 1, m.chat, _plain(m.name), m.sender, json_of(m.content),
        _plain(words_of(m.content)), options,
        m.media.id if m.media is not None else None,
        int(MessageState.RECEIVED), "", "", m.wa_id, 0, None, int(Priority.REPLY), None, m.at,
    )  # fmt: skip


def _plain(text: str) -> str:
    """Without NUL, which anybody may send and no database stores; the content keeps it, as JSON escapes it."""
    return text.replace("\0", "")


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
