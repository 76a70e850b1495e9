"""What is wrong with one field: the words of the decoder become codes and sentences of ours. Pure."""

import re
from collections.abc import Iterable, Mapping

from merpati.api.v1.shapes import Answer
from merpati.core.errors import Code, Refusal
from merpati.locale import sentence


class FieldProblem(Answer, frozen=True, kw_only=True):
    """What is wrong with one field; `field` is its name, with dots for what is inside."""

    field: str
    code: str
    detail: str


_KINDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"missing required field|Missing required"), "missing"),
    (re.compile(r"contains unknown field"), "unknown"),
    (re.compile(r"of length|matching regex"), "length"),
    (re.compile(r"Expected `\w+` [<>]=?"), "range"),
    (re.compile(r"Invalid enum value|Invalid value"), "choice"),
    (re.compile(r"Expected `.*`, got|Expected `"), "type"),
)
"""msgspec's messages, the first that fits."""
_NAMED = re.compile(r"(?:missing required field|contains unknown field) `([^`]*)`")


OURS = {
    "countryCode": "country_code",
    "inboxid": "reply_to",
    "message": "text",
    "target": "targets",
}
"""What the features name as Fonnte does, and our bodies do not."""


def our_name(refusal: Refusal) -> str:
    """The name that a refused field has in our API."""
    name = str(refusal.values["field"])
    if name == "device" and refusal.code is Code.INPUT_INVALID:  # a device's number, in its own body
        return "number"
    return OURS.get(name, name)


def field_problems(extra: Iterable[Mapping[str, object]], language: str) -> list[FieldProblem]:
    """From what Litestar says of a request that does not validate."""
    return [_problem(each, language) for each in extra]


def _problem(said: Mapping[str, object], language: str) -> FieldProblem:
    message, key = str(said.get("message", "")), str(said.get("key", ""))
    inside = _NAMED.search(message)
    path = [part for part in (key if key != "data" else "", inside[1] if inside else "") if part]
    code = next((code for pattern, code in _KINDS if pattern.search(message)), "invalid")
    return FieldProblem(field=".".join(path) or "body", code=code, detail=sentence(f"field.{code}", language))
