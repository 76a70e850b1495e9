"""What WhatsApp takes of buttons, lists and templates: each limit by itself, with a sentence that carries it."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merpati.core.errors import Code, Refusal
from merpati.locale import sentence
from merpati.transports.interactive import (
    Button,
    Buttons,
    LinkButton,
    ListMenu,
    Row,
    Section,
    Template,
    TemplateButton,
    TemplateButtonKind,
    Variable,
)
from merpati.transports.limits import Interactive, check_alone

BUTTONS = Buttons(body="Jadi pesan?", buttons=(Button(id="y", title="Jadi"), Button(id="n", title="Batal")))
LIST = ListMenu(body="Paket?", button="Lihat", sections=(Section(rows=(Row(id="1", title="Hemat"),)),))
LINK = LinkButton(body="Bayar di sini", title="Bayar", url="https://toko.example/b/1")
TEMPLATE = Template(name="resi_baru", language="id", body=(Variable(text="JNE-1"),))


def rows(count: int) -> tuple[Row, ...]:
    return tuple(Row(id=str(n), title=f"Baris {n}") for n in range(count))


def two(first: Row, second: Row) -> tuple[Section, ...]:
    return (Section(title="A", rows=(first,)), Section(title="B", rows=(second,)))


def buttons(*titles: str) -> tuple[Button, ...]:
    return tuple(Button(id=str(n), title=title) for n, title in enumerate(titles))


@pytest.mark.parametrize(
    "content",
    [
        BUTTONS,
        LIST,
        LINK,
        TEMPLATE,
        msgspec.structs.replace(BUTTONS, body="x" * 1024, header="h" * 60, footer="f" * 60),
        msgspec.structs.replace(BUTTONS, buttons=(Button(id="i" * 256, title="t" * 20),)),
        msgspec.structs.replace(LIST, body="x" * 4096, button="b" * 20, sections=(Section(rows=rows(10)),)),
        msgspec.structs.replace(
            LIST, sections=two(Row(id="r" * 200, title="t" * 24, description="d" * 72), Row(id="2", title="t" * 24))
        ),
        Template(name="n" * 512, language="en_US"),
    ],
)
def test_what_is_just_within_the_limits_goes(content: Interactive) -> None:
    """The limit itself is allowed."""
    check_alone(content)


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (msgspec.structs.replace(BUTTONS, body=" "), Code.CONTENT_MISSING, "message"),
        (msgspec.structs.replace(BUTTONS, body="x" * 1025), Code.TEXT_TOO_LONG, "message"),
        (msgspec.structs.replace(LIST, body="x" * 4097), Code.TEXT_TOO_LONG, "message"),
        (msgspec.structs.replace(LINK, header="h" * 61), Code.PART_TOO_LONG, "link.header"),
        (msgspec.structs.replace(LIST, footer="f" * 61), Code.PART_TOO_LONG, "menu.footer"),
        (msgspec.structs.replace(BUTTONS, buttons=()), Code.BUTTONS_COUNT, "buttons.items"),
        (
            msgspec.structs.replace(BUTTONS, buttons=buttons("a", "b", "c", "d")),
            Code.BUTTONS_COUNT,
            "buttons.items",
        ),
        (msgspec.structs.replace(BUTTONS, buttons=buttons("t" * 21)), Code.PART_TOO_LONG, "buttons.items.title"),
        (msgspec.structs.replace(BUTTONS, buttons=buttons(" ")), Code.PART_MISSING, "buttons.items.title"),
        (msgspec.structs.replace(BUTTONS, buttons=buttons("a", "a")), Code.PARTS_ALIKE, "buttons.items.title"),
        (
            msgspec.structs.replace(BUTTONS, buttons=(Button(id="1", title="a"), Button(id="1", title="b"))),
            Code.PARTS_ALIKE,
            "buttons.items.id",
        ),
        (
            msgspec.structs.replace(BUTTONS, buttons=(Button(id="i" * 257, title="a"),)),
            Code.PART_TOO_LONG,
            "buttons.items.id",
        ),
        (msgspec.structs.replace(LIST, button=""), Code.PART_MISSING, "menu.button"),
        (msgspec.structs.replace(LIST, sections=()), Code.ROWS_COUNT, "menu.sections"),
        (msgspec.structs.replace(LIST, sections=(Section(rows=rows(11)),)), Code.ROWS_COUNT, "menu.sections"),
        (
            msgspec.structs.replace(LIST, sections=(*two(*rows(2)), Section(title="C", rows=()))),
            Code.PART_MISSING,
            "menu.sections.rows",
        ),
        (
            msgspec.structs.replace(LIST, sections=(Section(rows=rows(1)), Section(title="B", rows=rows(1)))),
            Code.PART_MISSING,
            "menu.sections.title",
        ),
        (
            msgspec.structs.replace(LIST, sections=two(*(Row(id="1", title="a"), Row(id="1", title="b")))),
            Code.PARTS_ALIKE,
            "menu.sections.rows.id",
        ),
        (msgspec.structs.replace(LINK, title="t" * 21), Code.PART_TOO_LONG, "link.title"),
        (msgspec.structs.replace(LINK, url="javascript:alert(1)"), Code.URL_INVALID, "link.url"),
        (msgspec.structs.replace(LINK, url="https://a b"), Code.URL_INVALID, "link.url"),
        (msgspec.structs.replace(TEMPLATE, name="Resi Baru"), Code.TEMPLATE_INVALID, "template"),
        (msgspec.structs.replace(TEMPLATE, language="Bahasa"), Code.TEMPLATE_INVALID, "template"),
        (
            msgspec.structs.replace(TEMPLATE, body=(Variable(text="dua\nbaris"),)),
            Code.VARIABLE_INVALID,
            "template.body",
        ),
        (msgspec.structs.replace(TEMPLATE, header=(Variable(text=""),)), Code.PART_MISSING, "template.header"),
        (
            msgspec.structs.replace(
                TEMPLATE,
                buttons=(TemplateButton(index=0, kind=TemplateButtonKind.COPY_CODE, value="x" * 16),),
            ),
            Code.PART_TOO_LONG,
            "template.buttons.value",
        ),
    ],
)
def test_what_is_beyond_a_limit_is_refused_by_name(content: Interactive, code: Code, field: str) -> None:
    """Which part, and where there is one, the limit: both stand in the sentence of each language."""
    with pytest.raises(Refusal) as refused:
        check_alone(content)

    assert (refused.value.code, refused.value.values["field"]) == (code, field)
    for language in ("id", "en"):
        said = sentence(f"error.{code}", language, **refused.value.values)
        assert "{" not in said
        assert all(str(refused.value.values[name]) in said for name in ("most",) if name in refused.value.values)


TEXTS = st.text(max_size=30)


@settings(max_examples=200)
@given(
    st.builds(
        Buttons,
        body=TEXTS,
        buttons=st.lists(st.builds(Button, id=TEXTS, title=TEXTS), max_size=5).map(tuple),
        header=TEXTS,
        footer=TEXTS,
    )
    | st.builds(
        ListMenu,
        body=TEXTS,
        button=TEXTS,
        sections=st.lists(
            st.builds(Section, rows=st.lists(st.builds(Row, id=TEXTS, title=TEXTS), max_size=6).map(tuple)),
            max_size=3,
        ).map(tuple),
    )
    | st.builds(LinkButton, body=TEXTS, title=TEXTS, url=TEXTS)
)
def test_nothing_but_a_refusal_is_raised(content: Interactive) -> None:
    """Whatever stands where; and the check says the same twice."""
    said = [_said(content) for _ in range(2)]
    assert said[0] == said[1]


def _said(content: Interactive) -> object:
    try:
        check_alone(content)
    except Refusal as refusal:
        return refusal.code, refusal.values
    return None
