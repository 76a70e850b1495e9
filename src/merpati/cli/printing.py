"""How commands print: tables for people, JSON for scripts, times in the local zone."""

import time
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from merpati.cli.spoken import SpokenOption, words

F = TypeVar("F", bound=Callable[..., Any])
_GAP = "  "


def json_option(command: F) -> F:
    """`--json`: one JSON value on standard output, for scripts. The command gets `as_json`."""
    option = click.option("--json", "as_json", is_flag=True, cls=SpokenOption, help="cli.help.json")
    return option(command)


def print_json(value: object) -> None:
    """One line, at once."""
    click.echo(msgspec.json.encode(value).decode())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, under: str) -> None:
    """Columns as wide as they need to be; the heading of `name` is the sentence `<under>.column.<name>`."""
    head = [words(f"{under}.column.{name}") for name in columns]
    cells = [head, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(width_of(line[n]) for line in cells) for n in range(len(columns))]
    for number, line in enumerate(cells):
        text = _GAP.join(cell + " " * (widths[n] - width_of(cell)) for n, cell in enumerate(line)).rstrip()
        click.echo(click.style(text, bold=True) if number == 0 else text)


def printable(text: str) -> str:
    """One line without characters that would move a terminal's cursor or change its colours."""
    return "".join(_shown(letter) for letter in text)


def _shown(letter: str) -> str:
    if letter in "\r\n\t\u2028\u2029":
        return " "
    return "�" if unicodedata.category(letter) in ("Cc", "Cs") else letter


def width_of(text: str) -> int:
    """Columns that a terminal needs for it."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def shorten(text: str, most: int) -> str:
    """At most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def clock_time(at: int) -> str:
    """A time of day, local: 10:02:11."""
    return time.strftime("%H:%M:%S", time.localtime(at / 1_000))


def date_of(at: int) -> str:
    """A date, local: 2026-08-17."""
    return time.strftime("%Y-%m-%d", time.localtime(at / 1_000))


def moment(at: int) -> str:
    """Date and time, local."""
    return f"{date_of(at)} {clock_time(at)}"


def near_moment(at: int, now: int) -> str:
    """The time, with its date when that is not the date of `now`."""
    return clock_time(at) if date_of(at) == date_of(now) else moment(at)
