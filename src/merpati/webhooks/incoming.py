"""The body of an incoming message: Fonnte's keys, each with where it comes from. A table; pure.

Sources: [D] Fonnte docs, webhook reply message and webhook get attachment; [O] bodies that public clients captured.
All keys are always there; one that makes no sense is empty, as Fonnte sends it.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from merpati.core.address import is_group
from merpati.core.clock import SECOND_MS
from merpati.core.facts import MessageEdited, MessageReceived, MessageRevoked, MessageTyped, ReceivedFile, Telling
from merpati.core.ids import MediaId

Cards: TypeAlias = tuple[Mapping[str, str | tuple[str, ...]], ...]
Value: TypeAlias = str | int | bool | tuple[str, ...] | Cards

Written: TypeAlias = MessageReceived | MessageEdited | MessageRevoked
"""What somebody wrote, or made of what they wrote."""

NO_BUTTON = "non-button message"
NO_TEXT = "non-text message"
BUTTON_ID = "buttonid"
"""Ours, and there only when a button was pressed or a row chosen: the id that the sender of the message gave it."""
CONTACTS = "contacts"
"""Ours, and there only with contact cards: name and phone numbers of each."""
REACTION, REACTION_ID = "reaction", "reactionid"
"""Ours, and there only with a reaction: the emoji, empty when it was taken back; WhatsApp's id of the message."""
_LID = "@lid"
"""The end of an address that hides its phone number."""
_NO_FILE = ReceivedFile(MediaId(0), "", "", 0)


def _text(_fact: Written, told: Telling) -> str:
    return told.text or NO_TEXT


def _sender(fact: Written, _told: Telling) -> str:
    return fact.chat


def _member(fact: Written, _told: Telling) -> str:
    """Bare digits, in groups alone."""
    return fact.sender.partition("@")[0] if is_group(fact.chat) else ""


def _mode(fact: Written, _told: Telling) -> str:
    return "lid" if fact.sender.endswith(_LID) else ""


def _member_lid(fact: Written, told: Telling) -> str:
    return _member(fact, told) if _mode(fact, told) else ""


def _file(told: Telling) -> ReceivedFile:
    return told.file or _NO_FILE


KEYS: Mapping[str, Callable[[Written, Telling], Value]] = {
    "sender": _sender,  # [D] the group's id in a group
    "pengirim": _sender,  # [O] its Indonesian name
    "message": _text,  # [D] text or caption; without text a constant [O]
    "pesan": _text,  # [O]
    "text": lambda _fact, told: told.button or NO_BUTTON,  # [D] a button's text; of all else a constant [O]
    "member": _member,  # [D]
    "name": lambda _fact, told: told.name,  # [D]
    "pushname": lambda _fact, told: told.name,  # [O]
    "location": lambda _fact, told: told.location,  # [D] latitude,longitude
    "pollname": lambda _fact, told: told.poll,  # [D] of a vote
    "choices": lambda _fact, told: told.choices,  # [D] of a vote
    "timestamp": lambda _fact, told: told.at // SECOND_MS,  # [D] WhatsApp's time
    "inboxid": lambda fact, told: fact.message if told.in_inbox else 0,  # [D] 0 without the inbox [O]
    "filename": lambda _fact, told: _file(told).filename,  # [D]
    "extension": lambda _fact, told: _file(told).extension,  # [D]
    "type": lambda _fact, told: told.type,  # [O]
    "quick": lambda _fact, told: told.to_itself,  # [O] the chat with itself
    "isgroup": lambda fact, _told: is_group(fact.chat),  # [O]
    "isforwarded": lambda _fact, _told: False,  # [O] no transport tells it
    "mode": _mode,  # [O]
    "memberlid": _member_lid,  # [O]
}
"""Key -> its value. `device` and `url` stand beside: they are known at delivery."""


def tell_received(fact: Written, link: Callable[[ReceivedFile], str]) -> dict[str, Value] | None:
    """The body; `link` gives a file's address. None when the device's settings keep this chat from webhooks."""
    told = fact.told
    if told is None:
        return None
    url = link(told.file) if told.file is not None else ""
    return {**{key: value(fact, told) for key, value in KEYS.items()}, "url": url, **_ours(told)}


def tell_typed(fact: MessageTyped, link: Callable[[ReceivedFile], str]) -> dict[str, Value] | None:
    """What was typed on the phone, to whom it was written as `target`; without `sender`, so that a program that
    answers what comes in answers none of it. None as of `tell_received`."""
    told = fact.told
    if told is None:
        return None
    return {
        "typed": True,
        "id": fact.message,
        "stateid": fact.wa_id,
        "target": fact.chat,
        "message": told.text or NO_TEXT,
        "type": told.type,
        "location": told.location,
        "timestamp": told.at // SECOND_MS,
        "isgroup": is_group(fact.chat),
        "filename": _file(told).filename,
        "extension": _file(told).extension,
        "url": link(told.file) if told.file is not None else "",
        **_ours(told),
    }


def _card(contact: tuple[str, tuple[str, ...]]) -> Mapping[str, str | tuple[str, ...]]:
    return {"name": contact[0], "phones": contact[1]}


def _ours(told: Telling) -> dict[str, Value]:
    """What Fonnte has no key for."""
    if told.button:
        return {BUTTON_ID: told.button_id}
    if told.contacts:
        return {CONTACTS: tuple(map(_card, told.contacts))}
    if told.reaction_to:
        return {REACTION: told.reaction, REACTION_ID: told.reaction_to}
    return {}
