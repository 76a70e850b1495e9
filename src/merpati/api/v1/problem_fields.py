"""What is wrong with one field: the words of the decoder become codes and sentences of ours. Pure."""

import re
from collections.abc import Iterable, Mapping

from merpati.api.v1.shapes import PREFIX, Answer
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
_OF_CORE: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("/devices", {"device": "number", "pace": "settings.pace_from_ms", "target": "settings.resend_to"}),
    ("/messages", {"target": "targets", "inboxid": "reply_to", "countryCode": "country_code", "message": "text"}),
    ("/rotators", {"weight": "members.weight", "label": "members.label"}),
    ("/me/password", {"password": "new_password"}),
)
"""The core calls fields as Fonnte does: what they are called here, by the path behind `PREFIX`."""
_OF_HANDLERS: Mapping[str, str] = {"in_state": "state", "since": "from", "until": "to"}
"""Parameters that are called otherwise inside, where their own names are taken."""
_PRESSED = frozenset({"buttons", "menu", "link", "template"})
"""What `transports.limits` names stands below `interactive` here."""
_NAMED = re.compile(r"(?:missing required field|contains unknown field) `([^`]*)`")


def named_here(field: str, path: str) -> str:
    """The name that the caller of `path` knows a field by."""
    names = next((names for under, names in _OF_CORE if path.startswith(f"{PREFIX}{under}")), {})
    if path.startswith(f"{PREFIX}/messages") and field.partition(".")[0] in _PRESSED:
        return f"interactive.{field}"
    return names.get(field, field)


def field_problems(extra: Iterable[Mapping[str, object]], language: str) -> list[FieldProblem]:
    """From what Litestar says of a request that does not validate."""
    return [_problem(each, language) for each in extra]


def _problem(said: Mapping[str, object], language: str) -> FieldProblem:
    message, key = str(said.get("message", "")), str(said.get("key", ""))
    if said.get("source") == "query":
        key = _OF_HANDLERS.get(key, key)
    inside = _NAMED.search(message)
    path = [part for part in (key if key != "data" else "", inside[1] if inside else "") if part]
    code = next((code for pattern, code in _KINDS if pattern.search(message)), "invalid")
    return FieldProblem(field=".".join(path) or "body", code=code, detail=sentence(f"field.{code}", language))
