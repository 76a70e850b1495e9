"""Buttons, templates and lists as plain text, for transports that cannot show them. Pure.

Source: Fonnte docs of before 10 May 2023 (`buttonJSON`, `templateJSON`, `listJSON`). Never pretended: whoever
uses this says that buttons were not sent.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import cast

from merpati.api.fonnte.fields import Value, as_line
from merpati.core.errors import Code, Refusal

_DETAILS = ("url", "tel", "footer")
"""What stands behind an option: a template button's address or number, a list entry's second line."""


def menu_text(menu: Mapping[str, Value]) -> str:
    """The message, the options as a numbered list, the footer; raises `Refusal(JSON_INVALID)` for another shape."""
    options = "\n".join(_lines(menu.get("buttons"), count(1)))
    return "\n\n".join(filter(None, (_line(menu, "message"), options, _line(menu, "footer"))))


def _lines(buttons: Value, numbers: Iterator[int]) -> Iterator[str]:
    if not isinstance(buttons or [], list):
        raise Refusal(Code.JSON_INVALID)
    for button in cast("Iterable[Value]", buttons or ()):
        if not isinstance(button, dict):
            raise Refusal(Code.JSON_INVALID)
        if "list" in button:
            if title := _line(button, "title"):
                yield f"*{title}*"
            yield from _lines(button["list"], numbers)
        else:
            details = filter(None, (_line(button, name) for name in _DETAILS))
            yield f"{next(numbers)}. " + " — ".join((_line(button, "message"), *details))


def _line(table: Mapping[str, Value], name: str) -> str:
    return as_line(table.get(name)) or ""
