"""The grammar of `target` and the variables of a text (Fonnte docs, API send message: target, message)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.address import parse_address
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address
from merpati.messages.model import Target
from merpati.messages.targets import MOST_TARGETS, has_variables, parse_targets, render, render_content
from merpati.transports.port import Content, Location, Media, MediaKind, Poll, Text

A, B, GROUP = Address("6281234567890"), Address("6289876543210"), Address("120363012345678901@g.us")
OLD_GROUP = Address("628123456789-1400000000@g.us")

GRAMMAR: list[tuple[str, tuple[Target, ...]]] = [
    ("081234567890", (Target(A),)),
    ("081234567890,089876543210", (Target(A), Target(B))),
    # Fonnte docs, API send message: the example of variables
    (
        "08123456789|Fonnte|Admin,08123456789|Lili|User",
        (
            Target(Address("628123456789"), ("Fonnte", "Admin")),
            Target(Address("628123456789"), ("Lili", "User")),
        ),
    ),
    (f"081234567890, {GROUP} ,{OLD_GROUP}", (Target(A), Target(GROUP), Target(OLD_GROUP))),
    (" +62 812-3456-7890 | Budi | ", (Target(A, ("Budi", "")),)),
    ("081234567890,,089876543210,", (Target(A), Target(B))),
    ("081234567890|", (Target(A, ("",)),)),
    (r"081234567890|Doe\, John|a\|b,089876543210", (Target(A, ("Doe, John", "a|b")), Target(B))),
    ("081234567890|C:\\temp", (Target(A, ("C:\\temp",)),)),
    ("rotator#1", (Target(Address("rotator#1")),)),
    (" Rotator # 007 |Budi|x,081234567890", (Target(Address("rotator#7"), ("Budi", "x")), Target(A))),
    ("081234567890\n,\n089876543210\r\n", (Target(A), Target(B))),
]


@pytest.mark.parametrize(("text", "targets"), GRAMMAR)
def test_a_target_text_is_read_by_the_grammar(text: str, targets: tuple[Target, ...]) -> None:
    """Numbers, groups, values, commas too many, escapes."""
    assert parse_targets(text) == targets


REFUSED = [
    ("", Code.TARGET_REQUIRED),
    (" , ,", Code.TARGET_REQUIRED),
    ("|Budi", Code.TARGET_INVALID),
    ("081234567890,08abc", Code.TARGET_INVALID),
    ("120363012345678901", Code.TARGET_INVALID),
    ("6281234567890@s.whatsapp.net", Code.TARGET_INVALID),
    ("081234567890;089876543210", Code.TARGET_INVALID),
    ("rotator#", Code.ROTATOR_UNKNOWN),
    ("rotator#1x", Code.ROTATOR_UNKNOWN),
    ("rotator#-1", Code.ROTATOR_UNKNOWN),
    ("rotator#1234567890123456789", Code.ROTATOR_UNKNOWN),
    ("081234567890, Rotator#sales|Budi", Code.ROTATOR_UNKNOWN),
]


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_a_wrong_target_refuses_the_whole_text(text: str, code: Code) -> None:
    """One bad entry among good ones is not skipped: the caller would not know."""
    with pytest.raises(Refusal) as refused:
        parse_targets(text)

    assert refused.value.code is code


def test_country_code_zero_leaves_numbers_as_they_are() -> None:
    """`countryCode` 0 switches the replacement off for every target."""
    assert parse_targets("0812345678,14155550100", "0") == (
        Target(Address("0812345678")),
        Target(Address("14155550100")),
    )


def test_a_call_takes_a_hundred_thousand_targets_and_not_one_more() -> None:
    """The limit is counted, not guessed from the length."""
    most = ",".join(["081234567890"] * MOST_TARGETS)

    assert len(parse_targets(most)) == MOST_TARGETS
    with pytest.raises(Refusal) as refused:
        parse_targets(most + ",081234567890")
    assert refused.value.code is Code.INPUT_INVALID


VALUES = ("Budi", "Jakarta", "")
RENDERED = [
    ("Hi {name} of {var1}", "Hi Budi of Jakarta"),
    ("{name}{name}", "BudiBudi"),
    ("empty: {var2}.", "empty: ."),
    ("no such: {var3} {var0} {var01} {nama} { name }", "no such: {var3} {var0} {var01} {nama} { name }"),
    ('{"json": {"name": 1}}', '{"json": {"name": 1}}'),
]


@pytest.mark.parametrize(("text", "rendered"), RENDERED)
def test_variables_take_the_values_of_their_target(text: str, rendered: str) -> None:
    """`{name}` is the first value, `{var1}` the second; what has no value stays visible."""
    assert render(text, VALUES) == rendered


def test_a_value_is_never_read_again() -> None:
    """A name that looks like a variable is a name."""
    assert render("{name} {var1}", ("{var1}", "{name}")) == "{var1} {name}"


CONTENTS: list[tuple[Content, Content]] = [
    (Text(body="Hi {name}", preview=False), Text(body="Hi Budi", preview=False)),
    (
        Media(kind=MediaKind.IMAGE, path="p", mime="image/png", size_bytes=1, filename="{name}", caption="{name}"),
        Media(kind=MediaKind.IMAGE, path="p", mime="image/png", size_bytes=1, filename="{name}", caption="Budi"),
    ),
    (
        Location(latitude=-7.98, longitude=112.62, caption="{name}"),
        Location(latitude=-7.98, longitude=112.62, caption="Budi"),
    ),
    (Poll(question="{name}?", choices=("{name}", "no")), Poll(question="Budi?", choices=("{name}", "no"))),
]


@pytest.mark.parametrize(("content", "rendered"), CONTENTS)
def test_the_text_of_every_kind_of_content_is_rendered(content: Content, rendered: Content) -> None:
    """Body, caption and question; a poll's choices stay, so that they stay different."""
    assert has_variables(content)
    assert render_content(content, VALUES) == rendered
    assert render_content(content, ()) is content


entry_values = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\\"), max_size=12), max_size=4)
addresses = st.one_of(
    st.from_regex(r"[1-9][0-9]{8,13}", fullmatch=True), st.from_regex(r"[1-9][0-9]{9,17}@g\.us", fullmatch=True)
)


def _written(address: str, values: list[str]) -> str:
    escaped = [value.replace(",", "\\,").replace("|", "\\|") for value in values]
    return "|".join([address, *escaped])


@given(st.lists(st.tuples(addresses, entry_values), min_size=1, max_size=5))
def test_what_is_written_with_escapes_is_read_back(entries: list[tuple[str, list[str]]]) -> None:
    """Any values survive the grammar, save spaces at their ends."""
    text = ",".join(_written(address, values) for address, values in entries)

    assert parse_targets(text) == tuple(
        Target(parse_address(address), tuple(value.strip() for value in values)) for address, values in entries
    )


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but a Refusal comes out, whatever goes in."""
    try:
        targets = parse_targets(text)
    except Refusal:
        return
    assert targets


@given(st.text(max_size=60), st.lists(st.text(max_size=5), max_size=3))
def test_a_text_without_braces_is_never_changed(text: str, values: list[str]) -> None:
    """Rendering touches variables and nothing else."""
    plain = text.replace("{", "(")

    assert render(plain, values) == plain
