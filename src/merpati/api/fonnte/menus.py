"""`buttonJSON`, `templateJSON` and `listJSON` as what WhatsApp's official API shows for them. Tables; pure.

Source: Fonnte docs of before 10 May 2023. Only one of them, and nothing beside it but the text, has a shape there;
of `templateJSON` reply buttons, or one link. All else goes as text, and the answer says so (`buttons`).
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import count

from merpati.api.fonnte.fields import Value, as_line
from merpati.api.fonnte.params import SendParams, Table
from merpati.core.errors import Code, Refusal
from merpati.transports.interactive import Button, Buttons, LinkButton, ListMenu, Row, Section
from merpati.transports.limits import check_alone

Menu = Buttons | ListMenu | LinkButton


def menu_of(params: SendParams) -> Menu | None:
    """What is to be pressed; None where WhatsApp has no shape for it. Raises what `check_alone` does."""
    given = [(table, read) for name, read in _READS.items() if (table := getattr(params, name))]
    if len(given) != 1 or params.choices or params.location is not None:
        return None
    table, read = given[0]
    menu = read(table, _text(params.message, _line(table, "message")), _line(table, "footer"))
    if menu is not None:
        check_alone(menu)
    return menu


def _buttons(table: Table, body: str, footer: str) -> Menu:
    numbers = count(1)
    buttons = (_button(each, next(numbers)) for each in _tables(table.get("buttons")))
    return Buttons(body=body, footer=footer, buttons=tuple(buttons))


def _button(table: Table, number: int) -> Button:
    """One without an id is known by its place."""
    return Button(id=_line(table, "id") or str(number), title=_line(table, "message"))


def _template(table: Table, body: str, footer: str) -> Menu | None:
    """WhatsApp shows reply buttons, or one link: no phone number, and no mixture, but in an approved template."""
    buttons = list(_tables(table.get("buttons")))
    links = [each for each in buttons if _line(each, "url")]
    if not links and not any(_line(each, "tel") for each in buttons):
        return _buttons(table, body, footer)
    if len(buttons) != 1 or not links:
        return None
    return LinkButton(body=body, footer=footer, title=_line(links[0], "message"), url=_line(links[0], "url"))


def _list(table: Table, body: str, footer: str) -> Menu:
    numbers = count(1)
    return ListMenu(
        body=body,
        button=_line(table, "buttontitle"),
        sections=tuple(_section(each, numbers) for each in _tables(table.get("buttons"))),
        header=_line(table, "title"),
        footer=footer,
    )


def _section(table: Table, numbers: Iterator[int]) -> Section:
    return Section(
        title=_line(table, "title"), rows=tuple(_row(each, next(numbers)) for each in _tables(table.get("list")))
    )


def _row(table: Table, number: int) -> Row:
    return Row(
        id=_line(table, "id") or str(number), title=_line(table, "message"), description=_line(table, "footer")
    )


_READS: Mapping[str, Callable[[Table, str, str], Menu | None]] = {
    "button": _buttons,
    "template": _template,
    "list_": _list,
}
"""Field of `SendParams` -> what it comes to."""


def _tables(given: Value) -> Iterator[Table]:
    """Raises `Refusal(JSON_INVALID)`."""
    if not isinstance(given, list):
        raise Refusal(Code.JSON_INVALID)
    for each in given:
        if not isinstance(each, dict):
            raise Refusal(Code.JSON_INVALID)
        yield each


def _line(table: Table, name: str) -> str:
    return as_line(table.get(name)) or ""


def _text(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))
