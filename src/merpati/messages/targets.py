"""The grammar of `target`, and the variables in a text. Pure.

    target  = entry *("," entry)
    entry   = address *("|" value)            "0812-3456|Budi|Jakarta"
    address = phone | group | "rotator#" number

A comma always ends an entry, as at Fonnte, also inside a value: one that belongs to a value is written `\\,`, a
bar `\\|`. Empty entries (a comma too many) are nothing. Spaces around entries and values do not count.

A rotator stays what it is here, `rotator#1` in the place of an address: who it stands for is drawn before the call
is planned (`api/rotating.py`).

Source: Fonnte docs, API send message, parameter `target` (values are `{name}`, `{var1}`, `{var2}` …).
Escapes are ours.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from merpati.core.address import HOME_COUNTRY, parse_address
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address
from merpati.messages.model import Target
from merpati.transports.cards import Contacts, Edit, Reaction, Revoke
from merpati.transports.interactive import Buttons, LinkButton, ListMenu, Template, TemplateButton, Variable
from merpati.transports.port import Content, Location, Media, Poll, Text

MOST_TARGETS = 100_000
"""In one call, all its elements together."""
ROTATOR = "rotator#"
_ROTATOR = re.compile(r"rotator\s*#\s*([0-9]{1,18})?", re.IGNORECASE)
_COMMA, _BAR = re.compile(r"(?<!\\),"), re.compile(r"(?<!\\)\|")
_ESCAPED = re.compile(r"\\([,|])")
_VARIABLE = re.compile(r"\{(?:name|var([1-9][0-9]{0,3}))\}")


def parse_targets(text: str, country_code: str = HOME_COUNTRY) -> tuple[Target, ...]:
    """The recipients in `text`, in order, repeats kept; at least one.

    Raises `Refusal` with TARGET_REQUIRED, TARGET_INVALID (`target` is the entry), ROTATOR_UNKNOWN, INPUT_INVALID
    for more than `MOST_TARGETS`.
    """
    targets = tuple(_entries(text, country_code))
    if not targets:
        raise Refusal(Code.TARGET_REQUIRED)
    if len(targets) > MOST_TARGETS:
        raise Refusal(Code.INPUT_INVALID, field="target")
    return targets


def _entries(text: str, country_code: str) -> Iterator[Target]:
    for address, values in split_targets(text):
        yield read_target(address, values, country_code)


def split_targets(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The entries of `text`, not looked at: what stands for an address, and the values."""
    if "\\" in text:
        entries = [_BAR.split(entry) for entry in _COMMA.split(text)]
    else:
        entries = [entry.split("|") for entry in text.split(",")]
    for address, *values in entries:
        if values or address.strip():
            yield address.strip(), tuple(map(_value, values))


def read_target(address: str, values: tuple[str, ...], country_code: str) -> Target:
    """One recipient, or a rotator; raises `Refusal` (TARGET_INVALID; ROTATOR_UNKNOWN for one without a number)."""
    return Target(_address(address.strip(), country_code), values)


def _value(field: str) -> str:
    return (_ESCAPED.sub(r"\1", field) if "\\" in field else field).strip()


def _address(text: str, country_code: str) -> Address:
    found = _ROTATOR.match(text)
    if found is None:
        return parse_address(text, country_code)
    if found[1] is None or found.end() != len(text):
        raise Refusal(Code.ROTATOR_UNKNOWN, target=text[:40])
    return Address(f"{ROTATOR}{int(found[1])}")


def rotator_number(address: Address) -> int | None:
    """Which of the account's rotators stands here; None: it is an address."""
    return int(address[len(ROTATOR) :]) if address.startswith(ROTATOR) else None


def render(text: str, values: Sequence[str]) -> str:
    """`text` with `{name}` as `values[0]`, `{var1}` as `values[1]` … in one pass: a value is never read again.

    A variable that the target has no value for stays as it is written, so that the mistake is seen.
    """
    if not values or "{" not in text:
        return text

    def value_of(found: re.Match[str]) -> str:
        number = int(found[1] or 0)
        return values[number] if number < len(values) else found[0]

    return _VARIABLE.sub(value_of, text)


def has_variables(content: Content) -> bool:
    """Whether `render_content` may change it."""
    return _VARIABLE.search(text_of(content)) is not None


def text_of(content: Content) -> str:
    """What the content says in words: the text of it that may hold variables; of a template what fills it. Empty
    for cards and reactions."""
    if isinstance(content, Template):
        words = (each.text if isinstance(each, Variable) else each.value for each in _blanks(content))
        return " ".join((*words, *_lines(content.attached)))
    field = _TEXT_FIELD[type(content)]
    return str(getattr(content, field)) if field else ""


def _blanks(template: Template) -> tuple[Variable | TemplateButton, ...]:
    return (*template.header, *template.body, *template.buttons)


def _lines(attached: Media | Location | None) -> tuple[str, ...]:
    """Of a place above a template, what stands below its map; a file is the same for everybody."""
    return (attached.caption, attached.address) if isinstance(attached, Location) else ()


def render_content(content: Content, values: Sequence[str]) -> Content:
    """The content for one target: its text, caption or question rendered, or what fills a template.

    What can be chosen is never rendered: a poll's choices, buttons, rows; nor are cards.
    """
    if isinstance(content, Template):
        return _render_template(content, values) if has_variables(content) else content
    text = text_of(content)
    rendered = render(text, values)
    if rendered == text:
        return content
    return msgspec.structs.replace(content, **{_TEXT_FIELD[type(content)]: rendered})


def _render_template(template: Template, values: Sequence[str]) -> Template:
    def render_texts(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
        return tuple(msgspec.structs.replace(each, text=render(each.text, values)) for each in variables)

    buttons = (msgspec.structs.replace(each, value=render(each.value, values)) for each in template.buttons)
    attached = template.attached
    if isinstance(attached, Location):
        caption, address = (render(line, values) for line in _lines(attached))
        attached = msgspec.structs.replace(attached, caption=caption, address=address)
    return msgspec.structs.replace(
        template,
        header=render_texts(template.header),
        body=render_texts(template.body),
        buttons=tuple(buttons),
        attached=attached,
    )


_TEXT_FIELD: dict[type[Content], str] = {
    Text: "body",
    Media: "caption",
    Location: "caption",
    Poll: "question",
    **dict.fromkeys((Buttons, ListMenu, LinkButton), "body"),
    **dict.fromkeys((Contacts, Reaction, Edit, Revoke), ""),
}
