"""What its author makes of a message later: other words, or nothing. It stands as it is now, with what it was.

A message that was deleted by its author keeps its content here, marked: the history is its owner's record of what
was said, and WhatsApp deletes for the eyes of chats. Only who wrote a message changes it. One that is not in the
history, or whose kind has no words, is left: then the change is a line of its own.

Source: WhatsApp, "edit" and "delete for everyone"; Meta's Cloud API, messages of the types `edit` and `revoke`.
"""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from merpati.core.facts import MessageEdited, MessageRevoked, Telling
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.messages import store_authored as store
from merpati.messages.actions import record_all
from merpati.messages.model import StoredContent
from merpati.messages.store_authored import Target
from merpati.messages.store_inbound import Seen
from merpati.storage.port import Tx
from merpati.transports.cards import NotShown
from merpati.transports.port import Media, Text

NOBODY = Address("")
"""The sender of what the device itself sent, or its owner typed."""


class ChangeKind(StrEnum):
    """What was made of it."""

    EDITED = "edited"
    REVOKED = "revoked"


_KINDS = {"edit": ChangeKind.EDITED, "revoke": ChangeKind.REVOKED}
_FACTS: dict[ChangeKind, type[MessageEdited | MessageRevoked]] = {
    ChangeKind.EDITED: MessageEdited,
    ChangeKind.REVOKED: MessageRevoked,
}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A message about a message of the same author; `at` is the network's time."""

    account: AccountId
    device: DeviceId
    chat: Address
    sender: Address
    about: WaId
    wa_id: WaId
    kind: ChangeKind
    text: str
    """Of an edit, the new words."""
    at: int
    told: Telling | None = None
    """What webhooks of incoming messages are to tell."""


class Changed(msgspec.Struct, frozen=True):
    """A change as the history shows it: what the message held before."""

    kind: ChangeKind
    at: int
    before: StoredContent


def kind_of(content: StoredContent, about: WaId | None) -> ChangeKind | None:
    """None: it is no change of another message."""
    return _KINDS.get(content.kind) if isinstance(content, NotShown) and about else None


def edited(content: StoredContent, text: str) -> StoredContent | None:
    """The content with other words; None where it has none. Pure."""
    match content:
        case Text():
            return Text(body=text, preview=content.preview)
        case Media():
            return msgspec.structs.replace(content, caption=text)
        case _:
            return None


async def apply_changes(tx: Tx, changes: Sequence[Change]) -> set[Seen]:
    """Change what these are about, with their facts; answers those that were about something here.

    Run twice, or told twice, changes once. An edit that is older than the last one, or of a message that was
    deleted since, changes nothing.
    """
    taken: set[Seen] = set()
    for change in changes:
        target = await store.target_of(tx, change.device, change.chat, change.sender, change.about)
        if target is not None and await _apply(tx, change, target):
            taken.add((change.device, change.chat, change.sender, change.wa_id))
    return taken


async def _apply(tx: Tx, change: Change, target: Target) -> bool:
    """False: it cannot be changed so."""
    content = target.content if change.kind is ChangeKind.REVOKED else edited(target.content, change.text)
    if content is None:
        return False
    if target.revoked_at or target.edited_at > change.at:
        return True
    if await store.add_change(tx, target, change.wa_id, change.at, change.kind):
        await _store(tx, change, target.id, content)
        fact = _FACTS[change.kind]
        told = fact(change.device, target.id, change.chat, change.sender, change.wa_id, change.told)
        await record_all(tx, [(change.account, told)])
    return True


async def _store(tx: Tx, change: Change, id_: MessageId, content: StoredContent) -> None:
    if change.kind is ChangeKind.EDITED:
        await store.set_edited(tx, id_, content, change.at)
    else:
        await store.set_revoked(tx, id_, change.at)


async def changes_of(tx: Tx, message: MessageId) -> list[Changed]:
    """Oldest first."""
    return [Changed(ChangeKind(kind), at, before) for kind, at, before in await store.changes_of(tx, message)]
