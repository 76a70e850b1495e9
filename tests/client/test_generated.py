"""The generated files are what the description of the API makes of them, and bear what is new."""

import msgspec
import pytest
from scripts.client import FOLDER, PACKAGES, drawn

from merpati.client.shapes import AcceptedMessage, Direction


def test_the_generated_files_are_those_of_the_description() -> None:
    """They are made by `python -m scripts.client`; no other lies beside them."""
    found = [path for package in PACKAGES for path in (FOLDER / package).glob("*.py")]
    assert {path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in found} == drawn()


def test_an_unknown_field_is_passed_over() -> None:
    """A newer server may say more."""
    assert msgspec.json.decode(b'{"id": 1, "to": "62", "new": []}', type=AcceptedMessage).id == 1


def test_an_unknown_word_is_a_member_of_its_own() -> None:
    """It is told apart from those that are known, and goes back as it came."""
    known, unknown = msgspec.json.decode(b'["out", "sideways"]', type=list[Direction])
    assert known is Direction.OUT
    assert (unknown, unknown.name, type(unknown)) == ("sideways", "sideways", Direction)
    assert unknown not in list(Direction)
    assert msgspec.json.encode(unknown) == b'"sideways"'


def test_what_is_no_word_is_none() -> None:
    """Only strings are."""
    with pytest.raises(msgspec.ValidationError, match="int"):
        msgspec.json.decode(b"3", type=Direction)
