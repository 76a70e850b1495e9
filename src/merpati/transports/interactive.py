"""What is sent to be pressed, and what comes back: reply buttons, lists, a link's button, approved templates. Pure.

Source: Meta's Cloud API, "Interactive messages" and "Message templates"; only transports whose `Capabilities` say
`interactive`, `template` carry them. How long each part may be: `transports.limits`.
"""

from enum import StrEnum
from typing import TypeVar, cast

import msgspec

from merpati.transports.attachments import Location, Media


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Frozen and named: what crosses the port."""


class Button(Struct, frozen=True, kw_only=True):
    """A reply button; `id` comes back when it is pressed, and differs from the others' of its message."""

    id: str
    title: str


class Buttons(Struct, frozen=True, kw_only=True, tag=True):
    """A text over one to three reply buttons."""

    body: str
    buttons: tuple[Button, ...]
    header: str = ""
    footer: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """What may be chosen of a list; `id` comes back, and differs from the others' of its message."""

    id: str
    title: str
    description: str = ""


class Section(Struct, frozen=True, kw_only=True):
    """Rows under a title, which only a list's single section may lack."""

    rows: tuple[Row, ...]
    title: str = ""


class ListMenu(Struct, frozen=True, kw_only=True, tag=True):
    """A text with one button, which opens a list to choose one row from; ten rows in all."""

    body: str
    button: str
    """What stands on the button that opens it."""
    sections: tuple[Section, ...]
    header: str = ""
    footer: str = ""


class LinkButton(Struct, frozen=True, kw_only=True, tag=True):
    """A text over one button that opens an address; nothing comes back."""

    body: str
    title: str
    """What stands on the button."""
    url: str
    header: str = ""
    footer: str = ""


class Variable(Struct, frozen=True, kw_only=True):
    """What a template's blank is filled with; `name` where its blanks have names instead of places."""

    text: str
    name: str = ""


class TemplateButtonKind(StrEnum):
    """Which sort of button of a template is filled in; the words are Meta's."""

    QUICK_REPLY = "quick_reply"
    """`value` comes back when it is pressed."""
    URL = "url"
    """`value` is the end of its address."""
    COPY_CODE = "copy_code"
    """`value` is the code that it copies."""


class TemplateButton(Struct, frozen=True, kw_only=True):
    """A template's button that has a blank; `index` is its place among the template's buttons, from 0."""

    index: int
    kind: TemplateButtonKind
    value: str


class Template(Struct, frozen=True, kw_only=True, tag=True):
    """A text that Meta approved before, by its name and language, its blanks filled in, in their order."""

    name: str
    language: str
    """As Meta writes it: `id`, `en_US`."""
    header: tuple[Variable, ...] = ()
    body: tuple[Variable, ...] = ()
    buttons: tuple[TemplateButton, ...] = ()
    attached: Media | Location | None = None
    """What stands above it, where its header is no text: a picture, a video, a document without a caption; a place
    with both its lines."""


class Chosen(Struct, frozen=True, kw_only=True, tag=True):
    """Comes in: a button of ours was pressed, or a row chosen; `id` is what we gave it, `title` its words."""

    id: str
    title: str
    description: str = ""
    """Of a row that has one."""


Carrier = TypeVar("Carrier")


def file_of(content: object) -> Media | None:
    """The file that the content carries: it is one, or one stands above a template."""
    carried = content.attached if isinstance(content, Template) else content
    return carried if isinstance(carried, Media) else None


def with_file(content: Carrier, path: str) -> Carrier:
    """The same content with its file at another path; as it is where it carries none."""
    file = file_of(content)
    if file is None:
        return content
    moved = msgspec.structs.replace(file, path=path)
    carrier = msgspec.structs.replace(content, attached=moved) if isinstance(content, Template) else moved
    return cast("Carrier", carrier)
