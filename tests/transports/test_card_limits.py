"""What WhatsApp takes of contact cards and reactions: each limit by itself, with a sentence that carries it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merpati.core.errors import Code, Refusal
from merpati.core.ids import WaId
from merpati.locale import sentence
from merpati.transports.cards import Contact, Contacts, Reaction
from merpati.transports.limits import check_alone


def cards(*contacts: Contact) -> Contacts:
    return Contacts(contacts=contacts)


def emoji(text: str) -> Reaction:
    return Reaction(emoji=text, about=WaId("W"))


SITI = Contact(name="Siti", phones=("+62 812",))
FAMILY = "👩🏽\u200d❤️\u200d💋\u200d👨🏿"


@pytest.mark.parametrize(
    "content",
    [
        cards(*[SITI] * 20),
        cards(Contact(name="n" * 200, phones=("1" * 40,) * 10)),
        emoji("👍"),
        emoji(""),
        emoji(FAMILY),
        emoji("1️⃣"),
        emoji("🇮🇩"),
    ],
)
def test_what_is_just_within_the_limits_goes(content: Contacts | Reaction) -> None:
    """The limit itself is allowed; an emoji may be many characters."""
    check_alone(content)


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (cards(), Code.CONTACTS_COUNT, "contacts"),
        (cards(*[SITI] * 21), Code.CONTACTS_COUNT, "contacts"),
        (cards(Contact(name=" ", phones=("1",))), Code.PART_MISSING, "contacts.name"),
        (cards(Contact(name="n" * 201, phones=("1",))), Code.PART_TOO_LONG, "contacts.name"),
        (cards(Contact(name="Siti")), Code.PHONES_COUNT, "contacts.phones"),
        (cards(Contact(name="Siti", phones=("1",) * 11)), Code.PHONES_COUNT, "contacts.phones"),
        (cards(Contact(name="Siti", phones=("",))), Code.PART_MISSING, "contacts.phones"),
        (cards(Contact(name="Siti", phones=("1" * 41,))), Code.PART_TOO_LONG, "contacts.phones"),
        (emoji("ok"), Code.EMOJI_INVALID, "reaction.emoji"),
        (emoji("👍 👍"), Code.EMOJI_INVALID, "reaction.emoji"),
        (emoji("👍" * 41), Code.PART_TOO_LONG, "reaction.emoji"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_by_name(content: Contacts | Reaction, code: Code, field: str) -> None:
    """In a sentence of each language, whole."""
    with pytest.raises(Refusal) as refused:
        check_alone(content)

    assert (refused.value.code, refused.value.values["field"]) == (code, field)
    assert all("{" not in sentence(f"error.{code}", lang, **refused.value.values) for lang in ("id", "en"))


@settings(max_examples=100)
@given(st.text(max_size=50))
def test_whatever_is_no_emoji_is_a_refusal(text: str) -> None:
    """And nothing else is raised."""
    try:
        check_alone(emoji(text))
    except Refusal as refusal:
        assert refusal.code in (Code.EMOJI_INVALID, Code.PART_TOO_LONG, Code.PART_MISSING)
    else:
        assert not text.isascii() or text == ""
