"""Lists in pages: newest first unless a list says otherwise, `next` leads to the rest."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeAlias, TypeVar

import msgspec
from litestar.params import QueryParameter

from merpati.core.errors import Code, Refusal

T = TypeVar("T")
R = TypeVar("R")

LEAST, MOST, USUAL = 1, 200, 50
LAST_ID = 2**63 - 1
"""Above every id: where a list of newest first begins."""

Limit: TypeAlias = Annotated[int, QueryParameter(ge=LEAST, le=MOST, description="Items in one page.")]
Cursor: TypeAlias = Annotated[
    str | None, QueryParameter(max_length=200, description="`next` of the page before; without it, the first page.")
]


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A part of a list. `next` is the cursor of the part that follows; null: this is the end."""

    items: list[T]
    next: str | None


def position(cursor: str | None, start: tuple[int, ...]) -> tuple[int, ...]:
    """Where a page begins: what `page_of` put into the cursor, else `start`; raises `Refusal(CURSOR_INVALID)`.

    The numbers are keys of the list's order and never rights: whoever makes one up gets another part of a list that
    is theirs. As many come back as `start` has, each within 63 bits.
    """
    if cursor is None:
        return start
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=list[int])
    except (binascii.Error, UnicodeEncodeError, msgspec.MsgspecError, ValueError):
        raise Refusal(Code.CURSOR_INVALID) from None
    if len(found) != len(start) or not all(0 <= number <= LAST_ID for number in found):
        raise Refusal(Code.CURSOR_INVALID)
    return tuple(found)


def page_of(rows: Sequence[R], limit: int, show: Callable[[R], T], key: Callable[[R], tuple[int, ...]]) -> Page[T]:
    """A page of `limit` from rows of which `limit + 1` were asked for; `key` of the last one is where the next
    begins."""
    shown, more = rows[:limit], len(rows) > limit
    return Page(items=[show(row) for row in shown], next=_cursor(key(shown[-1])) if more else None)


def _cursor(numbers: tuple[int, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(numbers)).decode().rstrip("=")
