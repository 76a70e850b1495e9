"""Edits and deletions of messages that a device sent: messages of their own, applied when WhatsApp has them.

A change is handed over in its chat's order; as the same one twice is once for WhatsApp, an unclear one is repeated.
What it is about stands in the history as it is, until WhatsApp has taken the change.

Source: WhatsApp: a message may be edited for 15 minutes, and deleted for everyone for about two days.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.ids import MessageId, RequestId, WaId, WireRef
from merpati.messages import store_authored as store
from merpati.messages.actions import add_messages
from merpati.messages.authored import NOBODY, Change, ChangeKind, apply_changes
from merpati.messages.model import Draft, MessageState, Options, Priority
from merpati.messages.store_authored import Own
from merpati.messages.views import MessageView
from merpati.storage.port import Tx
from merpati.transports.cards import Edit, Reaction, Revoke
from merpati.transports.port import Capabilities, Text

THERE: Final = frozenset({MessageState.SENT, MessageState.DELIVERED, MessageState.READ})
"""WhatsApp has it: what was not sent yet is taken back otherwise."""


class May(msgspec.Struct, frozen=True):
    """Until when a message may be edited and deleted for everyone, in milliseconds; 0: not, or not any more."""

    edit_until: int
    revoke_until: int


NEITHER: Final = May(0, 0)


async def may_of(tx: Tx, message: MessageId, caps: Capabilities, now: int) -> May:
    """As `what_may`; neither of one that is not there, or came in."""
    own = await store.own_message(tx, message)
    return NEITHER if own is None else what_may(own, caps, now)


def what_may(own: Own, caps: Capabilities, now: int) -> May:
    """By what it is, how old, and what its device's way to WhatsApp can. Pure."""
    is_about_another = isinstance(own.content, Edit | Revoke | Reaction)
    if own.state not in THERE or not own.wa_id or own.is_revoked or is_about_another:
        return NEITHER
    edit, revoke = own.sent_at + caps.edit_ms, own.sent_at + caps.revoke_ms
    is_text = isinstance(own.content, Text)
    return May(
        edit if caps.edit_ms and is_text and edit > now else 0, revoke if caps.revoke_ms and revoke > now else 0
    )


def draft_of(id_: MessageId, message: MessageView, content: Edit | Revoke, ref: WireRef, now: int) -> Draft:
    """The change as the message that it is, before `change_own` says what it is about."""
    return Draft(
        id=id_,
        account=message.account,
        device=message.device,
        chat=message.chat,
        name=message.name,
        content=content,
        options=Options(),
        media=None,
        wire_ref=ref,
        request=RequestId(0),
        batch=None,
        priority=Priority.REPLY,
        schedule_at=None,
        queued_at=now,
        due_at=now,
        gap_ms=None,
        sequence=None,
        hold=None,
    )


async def change_own(tx: Tx, draft: Draft, target: MessageId, caps: Capabilities) -> None:
    """Queue this change of a message that the same device sent. What is there by its id stays.

    Raises Refusal: MESSAGE_UNKNOWN; CHANGE_UNSUPPORTED, CHANGE_IMPOSSIBLE, CHANGE_TOO_LATE.
    """
    await tx.lock([draft.account])
    own = await store.own_message(tx, target)
    if own is None or own.device != draft.device:
        raise Refusal(Code.MESSAGE_UNKNOWN)
    may = _check(own, draft, caps, tx.now)
    content = draft.content
    assert isinstance(content, Edit | Revoke)
    until = may.edit_until if isinstance(content, Edit) else may.revoke_until
    given = msgspec.structs.replace(content, about=WaId(own.wa_id), until=until)
    await add_messages(tx, [msgspec.structs.replace(draft, chat=own.chat, name=own.name, content=given)])


def _check(own: Own, draft: Draft, caps: Capabilities, now: int) -> May:
    is_edit = isinstance(draft.content, Edit)
    if not (caps.edit_ms if is_edit else caps.revoke_ms):
        raise Refusal(Code.CHANGE_UNSUPPORTED)
    may, once = what_may(own, caps, now), what_may(own, caps, own.sent_at)
    if not (once.edit_until if is_edit else once.revoke_until):
        raise Refusal(Code.CHANGE_IMPOSSIBLE)
    if not (may.edit_until if is_edit else may.revoke_until):
        raise Refusal(Code.CHANGE_TOO_LATE)
    return may


async def apply_own(tx: Tx, messages: Sequence[MessageId]) -> None:
    """WhatsApp has these: those that are changes of messages change them now. May run twice."""
    for made in await store.own_changes(tx, messages):
        assert isinstance(made.content, Edit | Revoke)
        is_edit = isinstance(made.content, Edit)
        change = Change(
            account=made.account,
            device=made.device,
            chat=made.chat,
            sender=NOBODY,
            about=made.content.about,
            wa_id=WaId(f"own:{made.id}"),
            kind=ChangeKind.EDITED if is_edit else ChangeKind.REVOKED,
            text=made.content.text if isinstance(made.content, Edit) else "",
            at=made.queued_at,
        )
        await apply_changes(tx, [change])
