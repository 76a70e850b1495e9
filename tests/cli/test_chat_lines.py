"""A person's chat in the terminal: what is sent to be pressed, and what was pressed."""

import click
import pytest

from merpati.cli.chat_lines import ChatLines
from merpati.core.clock import Millis
from merpati.core.ids import Address, WaId, WireRef
from merpati.locale import sentence
from merpati.transports.cards import Contact, Contacts, NotShown, Reaction
from merpati.transports.interactive import (
    Button,
    Buttons,
    Chosen,
    LinkButton,
    ListMenu,
    Row,
    Section,
    Template,
    Variable,
)
from merpati.transports.port import Content, Received
from merpati.transports.simulator.entries import Fate, HandOff, Said

BUDI, SHOP = Address("6281200000001"), Address("6281100000001")


def english(key: str, **values: object) -> str:
    return sentence(key, "en", **values)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            Buttons(
                body="Jadi?",
                buttons=(Button(id="y", title="Jadi"), Button(id="n", title="Batal\x1b[2J")),
                header="Toko",
                footer="Salam",
            ),
            ["Toko", "Jadi?", "Salam", "1. [Jadi]", "2. [Batal\N{REPLACEMENT CHARACTER}[2J] ✓"],
        ),
        (
            ListMenu(
                body="Paket?",
                button="Lihat",
                sections=(
                    Section(title="Teks", rows=(Row(id="1", title="Hemat", description="10 rb"),)),
                    Section(title="Lengkap", rows=(Row(id="2", title="Super"),)),
                ),
            ),
            ["Paket?", "[Lihat]", "— Teks —", "1. Hemat 10 rb", "— Lengkap —", "2. Super ✓"],
        ),
        (
            LinkButton(body="Bayar", title="Buka", url="https://toko.example"),
            ["Bayar", "[Buka] https://toko.example ✓"],
        ),
        (
            Template(name="resi", language="id", body=(Variable(text="JNE-1"),)),
            ["[template] resi: JNE-1 ✓"],
        ),
    ],
)
def test_what_can_be_pressed_has_a_line_each(content: Content, expected: list[str]) -> None:
    """Numbered, so that a person can name it; nothing in it moves the cursor."""
    hand_off = HandOff(
        t=Millis(0),
        device=SHOP,
        session=1,
        ref=WireRef("A"),
        chat=BUDI,
        fate=Fate.TAKEN,
        digest="",
        content=content,
    )
    lines = [click.unstyle(line) for line in ChatLines(BUDI, english).of(hand_off)]
    first = lines[0].partition(": ")[2]
    assert [first, *(line.strip() for line in lines[1:])] == expected


@pytest.mark.parametrize(
    ("content", "end"),
    [
        (Chosen(id="y", title="Jadi"), "chose: Jadi"),
        (
            Contacts(contacts=(Contact(name="Siti\x1b", phones=("+62 812",)),)),
            "[contact] Siti\N{REPLACEMENT CHARACTER} +62 812",
        ),
        (Reaction(emoji="👍", about=WaId("A")), "reacted: 👍"),
        (Reaction(emoji="", about=WaId("A")), "took a reaction back"),
        (NotShown(kind="order"), "[not shown] order"),
    ],
)
def test_what_was_pressed_or_shared_is_said_so(content: Received, end: str) -> None:
    """By its words."""
    said = Said(
        t=Millis(0),
        device=SHOP,
        seq=1,
        wa_id=WaId("B"),
        chat=BUDI,
        sender=BUDI,
        content=content,
    )
    [line] = ChatLines(BUDI, english).of(said)
    assert click.unstyle(line).endswith(f": {end}")
