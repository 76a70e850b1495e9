"""What may stand in a message's body: Meta's rules as tables. Pure; knows nothing of who sends it to whom.

Source: Meta, Cloud API, messages; limits of texts, buttons and lists.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from merpati.fakes.graph.errors import GraphError

TYPES = (
    "text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "template",
    "interactive",
)  # fmt: skip
MEDIA = frozenset({"image", "video", "audio", "document", "sticker"})
CAPTIONED = frozenset({"image", "video", "document"})
TRACKER_MOST = 512


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A body that says something sendable."""

    to: str
    """A phone number, as written; or a BSUID."""
    by_bsuid: bool
    type: str
    content: Any
    reply_to: str
    tracker: str


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """A body that marks a message as read, and may show typing."""

    message_id: str
    typing: bool


def parse(body: object) -> Asked | Marked:
    """What is asked; raises `GraphError` (100, 131008, 131009)."""
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object")
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")
    if body.get("status") == "read":
        indicator = body.get("typing_indicator")
        return Marked(message_id=_text(body, "message_id", 500), typing=isinstance(indicator, dict))
    return _parse_message(body)


def _parse_message(body: Mapping[str, Any]) -> Asked:
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(131009, "Only recipient_type individual is played here")
    type_ = body.get("type", "text")
    if type_ not in TYPES:
        raise GraphError(100, f'Param type must be one of {{{", ".join(TYPES).upper()}}} - got "{type_}".')
    if type_ not in body:
        raise GraphError(131008, f"The parameter {type_} is required.")
    content = body[type_]
    CHECKS[type_](content)
    to = body.get("to") or body.get("recipient")
    if not isinstance(to, str):
        raise GraphError(100, "The parameter to is required.")
    context = body.get("context") or {}
    return Asked(
        to=to,
        by_bsuid=not body.get("to"),
        type=type_,
        content=content,
        reply_to=context.get("message_id", "") if isinstance(context, dict) else "",
        tracker=_optional(body, "biz_opaque_callback_data", TRACKER_MOST),
    )


# -- small checks --


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GraphError(100, f"Param {name} must be a JSON object.")
    return value


def _text(of: Mapping[str, Any], name: str, most: int, least: int = 1) -> str:
    value = of.get(name)
    if value is None:
        raise GraphError(131008, f"Required parameter {name} is missing.")
    if not isinstance(value, str):
        raise GraphError(100, f"Param {name} must be a string.")
    if not least <= len(value) <= most:
        raise GraphError(100, f"Param {name} must be at least {least} and at most {most} characters long.")
    return value


def _optional(of: Mapping[str, Any], name: str, most: int) -> str:
    return "" if of.get(name) is None else _text(of, name, most)


def _list(of: Mapping[str, Any], name: str, most: int) -> list[dict[str, Any]]:
    value = of.get(name)
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise GraphError(131009, f"{name} must have at least 1 and at most {most} entries")
    return [_object(each, name) for each in value]


def _number(of: Mapping[str, Any], name: str, most: float) -> None:
    try:
        value = float(of[name])
    except (KeyError, TypeError, ValueError):
        raise GraphError(131008, f"Required parameter {name} is missing.") from None
    if abs(value) > most:
        raise GraphError(131009, f"{name} must be within -{most:g} and {most:g}")


def _differ(values: list[str], name: str) -> None:
    if len(set(values)) != len(values):
        raise GraphError(131009, f"{name} must be unique")


# -- one check a type --


def _check_text(value: object) -> None:
    _text(_object(value, "text"), "body", 4096)


def _check_media(kind: str) -> Callable[[object], None]:
    def check(value: object) -> None:
        media = _object(value, kind)
        if bool(media.get("id")) == bool(media.get("link")):
            raise GraphError(131009, f"Exactly one of {kind}.id and {kind}.link is needed")
        if not str(media.get("link") or "http://").startswith(("http://", "https://")):
            raise GraphError(131009, f"Param {kind}['link'] is not a valid URI.")
        if media.get("caption") is not None:
            if kind not in CAPTIONED:
                raise GraphError(100, f'Unexpected key "caption" on param "{kind}".')
            _text(media, "caption", 1024)

    return check


def _check_location(value: object) -> None:
    location = _object(value, "location")
    _number(location, "latitude", 90)
    _number(location, "longitude", 180)


def _check_contacts(value: object) -> None:
    for contact in _list({"contacts": value}, "contacts", 257):
        _text(_object(contact.get("name"), "name"), "formatted_name", 1024)


def _check_reaction(value: object) -> None:
    reaction = _object(value, "reaction")
    _text(reaction, "message_id", 500)
    if not isinstance(reaction.get("emoji"), str):
        raise GraphError(131008, "Required parameter emoji is missing.")


def _check_template(value: object) -> None:
    template = _object(value, "template")
    _text(template, "name", 512)
    _text(_object(template.get("language"), "language"), "code", 20)


# -- interactive --


def _check_buttons(action: Mapping[str, Any]) -> None:
    replies = [_object(each.get("reply"), "reply") for each in _list(action, "buttons", 3)]
    _differ([_text(each, "title", 20) for each in replies], "button titles")
    _differ([_text(each, "id", 256) for each in replies], "button ids")


def _check_list(action: Mapping[str, Any]) -> None:
    _text(action, "button", 20)
    sections = _list(action, "sections", 10)
    rows = []
    for section in sections:
        if len(sections) > 1 or section.get("title") is not None:
            _text(section, "title", 24)
        rows += _list(section, "rows", 10)
    if len(rows) > 10:
        raise GraphError(131009, f"Total row count exceed max allowed count: 10 (got {len(rows)})")
    for row in rows:
        _text(row, "title", 24)
        _optional(row, "description", 72)
    _differ([_text(row, "id", 200) for row in rows], "row ids")


def _check_link(action: Mapping[str, Any]) -> None:
    parameters = _object(action.get("parameters"), "parameters")
    _text(parameters, "display_text", 20)
    if not _text(parameters, "url", 2000).startswith(("http://", "https://")):
        raise GraphError(131009, "Param url is not a valid URI.")


ACTIONS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "button": _check_buttons,
    "list": _check_list,
    "cta_url": _check_link,
    "location_request_message": lambda _action: None,
}


def _check_interactive(value: object) -> None:
    interactive = _object(value, "interactive")
    kind = str(interactive.get("type"))
    if kind not in ACTIONS:
        raise GraphError(131009, f"Interactive type {kind} is not valid")
    _text(_object(interactive.get("body"), "body"), "text", 4096 if kind == "list" else 1024)
    if interactive.get("footer") is not None:
        _text(_object(interactive["footer"], "footer"), "text", 60)
    if interactive.get("header") is not None:
        _check_header(_object(interactive["header"], "header"), kind)
    ACTIONS[kind](_object(interactive.get("action"), "action"))


def _check_header(header: Mapping[str, Any], kind: str) -> None:
    type_ = header.get("type")
    if type_ == "text":
        _text(header, "text", 60)
    elif kind == "list" or type_ not in ("image", "video", "document"):
        raise GraphError(131009, f"Header type {type_} is not valid for interactive type {kind}")
    else:
        _check_media(type_)(header.get(type_))


CHECKS: Mapping[str, Callable[[object], None]] = {
    "text": _check_text,
    **{kind: _check_media(kind) for kind in MEDIA},
    "location": _check_location,
    "contacts": _check_contacts,
    "reaction": _check_reaction,
    "template": _check_template,
    "interactive": _check_interactive,
}
