"""Contact cards and reactions, as they are given and as a message shows them. Pure."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from merpati.api.v1.shapes import Answer, Given
from merpati.transports import cards as port

Word: TypeAlias = Annotated[str, Meta(max_length=10_000)]
"""How much of it goes is `transports.limits`' word, in sentences for people."""


class Contact(Given, frozen=True, kw_only=True):
    """Somebody's card. One that can be written to by a tap has its number with the country: `+62 812…`."""

    name: Word
    phones: Annotated[list[Word], Meta(max_length=1_000)]


ContactsGiven: TypeAlias = Annotated[list[Contact], Meta(max_length=1_000, description="Contact cards.")]


class ReactionGiven(Given, frozen=True, kw_only=True):
    """An emoji on a message of the chat, by the message's id; empty: the one that is there is taken back."""

    message: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    emoji: Word


class ReactionAnswer(Answer, frozen=True, kw_only=True):
    """An emoji on a message, empty where it was taken back; `about` is WhatsApp's id of the message."""

    emoji: str
    about: str


def read_contacts(given: list[Contact]) -> port.Contacts:
    """As the core takes it."""
    return port.Contacts(contacts=tuple(port.Contact(name=each.name, phones=tuple(each.phones)) for each in given))


def show_contacts(content: object) -> list[Contact] | None:
    """None for a content of another kind."""
    if not isinstance(content, port.Contacts):
        return None
    return [Contact(name=each.name, phones=list(each.phones)) for each in content.contacts]


def show_reaction(content: object) -> ReactionAnswer | None:
    """None for a content of another kind."""
    if not isinstance(content, port.Reaction):
        return None
    return ReactionAnswer(emoji=content.emoji, about=content.about)


def show_kind(content: object) -> str | None:
    """The network's word for what is not shown; None for a content of another kind."""
    return content.kind if isinstance(content, port.NotShown) else None
