"""Message templates: handed in, judged, listed. Pure.

Source: Meta, business-management-api/message-templates.
"""

import re
from typing import Any

from merpati.fakes.graph.errors import GraphError
from merpati.fakes.graph.world import Business, Template, World

CATEGORIES = frozenset({"MARKETING", "UTILITY", "AUTHENTICATION"})
STATES = frozenset({"PENDING", "APPROVED", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL"})
_NAME = re.compile(r"[a-z0-9_]{1,512}")


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
    if not isinstance(components, list) or not any(is_part(each, "BODY") for each in components):
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


def is_part(component: object, type_: str) -> bool:
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
