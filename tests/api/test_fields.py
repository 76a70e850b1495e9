"""What a value may be, in any form that real programs send."""

import pytest

from merpati.api.fonnte.fields import as_flag, as_int, as_joined, as_line, as_text
from merpati.core.errors import Code, Refusal

FLAGS: list[tuple[bool | None, list[object]]] = [
    (True, ["true", "TRUE", " True ", "1", "on", "yes", True, 1, 1.0]),
    (False, ["false", "False", "0", "off", "no", "", " ", False, 0, "null", "undefined"]),
    (None, [None]),
]


@pytest.mark.parametrize(("flag", "value"), [(flag, value) for flag, values in FLAGS for value in values])
def test_a_flag_is_understood_in_any_form(flag: bool | None, value: object) -> None:
    """Words, numbers, JSON's own; PHP's `false` is the empty text."""
    assert as_flag(value) is flag


INTEGERS: list[tuple[int | None, list[object]]] = [
    (5, ["5", " 5 ", 5, 5.0, "5.0", "+5", ["4", "5"]]),
    (-1, ["-1", -1]),
    (0, ["0", 0, 0.0]),
    (None, ["", " ", None, "null", "undefined", "NaN", False, "false"]),
]


@pytest.mark.parametrize(("number", "value"), [(number, value) for number, values in INTEGERS for value in values])
def test_a_number_may_come_as_text(number: int | None, value: object) -> None:
    """The empty and the undefined are as if they had not been sent."""
    assert as_int(value) == number


@pytest.mark.parametrize("value", ["5.5", "abc", "1e9", "9" * 30, "0x10", "٥", True, 5.5])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    """Also numbers that no clock or counter reaches."""
    with pytest.raises(Refusal) as refused:
        as_int(value)

    assert refused.value.code is Code.INPUT_INVALID


def test_texts() -> None:
    """Numbers become text as they were written; spaces belong to a text, not to a line."""
    assert as_text(6281234567890) == "6281234567890"
    assert as_text(6281234567890.0) == "6281234567890"
    assert as_text("") is None
    assert as_text(" a ") == " a "
    assert as_line(" a ") == "a"
    assert as_line("undefined") is None
    assert as_text("undefined") == "undefined"


def test_a_list_of_targets_is_joined() -> None:
    """As PHP arrays and JSON lists have them."""
    assert as_joined(["0812", 813, "", "0814|a"]) == "0812,813,0814|a"
    assert as_joined("0812,0813") == "0812,0813"
    assert as_joined([]) is None


@pytest.mark.parametrize("value", [{}, {"a": 1}, [{}]])
def test_a_table_where_text_belongs_is_refused(value: object) -> None:
    """Fonnte's reason for a wrong JSON type."""
    with pytest.raises(Refusal) as refused:
        as_text(value)

    assert refused.value.code is Code.BODY_INVALID


@pytest.mark.parametrize("value", ["a\0b", "a\ud800b", ["\0"]])
def test_text_that_no_database_keeps_is_refused(value: object) -> None:
    """NUL and lone surrogates."""
    with pytest.raises(Refusal) as refused:
        as_joined(value)

    assert refused.value.code is Code.TEXT_UNSTORABLE
