"""Numbers as people write them, and what becomes of them (Fonnte docs, API send message: target, countryCode)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.address import parse_address, parse_country_code, parse_first_digits, parse_phone
from merpati.core.errors import Code, Refusal

SAME_NUMBER = [
    "081234567890", "0812-3456-7890", "0812 3456 7890", "+62 812-3456-7890", "6281234567890",
    "62 (0)812 3456 7890", "+62.812.3456.7890", "0062 812 3456 7890", "0812\u00a03456\u20107890",
]  # fmt: skip


@pytest.mark.parametrize("text", SAME_NUMBER)
def test_one_number_written_in_many_ways_is_one_address(text: str) -> None:
    """Punctuation, plus and trunk zero do not make another recipient."""
    assert parse_phone(text) == "6281234567890"


@pytest.mark.parametrize("text", ["", "12345", "0812abc", "1" * 16, "8123@s.whatsapp.net", "+", "٠٨١٢٣٤٥٦٧٨٩"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """Too short, too long, letters, digits of another script."""
    with pytest.raises(Refusal) as refused:
        parse_phone(text)

    assert refused.value.code is Code.TARGET_INVALID


@pytest.mark.parametrize(
    ("text", "start"),
    [*((text, "6281234567890") for text in SAME_NUMBER), ("0812-34", "6281234"), ("+62 8", "628"), ("08", "628"),
     ("120363000000000001@g.us", "120363000000000001@g.us"), (" Budi ", "Budi"), ("", "")],
)  # fmt: skip
def test_the_first_digits_of_a_number_are_read_as_the_whole_is(text: str, start: str) -> None:
    """So that a search finds what was sent, whichever way it is written."""
    assert parse_first_digits(text) == start


def test_country_code_zero_leaves_the_number_alone() -> None:
    """Fonnte docs: countryCode 0 switches the replacement off."""
    assert parse_phone("0812345678", "0") == "0812345678"


def test_another_country_code_replaces_the_zero() -> None:
    """A caller in Malaysia says 60."""
    assert parse_phone("0123456789", parse_country_code("+60")) == "60123456789"


@pytest.mark.parametrize("text", ["120363025246125888@g.us", "628123456789-1600000000@g.us"])
def test_a_group_id_stays_as_it_is(text: str) -> None:
    """Both shapes of group id that WhatsApp has used."""
    assert parse_address(text) == text


@pytest.mark.parametrize("text", ["@g.us", "abc@g.us", "1@g.us@g.us"])
def test_a_broken_group_id_is_refused(text: str) -> None:
    """Fonnte answers `target input invalid` for these."""
    with pytest.raises(Refusal):
        parse_address(text)


@given(st.text(max_size=30), st.sampled_from(["62", "60", "1", "0"]))
def test_normalising_twice_changes_nothing(text: str, country_code: str) -> None:
    """Whatever is accepted is 7 to 15 ASCII digits, and parsed again with the same code stays itself."""
    try:
        address = parse_phone(text, country_code)
    except Refusal:
        return

    assert address.isascii() and address.isdigit() and 7 <= len(address) <= 15
    if not address.startswith("0"):
        assert parse_phone(address, country_code) == address or address.startswith(country_code + "0")
