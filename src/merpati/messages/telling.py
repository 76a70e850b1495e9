"""What a webhook is to tell of an incoming message. Pure."""

from collections.abc import Callable
from typing import Any

from merpati.core.facts import ReceivedFile, Telling
from merpati.messages.model import StoredContent, Vote
from merpati.messages.words import summary_of
from merpati.transports.cards import Contacts, Edit, NotShown, Reaction, Revoke
from merpati.transports.interactive import Buttons, Chosen, LinkButton, ListMenu, Template
from merpati.transports.port import Location, Media, Poll, Text


def telling_of(
    content: StoredContent,
    *,
    at: int,
    name: str,
    poll: str = "",
    file: ReceivedFile | None = None,
    to_itself: bool = False,
    in_inbox: bool = False,
) -> Telling:
    """`poll` is the name of the poll that a vote is on; `file` where an attachment is, when it may be told."""
    about = _ABOUT[type(content)](content)
    return Telling(at=at, name=name, poll=poll, file=file, to_itself=to_itself, in_inbox=in_inbox, **about)


def _text(content: Text) -> dict[str, Any]:
    return {"type": "text", "text": content.body}


def _media(content: Media) -> dict[str, Any]:
    return {"type": content.kind.value, "text": content.caption}


def _location(content: Location) -> dict[str, Any]:
    return {
        "type": "location",
        "text": content.caption,
        "location": f"{content.latitude},{content.longitude}",
    }


def _poll(content: Poll) -> dict[str, Any]:
    """A poll that somebody else made: only a vote on ours fills Fonnte's `pollname` and `choices`."""
    return {"type": "poll", "text": content.question}


def _vote(content: Vote) -> dict[str, Any]:
    return {"type": "poll", "choices": content.choices}


def _menu(content: Buttons | ListMenu | LinkButton) -> dict[str, Any]:
    """What another business sent to be pressed: told as its text."""
    return {"type": "text", "text": content.body}


def _template(content: Template) -> dict[str, Any]:
    return {"type": "text", "text": summary_of(content)}


def _chosen(content: Chosen) -> dict[str, Any]:
    """Its text is what stood on the button: programs that match on the message match on it."""
    return {"type": "button", "text": content.title, "button": content.title, "button_id": content.id}


def _contacts(content: Contacts) -> dict[str, Any]:
    """Fonnte has no words for a card: its `message` says that it is no text."""
    return {"type": "contact", "contacts": tuple((each.name, each.phones) for each in content.contacts)}


def _reaction(content: Reaction) -> dict[str, Any]:
    """As its emoji: taken back, it has none, and is told as no text."""
    return {"type": "reaction", "text": content.emoji, "reaction": content.emoji, "reaction_to": content.about}


def _edit(content: Edit) -> dict[str, Any]:
    return {"type": "edit", "text": content.text}


def _revoke(_: Revoke) -> dict[str, Any]:
    return {"type": "revoke"}


def _not_shown(content: NotShown) -> dict[str, Any]:
    """By the network's word; what could be read of it is its text."""
    return {"type": content.kind, "text": content.text}


_ABOUT: dict[type[object], Callable[[Any], dict[str, Any]]] = {
    Text: _text,
    Media: _media,
    Location: _location,
    Poll: _poll,
    Vote: _vote,
    **dict.fromkeys((Buttons, ListMenu, LinkButton), _menu),
    Template: _template,
    Chosen: _chosen,
    Contacts: _contacts,
    Reaction: _reaction,
    Edit: _edit,
    Revoke: _revoke,
    NotShown: _not_shown,
}
