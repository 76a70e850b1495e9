"""Buttons, lists, links and templates in a message: what is found, told, rendered and refused."""

import random

import msgspec
import pytest

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, Address, BatchId, DeviceId, JobId, MessageId, RequestId
from merpati.messages.model import SendItem, StoredContent, Target
from merpati.messages.planning import Origin, plan_call
from merpati.messages.targets import has_variables, render_content
from merpati.messages.telling import telling_of
from merpati.messages.words import summary_of, words_of
from merpati.transports.interactive import (
    Button,
    Buttons,
    Chosen,
    LinkButton,
    ListMenu,
    Row,
    Section,
    Template,
    TemplateButton,
    TemplateButtonKind,
    Variable,
)
from merpati.transports.port import Content

BUTTONS = Buttons(body="Halo {name}", buttons=(Button(id="y", title="Jadi {name}"),), header="Toko", footer="Salam")
LIST = ListMenu(
    body="Pilih", button="Lihat", sections=(Section(rows=(Row(id="1", title="Hemat", description="10 rb"),)),)
)
LINK = LinkButton(body="Bayar", title="Buka", url="https://toko.example")
TEMPLATE = Template(
    name="resi",
    language="id",
    body=(Variable(text="{name}"), Variable(text="besok", name="hari")),
    buttons=(TemplateButton(index=0, kind=TemplateButtonKind.URL, value="{var1}"),),
)
ORIGIN = Origin(
    account=AccountId(1), request=RequestId(1), first=MessageId(1), batch=BatchId(1), job=JobId(1), now=Millis(1)
)


@pytest.mark.parametrize(
    ("content", "found", "shown"),
    [
        (BUTTONS, "Toko Halo {name} Jadi {name} Salam", "Halo {name} Jadi {name}"),
        (LIST, "Pilih Hemat 10 rb", "Pilih Hemat 10 rb"),
        (LINK, "Bayar Buka https://toko.example", "Bayar Buka https://toko.example"),
        (TEMPLATE, "resi {name} besok", "resi: {name}, besok"),
        (Template(name="halo", language="id"), "halo", "halo"),
        (Chosen(id="1", title="Hemat", description="10 rb"), "Hemat 10 rb", "Hemat 10 rb"),
    ],
)
def test_a_search_finds_every_word_that_was_read(content: StoredContent, found: str, shown: str) -> None:
    """And a line for people shows what can be pressed."""
    assert (words_of(content), summary_of(content)) == (found, shown)


@pytest.mark.parametrize("content", [BUTTONS, LIST, LINK, TEMPLATE, Chosen(id="1", title="Hemat")])
def test_what_is_stored_is_read_again(content: StoredContent) -> None:
    """As the column holds it."""
    assert msgspec.json.decode(msgspec.json.encode(content), type=StoredContent) == content


def test_the_text_is_rendered_and_what_is_pressed_is_not() -> None:
    """A button's title is what comes back; of a template everything that fills it is rendered."""
    rendered = render_content(BUTTONS, ("Ani", "77"))
    assert rendered == msgspec.structs.replace(BUTTONS, body="Halo Ani")
    filled = render_content(TEMPLATE, ("Ani", "77"))
    assert isinstance(filled, Template)
    assert [each.text for each in filled.body] == ["Ani", "besok"]
    assert filled.buttons[0].value == "77"
    assert has_variables(TEMPLATE)
    assert not has_variables(LIST)


@pytest.mark.parametrize(
    ("content", "values", "code"),
    [
        (BUTTONS, ("x" * 1020,), Code.TEXT_TOO_LONG),
        (TEMPLATE, ("dua\nbaris", "1"), Code.VARIABLE_INVALID),
        (TEMPLATE, ("", "1"), Code.PART_MISSING),
    ],
)
def test_what_a_target_makes_too_much_is_refused_at_the_door(
    content: Content, values: tuple[str, ...], code: Code
) -> None:
    """Before anything is queued, as a text that grows too long."""
    item = SendItem(targets=(Target(Address("628"), values),), devices=(DeviceId(1),), content=content)
    with pytest.raises(Refusal) as refused:
        plan_call([item], ORIGIN, random.Random(1))
    assert refused.value.code is code


def test_a_choice_is_told_with_its_id() -> None:
    """Its words are the text, so that a program which matches on the text goes on doing so."""
    told = telling_of(Chosen(id="paket-1", title="Hemat"), at=1, name="Ani")
    assert (told.type, told.text, told.button, told.button_id) == ("button", "Hemat", "Hemat", "paket-1")


@pytest.mark.parametrize(("content", "text"), [(BUTTONS, "Halo {name}"), (TEMPLATE, "resi: {name}, besok")])
def test_what_another_business_sent_is_told_as_text(content: StoredContent, text: str) -> None:
    """Nothing of it was pressed yet."""
    told = telling_of(content, at=1, name="Ani")
    assert (told.type, told.text, told.button) == ("text", text, "")
