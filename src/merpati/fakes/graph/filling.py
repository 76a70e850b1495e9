"""What fills a template in a message: Meta's checks of it. Pure.

Source: Meta, Cloud API, "Message templates" and "Error codes" (131008, 132000, 132001, 132012, 132015, 132016); the
details as businesses report them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from merpati.fakes.graph.bodies import CHECKS
from merpati.fakes.graph.errors import GraphError
from merpati.fakes.graph.media import MediaFile, check_use
from merpati.fakes.graph.templates import find_template, is_part
from merpati.fakes.graph.world import Template, World

NOT_SENDABLE: Mapping[str, int] = {"PAUSED": 132015, "DISABLED": 132016}
_BLANK = re.compile(r"{{\s*([a-z0-9_]+)\s*}}")


def check_filled(
    world: World, business: str, asked: Mapping[str, Any], find_media: Callable[[str], MediaFile]
) -> Template:
    """The template that a message names, when it may be sent and is filled in as it must; raises `GraphError`."""
    name, language = asked["name"], asked["language"]["code"]
    template = find_template(world, business, name, language)
    if template is None or template.status not in ("APPROVED", *NOT_SENDABLE):
        raise GraphError(132001, f"template name ({name}) does not exist in {language}")
    if template.status in NOT_SENDABLE:
        raise GraphError(NOT_SENDABLE[template.status], f"template name ({name}) is {template.status.lower()}")
    filled = [each for each in asked.get("components") or [] if isinstance(each, dict)]
    _check_header(template, filled, find_media)
    for type_ in ("HEADER", "BODY"):
        _check_blanks(template, type_, filled)
    _check_buttons(template, filled)
    return template


HEADERS = frozenset({"IMAGE", "VIDEO", "DOCUMENT", "LOCATION"})
"""Formats of a header that is no text: it is filled in with one parameter of that type."""


def _check_header(template: Template, filled: list[Any], find_media: Callable[[str], MediaFile]) -> None:
    format_ = _format(template)
    [*_, given] = [None, *_parameters(filled, "HEADER")]
    type_ = str(given.get("type", "")).upper() if given is not None else ""
    if format_ in HEADERS and type_ != format_:
        received = type_ if given is not None else "UNKNOWN"
        raise GraphError(132012, f"header: Format mismatch, expected {format_}, received {received}")
    if format_ not in HEADERS and type_ in HEADERS:
        raise GraphError(132012, f"header: Format mismatch, expected {format_ or 'NONE'}, received {type_}")
    if format_ in HEADERS and given is not None:
        _check_above(type_.lower(), given, find_media)


def _format(template: Template) -> str:
    """Of its header; empty: it has none."""
    found = (str(each.get("format") or "TEXT").upper() for each in template.components if is_part(each, "HEADER"))
    return next(found, "")


def _check_above(type_: str, given: Mapping[str, Any], find_media: Callable[[str], MediaFile]) -> None:
    """What stands above is checked like a message of that type; it has no caption, and a place has both lines."""
    CHECKS[type_](given.get(type_))
    above = given[type_]
    if "caption" in above:
        raise GraphError(100, f'Unexpected key "caption" on param "{type_}".')
    if type_ == "location":
        for line in ("name", "address"):
            if not isinstance(above.get(line), str) or not above[line].strip():
                raise GraphError(131008, f"Required parameter is missing: location.{line}")
    elif above.get("id"):
        check_use(type_, find_media(str(above["id"])))


def _parameters(filled: list[Any], type_: str) -> list[dict[str, Any]]:
    parameters = (
        each for component in filled if is_part(component, type_) for each in component.get("parameters") or []
    )
    return [each for each in parameters if isinstance(each, dict)]


def _check_buttons(template: Template, filled: list[Any]) -> None:
    """Each button with a blank is filled in, by its place; of a quick reply a payload may be."""
    buttons = [b for each in template.components if is_part(each, "BUTTONS") for b in each.get("buttons") or []]
    given = {str(each.get("index")): each for each in filled if is_part(each, "BUTTON")}
    for place, button in enumerate(buttons):
        wanted = _wanted_by(button)
        found = given.pop(str(place), None)
        if wanted and (found is None or not _has_parameter(found, *wanted)):
            kind = str(button.get("type")).title()
            details = f"buttons: Button at index {place} of type {kind} requires a parameter"
            raise GraphError(131008, f"Required parameter is missing: {details}")
        if not wanted and found is not None and str(button.get("type")).upper() != "QUICK_REPLY":
            raise GraphError(132012, f"buttons: Button at index {place} does not take a parameter")
    if given:
        raise GraphError(132012, f"buttons: there is no button at index {', '.join(given)}")


def _wanted_by(button: Mapping[str, Any]) -> tuple[str, str] | None:
    """Sub-type and parameter's type of a button that must be filled in."""
    type_ = str(button.get("type")).upper()
    if type_ == "OTP" or (type_ == "URL" and _BLANK.search(str(button.get("url") or ""))):
        return "url", "text"
    return ("copy_code", "coupon_code") if type_ == "COPY_CODE" else None


def _has_parameter(found: Mapping[str, Any], sub_type: str, type_: str) -> bool:
    parameters = found.get("parameters") or [{}]
    is_there = isinstance(parameters[0], dict) and parameters[0].get("type") == type_ and parameters[0].get(type_)
    return str(found.get("sub_type")).lower() == sub_type and bool(is_there)


def _check_blanks(template: Template, type_: str, filled: list[Any]) -> None:
    wanted = {
        blank
        for component in template.components
        if is_part(component, type_)
        for blank in _BLANK.findall(component.get("text") or "")
    }
    given = [each for each in _parameters(filled, type_) if each.get("type") == "text"]
    if len(given) != len(wanted):
        details = f"{type_.lower()}: number of localizable_params ({len(given)}) does not match the expected number"
        raise GraphError(132000, f"{details} of params ({len(wanted)})")
    named = {each.get("parameter_name") for each in given}
    if template.parameter_format == "NAMED" and named != wanted:
        raise GraphError(132012, f"{type_.lower()}: parameter names do not match {sorted(wanted)}")
