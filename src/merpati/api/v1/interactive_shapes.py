"""What is sent to be pressed, as it is given and as a message shows it, and what was pressed. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from merpati.api.v1.shapes import Answer, Given
from merpati.core.errors import Code, Refusal
from merpati.transports import interactive as port
from merpati.transports.limits import Interactive

Word = Annotated[str, Meta(max_length=4_096)]
"""What is too long is refused by its limit's own error, which says how long it is."""


class ReplyButton(Given, frozen=True, kw_only=True):
    """A reply button: `title` has 20 characters at most, `id` 256; the id comes back when it is pressed."""

    id: Word
    title: Word


class ReplyButtons(Given, frozen=True, kw_only=True):
    """One to three reply buttons below the text, all unlike; `header` and `footer` have at most 60 characters."""

    items: Annotated[list[ReplyButton], Meta(max_length=100)]
    header: Word = ""
    footer: Word = ""


class MenuRow(Given, frozen=True, kw_only=True):
    """What may be chosen: `title` has 24 characters at most, `description` 72, `id` 200; the id comes back."""

    id: Word
    title: Word
    description: Word = ""


class MenuSection(Given, frozen=True, kw_only=True):
    """Rows under a title of at most 24 characters, which only a single section may lack."""

    rows: Annotated[list[MenuRow], Meta(max_length=100)]
    title: Word = ""


class Menu(Given, frozen=True, kw_only=True):
    """A list of ten rows at most, to choose one of; the text's one `button` (20 characters) opens it."""

    button: Word
    sections: Annotated[list[MenuSection], Meta(max_length=100)]
    header: Word = ""
    footer: Word = ""


class Link(Given, frozen=True, kw_only=True):
    """One button below the text, with a title of at most 20 characters, that opens an address."""

    title: Word
    url: Word
    header: Word = ""
    footer: Word = ""


class TemplateBlank(Given, frozen=True, kw_only=True):
    """What fills a blank, with the target's `{name}`, `{var1}` …; `name` where the blanks have names."""

    text: Word
    name: Word = ""


class TemplateButton(Given, frozen=True, kw_only=True):
    """What fills a template's button: of `quick_reply` what comes back, of `url` the end of the address, of
    `copy_code` the code. `index` is its place among the template's buttons, from 0."""

    index: Annotated[int, Meta(ge=0, le=9)]
    kind: port.TemplateButtonKind
    value: Word


class Template(Given, frozen=True, kw_only=True):
    """A text that WhatsApp approved, by its name and language (`id`, `en_US`), and what fills its blanks.

    Where a picture, a video, a document or a place stands above it, that is the message's `file` or `location`.
    """

    name: Word
    language: Word
    header: Annotated[list[TemplateBlank], Meta(max_length=1)] = msgspec.field(default_factory=list)
    body: Annotated[list[TemplateBlank], Meta(max_length=100)] = msgspec.field(default_factory=list)
    buttons: Annotated[list[TemplateButton], Meta(max_length=10)] = msgspec.field(default_factory=list)


class InteractiveGiven(Given, frozen=True, kw_only=True):
    """One of the four, alone. The text is the body of the first three; a template has its own words."""

    buttons: ReplyButtons | None = None
    menu: Menu | None = None
    link: Link | None = None
    template: Template | None = None


class InteractiveAnswer(Answer, frozen=True, kw_only=True):
    """What there is to press, or the template: one of the four."""

    buttons: ReplyButtons | None
    menu: Menu | None
    link: Link | None
    template: Template | None


class ChoiceAnswer(Answer, frozen=True, kw_only=True):
    """What somebody pressed or chose: its id is the one that it was sent with."""

    id: str
    title: str
    description: str


def read_interactive(text: str, given: InteractiveGiven) -> Interactive:
    """As the core takes it; raises `Refusal(INPUT_INVALID)` for none or several of the four, and for a template
    with a text beside it."""
    present = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
    if len(present) != 1 or ("template" in present and text.strip()):
        raise Refusal(Code.INPUT_INVALID, field="message" if len(present) == 1 else "interactive")
    ((name, value),) = present.items()
    fields: dict[str, Any] = msgspec.to_builtins(value)
    if name == "buttons":
        fields["buttons"] = fields.pop("items")
    if name != "template":
        fields["body"] = text
    return msgspec.convert(fields, _CONTENTS[name])


def show_interactive(content: object) -> InteractiveAnswer | None:
    """None for a content of another kind."""
    name = next((name for name, kind in _CONTENTS.items() if isinstance(content, kind)), None)
    if name is None:
        return None
    fields: dict[str, Any] = msgspec.to_builtins(content)
    del fields["type"]
    if name == "buttons":
        fields["items"] = fields.pop("buttons")
    fields.pop("attached" if name == "template" else "body", None)
    shown = msgspec.convert(fields, _SHAPES[name])
    return InteractiveAnswer(**{**dict.fromkeys(_SHAPES), name: shown})


def show_choice(content: object) -> ChoiceAnswer | None:
    """None for a content of another kind."""
    if not isinstance(content, port.Chosen):
        return None
    return ChoiceAnswer(id=content.id, title=content.title, description=content.description)


_CONTENTS: Mapping[str, type[Interactive]] = {
    "buttons": port.Buttons,
    "menu": port.ListMenu,
    "link": port.LinkButton,
    "template": port.Template,
}
_SHAPES: Mapping[str, type[Any]] = {
    "buttons": ReplyButtons,
    "menu": Menu,
    "link": Link,
    "template": Template,
}
