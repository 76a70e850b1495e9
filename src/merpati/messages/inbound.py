"""The hot command for incoming messages and votes: the same one twice is once."""

from collections.abc import Sequence

import msgspec

from merpati.core.facts import MessageReceived
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.messages.actions import record_all
from merpati.messages.model import MessageState, Options, Priority, StoredContent
from merpati.messages.store_accept import insert_messages, json_of
from merpati.messages.words import words_of
from merpati.storage.lane import HotAction
from merpati.storage.port import Tx


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


async def receive_messages(tx: Tx, incoming: Sequence[Incoming]) -> list[bool]:
    """Store these with their facts; false for one that is there (same device, chat, sender and WhatsApp id)."""
    await tx.lock([message.account for message in incoming])
    new = await insert_messages(tx, [_row(message) for message in incoming])
    await record_all(tx, [(m.account, _fact(m)) for m in incoming if m.id in new])
    return [message.id in new for message in incoming]


def _row(m: Incoming) -> tuple[str | int | None, ...]:
    options = json_of(Options(reply_to=m.reply_to))
    return (
        m.id, m.account, m.device, 1, m.chat, _plain(m.name), m.sender, json_of(m.content),
        _plain(words_of(m.content)), options,
        None, int(MessageState.RECEIVED), "", "", m.wa_id, 0, None, int(Priority.REPLY), None, m.at,
    )  # fmt: skip


def _plain(text: str) -> str:
    """Without NUL, which anybody may send and no database stores; the content keeps it, as JSON escapes it."""
    return text.replace("\0", "")


def _fact(m: Incoming) -> MessageReceived:
    return MessageReceived(m.device, m.id, m.chat, m.sender, m.wa_id)


RECEIVE: HotAction[Incoming, bool] = HotAction(receive_messages, lambda message: message.account)
