"""Cursors: what a page gives leads to the next one."""

import pytest

from merpati.api.v1.paging import LAST_ID, page_of, position
from merpati.core.errors import Refusal


@pytest.mark.parametrize("key", [(1,), (12,), (123,), (1_234,), (1_790_000_000_000, 5), (LAST_ID, 0, LAST_ID)])
def test_a_cursor_leads_to_where_the_page_ended(key: tuple[int, ...]) -> None:
    """However many characters it has."""
    page = page_of(["a", "b"], 1, str, lambda _: key)
    assert page.items == ["a"]
    assert position(page.next, (0,) * len(key)) == key


@pytest.mark.parametrize("cursor", ["", "x", "WzFd", "é", "W10", "WzEsLTFd", "WyJhIiwxXQ", "===="])
def test_what_no_page_gave_is_no_cursor(cursor: str) -> None:
    """Another list's, made up, or cut."""
    with pytest.raises(Refusal):
        position(cursor, (0, 0))


def test_the_last_page_leads_nowhere() -> None:
    """Null is the end."""
    assert page_of(["a"], 1, str, lambda _: (1,)).next is None
