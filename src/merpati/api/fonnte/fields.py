"""Values as programs send them: one name, one value of any JSON type, turned into what a parameter needs. Pure.

A form knows only text, so numbers come as text, PHP's `false` comes as the empty text, and a JavaScript variable
without a value comes as the word `undefined`: all of these are understood. Names do not depend on upper case.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from merpati.core.errors import Code, Refusal

Value: TypeAlias = object
"""str, int, float, bool, None, list or dict, as JSON has them."""

MOST_FIELDS = 1_000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOTHING = frozenset({"", "null", "undefined", "none", "nan"})
_YES = frozenset({"true", "1", "on", "yes", "y", "t"})
_NO = frozenset({"false", "0", "off", "no", "n", "f", *_NOTHING})
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}(?:\.0{1,9})?")
_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came in the body, now in a temporary file."""

    path: Path
    filename: str
    size_bytes: int
    """More than the allowed size: what came after it is not in the file."""


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """What a request brought. Names are in lower case; `file` is apart."""

    values: Mapping[str, Value]
    upload: Upload | None = None
    size_bytes: int = 0
    """Of the body, without the file."""

    def discard(self) -> None:
        """Remove the temporary file, unless it was moved away."""
        if self.upload is not None:
            self.upload.path.unlink(missing_ok=True)


def gather(pairs: Iterable[tuple[str, str]]) -> dict[str, Value]:
    """Named texts of a form as values.

    A name with brackets is a list or a table, as PHP writes them: `target[]`, `target[0]`, `data[0][message]`.
    A name that comes twice without brackets is a list too.
    """
    values: dict[str, Value] = {}
    for name, text in pairs:
        nested = _BRACKETS.fullmatch(name)
        if nested is None:
            _put(values, name.strip().lower(), text)
        else:
            keys = nested[2][1:-1].split("][")
            _put_nested(values, nested[1].strip().lower(), keys, text)
    return {name: _listed(value) for name, value in values.items()}


def _put(values: dict[str, Value], name: str, text: str) -> None:
    if name in values:
        before = values[name]
        values[name] = [*before, text] if isinstance(before, list) else [before, text]
    else:
        values[name] = text


def _put_nested(values: dict[str, Value], name: str, keys: list[str], text: str) -> None:
    if len(keys) > 4:
        raise Refusal(Code.BODY_INVALID)
    for key in keys:
        inner = values.get(name)
        if not isinstance(inner, dict):
            inner = values[name] = {}
        values, name = inner, key or str(len(inner))
    values[name] = text


def _listed(value: Value) -> Value:
    """A table whose keys are all numbers is a list."""
    if not isinstance(value, dict):
        return value
    if all(key.isdigit() for key in value):
        return [_listed(inner) for inner in value.values()]
    return {key.lower(): _listed(inner) for key, inner in value.items()}


def lower_names(table: Mapping[str, Value]) -> dict[str, Value]:
    """A JSON object's names as `Fields.values` has them."""
    return {name.strip().lower(): value for name, value in table.items()}


# -- what a parameter may be; None: as if it had not been sent --


def as_text(value: Value) -> str | None:
    """A text; numbers become one. Empty is absent. Raises `Refusal`: BODY_INVALID, TEXT_UNSTORABLE."""
    text = _scalar(value)
    if text is not None and _UNSTORABLE.search(text):
        raise Refusal(Code.TEXT_UNSTORABLE)
    return text or None


def _scalar(value: Value) -> str | None:
    if isinstance(value, list) and value:
        value = value[-1]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        value = int(value)
    if isinstance(value, bool):
        return "true" if value else ""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise Refusal(Code.BODY_INVALID)


def as_line(value: Value) -> str | None:
    """A text without spaces around it; the words that languages have for "nothing" are absent."""
    text = (as_text(value) or "").strip()
    return None if text.lower() in _NOTHING else text


def as_flag(value: Value) -> bool | None:
    """Yes or no in any form that programs send; the empty text is no (PHP's `false`), null is absent.

    Raises `Refusal(INPUT_INVALID)` for any other word.
    """
    if value is None:
        return None
    word = (as_text(value) or "").strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Refusal(Code.INPUT_INVALID)


def as_int(value: Value) -> int | None:
    """A whole number, as number or text; `false` is absent. Raises `Refusal(INPUT_INVALID)`."""
    text = as_line(value)
    if text is None or text.lower() == "false":
        return None
    if _INTEGER.fullmatch(text) is None:
        raise Refusal(Code.INPUT_INVALID)
    return int(text.partition(".")[0])


def as_joined(value: Value) -> str | None:
    """A comma list, as text or as a list of texts and numbers."""
    if isinstance(value, list):
        return ",".join(filter(None, map(as_text, value))) or None
    return as_text(value)
