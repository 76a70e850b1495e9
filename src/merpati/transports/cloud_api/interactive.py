"""Buttons, lists, links and templates as Meta's JSON, and what comes back of them. Pure.

Source: Meta's Cloud API, "Interactive messages", "Message templates" and, of what comes back, "Webhooks".
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from merpati.core.errors import Code, Refusal
from merpati.transports.attachments import Location, Media, MediaKind
from merpati.transports.interactive import (
    Buttons,
    Chosen,
    LinkButton,
    ListMenu,
    Row,
    Section,
    Template,
    TemplateButton,
    TemplateButtonKind,
    Variable,
)
from merpati.transports.limits import Alone, check_alone
from merpati.transports.port import SendError, SendFault

Body = dict[str, Any]
Pressable: TypeAlias = Buttons | ListMenu | LinkButton


def check_sendable(content: Alone) -> None:
    """Raise `SendError` for what Meta would refuse for good."""
    try:
        check_alone(content)
    except Refusal as refusal:
        fault = SendFault.CONTENT
        raise SendError(fault, refusal.code if refusal.code in _KEPT else Code.CONTENT_REFUSED) from refusal


_KEPT = frozenset({Code.TEXT_TOO_LONG, Code.CONTENT_MISSING, Code.URL_INVALID, Code.TEMPLATE_INVALID})
"""Codes whose sentences need no more than what is known of a message that has left the door."""

# -- shapes --


def shape_of(content: Pressable) -> tuple[str, Body]:
    """The message's type at Meta, and the object that is named by it."""
    kind, action = _ACTIONS[type(content)](content)
    header = {"header": {"type": "text", "text": content.header}} if content.header else {}
    footer = {"footer": {"text": content.footer}} if content.footer else {}
    return "interactive", {"type": kind, **header, "body": {"text": content.body}, **footer, "action": action}


def _buttons(content: Buttons) -> tuple[str, Body]:
    replies = [{"type": "reply", "reply": {"id": each.id, "title": each.title}} for each in content.buttons]
    return "button", {"buttons": replies}


def _list(content: ListMenu) -> tuple[str, Body]:
    return "list", {"button": content.button, "sections": [_section(each) for each in content.sections]}


def _section(section: Section) -> Body:
    title = {"title": section.title} if section.title else {}
    return {**title, "rows": [_row(row) for row in section.rows]}


def _row(row: Row) -> Body:
    description = {"description": row.description} if row.description else {}
    return {"id": row.id, "title": row.title, **description}


def _link(content: LinkButton) -> tuple[str, Body]:
    return "cta_url", {
        "name": "cta_url",
        "parameters": {"display_text": content.title, "url": content.url},
    }


_ACTIONS: Mapping[type[Pressable], Callable[[Any], tuple[str, Body]]] = {
    Buttons: _buttons,
    ListMenu: _list,
    LinkButton: _link,
}


def template_of(content: Template, media_id: str) -> tuple[str, Body]:
    """The same of a template whose file, if it has one, is at Meta under `media_id`."""
    filled = {"header": _header(content, media_id), "body": [_parameter(each) for each in content.body]}
    parts = [{"type": type_, "parameters": parameters} for type_, parameters in filled.items() if parameters]
    components = [*parts, *(_button(each) for each in content.buttons)]
    named = {"name": content.name, "language": {"code": content.language}}
    return "template", {**named, "components": components} if components else named


def _header(content: Template, media_id: str) -> list[Body]:
    match content.attached:
        case Media() as file:
            is_named = file.kind is MediaKind.DOCUMENT and file.filename
            filename = {"filename": file.filename} if is_named else {}
            return [{"type": file.kind.value, file.kind.value: {"id": media_id, **filename}}]
        case Location() as place:
            lines = {"name": place.caption, "address": place.address}
            at = {"latitude": place.latitude, "longitude": place.longitude}
            return [{"type": "location", "location": {**at, **lines}}]
        case None:
            return [_parameter(each) for each in content.header]


def _parameter(variable: Variable) -> Body:
    name = {"parameter_name": variable.name} if variable.name else {}
    return {"type": "text", **name, "text": variable.text}


_VALUE_OF: Mapping[TemplateButtonKind, tuple[str, str]] = {
    TemplateButtonKind.QUICK_REPLY: ("payload", "payload"),
    TemplateButtonKind.URL: ("text", "text"),
    TemplateButtonKind.COPY_CODE: ("coupon_code", "coupon_code"),
}
"""The parameter's type, and where its value stands."""


def _button(button: TemplateButton) -> Body:
    type_, key = _VALUE_OF[button.kind]
    parameters = [{"type": type_, key: button.value}]
    return {"type": "button", "sub_type": button.kind.value, "index": str(button.index), "parameters": parameters}


# -- what comes back --


def read_chosen(kind: str, named: Mapping[str, Any]) -> Chosen | None:
    """What was pressed, of a message of this kind (`interactive`, `button`); None for another shape.

    A template's quick reply (`button`) has no title but its text, and no id but its payload.
    """
    keys = _CHOICES.get(str(named.get("type")) if kind == "interactive" else kind)
    chosen = named.get(str(named.get("type"))) if kind == "interactive" else named
    if keys is None or not isinstance(chosen, dict):
        return None
    id_, title, description = (chosen.get(key, "") for key in keys)
    if not (isinstance(id_, str) and isinstance(title, str) and isinstance(description, str)):
        return None
    return Chosen(id=id_ or title, title=title or id_, description=description) if id_ or title else None


_CHOICES: Mapping[str, tuple[str, str, str]] = {
    "button_reply": ("id", "title", ""),
    "list_reply": ("id", "title", "description"),
    "button": ("payload", "text", ""),
}
"""Where id, title and description stand."""
