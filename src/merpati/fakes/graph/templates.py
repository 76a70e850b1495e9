"""Message templates: handed in, judged, listed, filled in. Pure.

Source: Meta, business-management-api/message-templates.
"""

import re
from collections.abc import Mapping
from typing import Any

from merpati.fakes.graph.errors import GraphError
from merpati.fakes.graph.world import Business, Template, World

CATEGORIES = frozenset({"MARKETING", "UTILITY", "AUTHENTICATION"})
STATES = frozenset({"PENDING", "APPROVED", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL"})
NOT_SENDABLE: Mapping[str, int] = {"PAUSED": 132015, "DISABLED": 132016}
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_BLANK = re.compile(r"{{\s*([a-z0-9_]+)\s*}}")


def create_template(world: World, business: Business, body: object) -> Template:
    """A new template, PENDING; raises `GraphError`."""
    if not isinstance(body, dict):
        raise GraphError(100, "The request body must be a JSON object")
    name, language = body.get("name"), body.get("language")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise GraphError(100, "Template names have lower case letters, digits and underscores alone")
    if not isinstance(language, str) or body.get("category") not in CATEGORIES:
        raise GraphError(100, "language and a category of MARKETING, UTILITY, AUTHENTICATION are needed")
    components = body.get("components")
    if not isinstance(components, list) or not any(_is(each, "BODY") for each in components):
        raise GraphError(100, "components must have a BODY")
    if find_template(world, business.id, name, language) is not None:
        raise GraphError(100, "There is already content in this language for this template")
    template = Template(
        id=world.digits(16),
        business=business.id,
        name=name,
        language=language,
        category=body["category"],
        components=components,
        parameter_format=str(body.get("parameter_format") or "POSITIONAL").upper(),
    )
    world.templates[template.id] = template
    return template


def _is(component: object, type_: str) -> bool:
    return isinstance(component, dict) and str(component.get("type", "")).upper() == type_


def find_template(world: World, business: str, name: str, language: str) -> Template | None:
    return next(
        (
            each
            for each in world.templates.values()
            if (each.business, each.name, each.language) == (business, name, language)
        ),
        None,
    )


def shown(template: Template) -> dict[str, Any]:
    """A template as the API lists it."""
    listed = {
        "id": template.id,
        "name": template.name,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "parameter_format": template.parameter_format,
        "components": template.components,
    }
    return {**listed, "rejected_reason": template.reason} if template.reason else listed


def check_filled(world: World, business: str, asked: Mapping[str, Any]) -> Template:
    """The template that a message names, when it may be sent and is filled in as it must; raises `GraphError`."""
    name, language = asked["name"], asked["language"]["code"]
    template = find_template(world, business, name, language)
    if template is None or template.status not in ("APPROVED", *NOT_SENDABLE):
        raise GraphError(132001, f"template name ({name}) does not exist in {language}")
    if template.status in NOT_SENDABLE:
        raise GraphError(NOT_SENDABLE[template.status], f"template name ({name}) is {template.status.lower()}")
    for type_ in ("HEADER", "BODY"):
        _check_blanks(template, type_, asked.get("components") or [])
    return template


def _check_blanks(template: Template, type_: str, filled: list[Any]) -> None:
    wanted = {
        blank
        for component in template.components
        if _is(component, type_)
        for blank in _BLANK.findall(component.get("text") or "")
    }
    given = [
        each
        for component in filled
        if _is(component, type_)
        for each in component.get("parameters") or []
        if isinstance(each, dict) and each.get("type") == "text"
    ]
    if len(given) != len(wanted):
        details = f"{type_.lower()}: number of localizable_params ({len(given)}) does not match the expected number"
        raise GraphError(132000, f"{details} of params ({len(wanted)})")
    named = {each.get("parameter_name") for each in given}
    if template.parameter_format == "NAMED" and named != wanted:
        raise GraphError(132012, f"{type_.lower()}: parameter names do not match {sorted(wanted)}")


def told(template: Template) -> dict[str, Any]:
    """The `value` of the webhook `message_template_status_update`."""
    return {
        "event": template.status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": template.reason or "NONE",
    }
