"""Contact cards, reactions and what is not shown in a message: what is found, shown, told and stored."""

import msgspec
import pytest

from merpati.core.ids import WaId
from merpati.messages.model import StoredContent
from merpati.messages.targets import has_variables, render_content
from merpati.messages.telling import telling_of
from merpati.messages.words import summary_of, words_of
from merpati.transports.cards import Contact, Contacts, NotShown, Reaction

CARDS = Contacts(contacts=(Contact(name="Siti {name}", phones=("+62 812", "021")), Contact(name="Toko")))
THUMB = Reaction(emoji="👍", about=WaId("W1"))


@pytest.mark.parametrize(
    ("content", "found", "shown"),
    [
        (CARDS, "Siti {name} +62 812 021 Toko", "Siti {name} +62 812 021, Toko"),
        (THUMB, "👍", "👍"),
        (Reaction(emoji="", about=WaId("W1")), "", ""),
        (NotShown(kind="order"), "", "order"),
        (NotShown(kind="edit", text="Besok saja"), "Besok saja", "edit: Besok saja"),
    ],
)
def test_a_search_finds_what_was_written_and_a_line_shows_it(
    content: StoredContent, found: str, shown: str
) -> None:
    """The network's word for what is not shown is shown, and not searched: nobody wrote it."""
    assert (words_of(content), summary_of(content)) == (found, shown)
    assert msgspec.json.decode(msgspec.json.encode(content), type=StoredContent) == content


@pytest.mark.parametrize("content", [CARDS, THUMB])
def test_neither_cards_nor_reactions_are_rendered(content: Contacts | Reaction) -> None:
    """Braces in somebody's name are theirs."""
    assert not has_variables(content)
    assert render_content(content, ("Ani",)) is content


def test_a_reaction_is_told_with_its_message() -> None:
    """Also when it was taken back."""
    for emoji in ("👍", ""):
        told = telling_of(Reaction(emoji=emoji, about=WaId("W1")), at=1, name="Budi")
        assert (told.type, told.text, told.reaction, told.reaction_to) == ("reaction", emoji, emoji, "W1")
