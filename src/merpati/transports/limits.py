"""How long and how many: what WhatsApp takes of buttons, lists, templates, cards and reactions. Tables and a check.

Source: Meta's Cloud API, "Interactive reply buttons", "Interactive list", "Interactive call-to-action URL button",
"Message templates", "Contacts messages", "Reaction messages", "Media". Checked at the door, and once more when the
recipient's own words stand in it. Pure.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.transports.attachments import Location, Media, MediaKind
from merpati.transports.cards import Contacts, Reaction
from merpati.transports.interactive import Buttons, LinkButton, ListMenu, Template, TemplateButtonKind, Variable

Interactive: TypeAlias = Buttons | ListMenu | LinkButton | Template
Alone: TypeAlias = Interactive | Contacts | Reaction
"""What stands alone in a message, as it was given."""

MB: Final = 1_000_000
META_TEXT: Final = 4096


class FileRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a network takes of one kind of files."""

    max_bytes: int
    types: tuple[str, ...] = ()
    """Media types; none: any."""
    max_caption: int
    """Characters of the text that goes with it; 0: none may."""


META_FILES: Mapping[str, FileRule] = {
    "image": FileRule(max_bytes=5 * MB, types=("image/jpeg", "image/png"), max_caption=1024),
    "video": FileRule(max_bytes=16 * MB, types=("video/mp4", "video/3gpp"), max_caption=1024),
    "audio": FileRule(
        max_bytes=16 * MB,
        types=("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
        max_caption=0,
    ),
    "document": FileRule(max_bytes=100 * MB, max_caption=1024),
}
"""Of WhatsApp's official API, by `port.MediaKind`."""


def check_file(rules: Mapping[str, FileRule], kind: str, mime: str, size_bytes: int, caption: str) -> None:
    """Raise `Refusal` (FILE_TYPE_HERE, FILE_TOO_LARGE, CAPTION_UNSUPPORTED, TEXT_TOO_LONG) for what the network
    would refuse; a kind without a rule may be anything."""
    rule = rules.get(kind)
    if rule is None:
        return
    if rule.types and mime.partition(";")[0].strip().lower() not in rule.types:
        types = ", ".join(each.partition("/")[2] for each in rule.types)
        raise Refusal(Code.FILE_TYPE_HERE, field="file", type=mime, types=types)
    if size_bytes > rule.max_bytes:
        raise Refusal(Code.FILE_TOO_LARGE, limit_mb=rule.max_bytes // MB)
    if caption and not rule.max_caption:
        raise Refusal(Code.CAPTION_UNSUPPORTED, field="message")
    if len(caption) > rule.max_caption:
        raise Refusal(Code.TEXT_TOO_LONG, field="message", most=rule.max_caption)


MOST_BUTTONS: Final = 3
MOST_ROWS: Final = 10
"""Of a list, all its sections together."""
MOST_HEADER: Final = 60
MOST_FOOTER: Final = 60
MOST_BODY: Final = 1024
MOST_LIST_BODY: Final = 4096
MOST_BUTTON_TITLE: Final = 20
MOST_BUTTON_ID: Final = 256
MOST_SECTION_TITLE: Final = 24
MOST_ROW_TITLE: Final = 24
MOST_ROW_DESCRIPTION: Final = 72
MOST_ROW_ID: Final = 200
MOST_URL: Final = 2000
MOST_NAME: Final = 512
MOST_VARIABLE: Final = 1024
MOST_TEMPLATE_BUTTONS: Final = 10
MOST_PLACE: Final = 1000
"""Characters of each line below a template's map."""
MOST_CONTACTS: Final = 20
"""Meta takes 257; nobody reads so many."""
MOST_CONTACT_NAME: Final = 200
MOST_PHONES: Final = 10
MOST_PHONE: Final = 40
MOST_EMOJI: Final = 40
"""Code points: a family of several skin tones has more than a dozen."""
MOST_VALUE: Mapping[TemplateButtonKind, int] = {
    TemplateButtonKind.QUICK_REPLY: 256,
    TemplateButtonKind.URL: MOST_URL,
    TemplateButtonKind.COPY_CODE: 15,
}
"""Characters."""
_NAME = re.compile(rf"[a-z0-9_]{{1,{MOST_NAME}}}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_NOT_IN_VARIABLES = re.compile(r"[\n\r\t]| {5}")


def check_alone(content: Alone) -> None:
    """Raise `Refusal` for what WhatsApp would refuse; `field` names the part, as our own API does."""
    _CHECKS[type(content)](content)


def most_words(content: object) -> int | None:
    """Characters of the one text of it; None where a text may be as long as anywhere else."""
    return _MOST_WORDS.get(type(content))


_MOST_WORDS: Mapping[type, int] = {Buttons: MOST_BODY, LinkButton: MOST_BODY, ListMenu: MOST_LIST_BODY}


def _check_text(field: str, text: str, most: int, *, least: int = 1) -> None:
    if len(text) > most:
        raise Refusal(Code.PART_TOO_LONG, field=field, length=len(text), most=most)
    if least and not text.strip():
        raise Refusal(Code.PART_MISSING, field=field)


def _check_frame(kind: str, content: Buttons | ListMenu | LinkButton) -> None:
    if not content.body.strip():
        raise Refusal(Code.CONTENT_MISSING, field="message")
    if len(content.body) > _MOST_WORDS[type(content)]:
        raise Refusal(Code.TEXT_TOO_LONG, field="message", most=_MOST_WORDS[type(content)])
    _check_text(f"{kind}.header", content.header, MOST_HEADER, least=0)
    _check_text(f"{kind}.footer", content.footer, MOST_FOOTER, least=0)


def _check_differ(field: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise Refusal(Code.PARTS_ALIKE, field=field, value=value)
        seen.add(value)


def _check_buttons(content: Buttons) -> None:
    _check_frame("buttons", content)
    if not 1 <= len(content.buttons) <= MOST_BUTTONS:
        raise Refusal(Code.BUTTONS_COUNT, field="buttons.items", count=len(content.buttons), most=MOST_BUTTONS)
    for each in content.buttons:
        _check_text("buttons.items.title", each.title, MOST_BUTTON_TITLE)
        _check_text("buttons.items.id", each.id, MOST_BUTTON_ID)
    _check_differ("buttons.items.title", (each.title for each in content.buttons))
    _check_differ("buttons.items.id", (each.id for each in content.buttons))


def _check_list(content: ListMenu) -> None:
    _check_frame("menu", content)
    _check_text("menu.button", content.button, MOST_BUTTON_TITLE)
    rows = [row for section in content.sections for row in section.rows]
    if not 1 <= len(rows) <= MOST_ROWS:
        raise Refusal(Code.ROWS_COUNT, field="menu.sections", count=len(rows), most=MOST_ROWS)
    for section in content.sections:
        _check_text("menu.sections.title", section.title, MOST_SECTION_TITLE, least=len(content.sections) - 1)
        if not section.rows:
            raise Refusal(Code.PART_MISSING, field="menu.sections.rows")
    for row in rows:
        _check_text("menu.sections.rows.title", row.title, MOST_ROW_TITLE)
        _check_text("menu.sections.rows.description", row.description, MOST_ROW_DESCRIPTION, least=0)
        _check_text("menu.sections.rows.id", row.id, MOST_ROW_ID)
    _check_differ("menu.sections.rows.id", (row.id for row in rows))


def _check_link(content: LinkButton) -> None:
    _check_frame("link", content)
    _check_text("link.title", content.title, MOST_BUTTON_TITLE)
    _check_text("link.url", content.url, MOST_URL)
    if not _ADDRESS.fullmatch(content.url):
        raise Refusal(Code.URL_INVALID, field="link.url")


def _check_template(content: Template) -> None:
    if not (_NAME.fullmatch(content.name) and _LANGUAGE.fullmatch(content.language)):
        raise Refusal(Code.TEMPLATE_INVALID, field="template")
    _check_attached(content)
    _check_variables("template.header", content.header, MOST_HEADER)
    _check_variables("template.body", content.body, MOST_VARIABLE)
    if len(content.buttons) > MOST_TEMPLATE_BUTTONS:
        raise Refusal(
            Code.BUTTONS_COUNT, field="template.buttons", count=len(content.buttons), most=MOST_TEMPLATE_BUTTONS
        )
    for button in content.buttons:
        _check_text("template.buttons.value", button.value, MOST_VALUE[button.kind])
    _check_differ("template.buttons.index", (str(button.index) for button in content.buttons))


def _check_attached(content: Template) -> None:
    """A template has one header."""
    attached = content.attached
    if attached is not None and content.header:
        raise Refusal(Code.TEMPLATE_ONE_HEADER, field="template.header")
    if isinstance(attached, Media) and attached.kind is MediaKind.AUDIO:
        raise Refusal(Code.TEMPLATE_HEADER_FILE, field="file")
    if isinstance(attached, Location):
        _check_text("location.name", attached.caption, MOST_PLACE)
        _check_text("location.address", attached.address, MOST_PLACE)


def _check_variables(field: str, variables: tuple[Variable, ...], most: int) -> None:
    for each in variables:
        _check_text(field, each.text, most)
        if _NOT_IN_VARIABLES.search(each.text):
            raise Refusal(Code.VARIABLE_INVALID, field=field)


def _check_contacts(content: Contacts) -> None:
    if not 1 <= len(content.contacts) <= MOST_CONTACTS:
        raise Refusal(Code.CONTACTS_COUNT, field="contacts", count=len(content.contacts), most=MOST_CONTACTS)
    for each in content.contacts:
        _check_text("contacts.name", each.name, MOST_CONTACT_NAME)
        if not 1 <= len(each.phones) <= MOST_PHONES:
            raise Refusal(Code.PHONES_COUNT, field="contacts.phones", count=len(each.phones), most=MOST_PHONES)
        for phone in each.phones:
            _check_text("contacts.phones", phone, MOST_PHONE)


def _check_reaction(content: Reaction) -> None:
    _check_text("reaction.emoji", content.emoji, MOST_EMOJI, least=0)
    if content.emoji and (content.emoji.isascii() or any(each.isspace() for each in content.emoji)):
        raise Refusal(Code.EMOJI_INVALID, field="reaction.emoji")


_CHECKS: Mapping[type[Alone], Callable[[Any], None]] = {
    Buttons: _check_buttons,
    ListMenu: _check_list,
    LinkButton: _check_link,
    Template: _check_template,
    Contacts: _check_contacts,
    Reaction: _check_reaction,
}
