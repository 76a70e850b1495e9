"""Approved templates as Meta keeps them, and whether what fills one fits. Pure.

Source: Meta's Cloud API, "Message templates": a header of one kind, blanks by number or by name, buttons by their
place. What does not fit is refused before anything is queued; what changed since the reading, Meta refuses.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.transports.attachments import Location, Media
from merpati.transports.interactive import Template, TemplateButtonKind, Variable


class TemplateButton(Struct, frozen=True, kw_only=True):
    """A button below a template."""

    kind: str
    """Meta's word in lower case: quick_reply, url, phone_number, copy_code, otp …"""
    text: str
    url: str = ""
    """May end in a blank, `{{1}}`."""


class TemplateKept(Struct, frozen=True, kw_only=True):
    """A message template as Meta keeps it. A blank is written `{{1}}` or `{{name}}` in its texts."""

    name: str
    language: str
    category: str
    """MARKETING, UTILITY or AUTHENTICATION: what Meta asks for a message of it."""
    status: str
    """APPROVED, PENDING, REJECTED, PAUSED …"""
    reason: str = ""
    """Why it was rejected, in Meta's word."""
    header: str = ""
    header_kind: str = ""
    """text, image, video, document, location; empty: it has none."""
    body: str = ""
    footer: str = ""
    buttons: tuple[TemplateButton, ...] = ()
    named: bool = False
    """Its blanks have names, not numbers."""
    unfillable: str = ""
    """Meta's word for a part of it that merpati cannot fill in: carousel, flow …; empty: there is none."""

    @property
    def is_sendable(self) -> bool:
        """Approved, and all of it can be filled in here."""
        return self.status == "APPROVED" and not self.unfillable


class TemplateReading(Struct, frozen=True, kw_only=True):
    """What was read, and when."""

    read_at: Millis
    templates: tuple[TemplateKept, ...]
    """By name and language."""


# -- does it fit? --

_BLANK = re.compile(r"{{\s*([a-z0-9_]+)\s*}}", re.IGNORECASE)
_FILLED_AS: Mapping[str, TemplateButtonKind] = {
    "otp": TemplateButtonKind.URL,
    "copy_code": TemplateButtonKind.COPY_CODE,
}
"""Buttons that have a blank wherever they stand. Meta takes the code of `otp` as the end of an address."""
_NEEDS: Mapping[str, Code] = {
    "image": Code.TEMPLATE_NEEDS_IMAGE,
    "video": Code.TEMPLATE_NEEDS_VIDEO,
    "document": Code.TEMPLATE_NEEDS_DOCUMENT,
    "location": Code.TEMPLATE_NEEDS_LOCATION,
}


def check_fits(kept: TemplateKept, content: Template) -> None:
    """Raise `Refusal` (TEMPLATE_PART, TEMPLATE_NEEDS_…, TEMPLATE_BLANKS, TEMPLATE_NAMES, TEMPLATE_BUTTONS) for what
    Meta would refuse of this template; `field` names the part, as our own API does."""
    if kept.unfillable:
        raise Refusal(Code.TEMPLATE_PART, field="template", name=kept.name, part=kept.unfillable)
    _check_header(kept, content)
    _check_blanks(kept, "header", kept.header, content.header)
    _check_blanks(kept, "body", kept.body, content.body)
    _check_buttons(kept, content)


def _check_header(kept: TemplateKept, content: Template) -> None:
    match content.attached:
        case Media(kind=kind):
            given = kind.value
        case Location():
            given = "location"
        case None:
            given = ""
    wanted = kept.header_kind if kept.header_kind in _NEEDS else ""
    if given == wanted:
        return
    field = "location" if "location" in (wanted, given) and given != "image" else "file"
    raise Refusal(_NEEDS.get(wanted, Code.TEMPLATE_NEEDS_NOTHING), field=field, name=kept.name)


def _check_blanks(kept: TemplateKept, part: str, text: str, given: tuple[Variable, ...]) -> None:
    wanted = dict.fromkeys(_BLANK.findall(text))
    if len(given) != len(wanted):
        raise Refusal(
            Code.TEMPLATE_BLANKS, field=f"template.{part}", name=kept.name, wanted=len(wanted), given=len(given)
        )
    if kept.named and {each.name for each in given} != set(wanted):
        raise Refusal(Code.TEMPLATE_NAMES, field=f"template.{part}", name=kept.name, names=", ".join(wanted))


def _check_buttons(kept: TemplateKept, content: Template) -> None:
    wanted = {place: kind for place, button in enumerate(kept.buttons) if (kind := _blank_of(button))}
    given = {each.index: each.kind for each in content.buttons}
    replies = {place for place, button in enumerate(kept.buttons) if button.kind == TemplateButtonKind.QUICK_REPLY}
    needed = {place: kind for place, kind in given.items() if place not in replies}
    is_reply = all(given[place] is TemplateButtonKind.QUICK_REPLY for place in replies & set(given))
    if needed != wanted or not is_reply:
        places = ", ".join(f"{place} ({kind})" for place, kind in wanted.items())
        raise Refusal(Code.TEMPLATE_BUTTONS, field="template.buttons", name=kept.name, wanted=places or "-")


def _blank_of(button: TemplateButton) -> TemplateButtonKind | None:
    """What its blank is filled with; None: it has none that must be."""
    return _FILLED_AS.get(button.kind) or (TemplateButtonKind.URL if _BLANK.search(button.url) else None)
