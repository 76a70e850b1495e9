"""Commands that speak the caller's language: `help=` is a key of the locale files.

The language is `--lang`, else `MERPATI_LANG`, else the system's (`LC_ALL`, `LC_MESSAGES`, `LANG`), else Indonesian.
"""

import itertools
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from merpati.core.address import parse_address, parse_phone
from merpati.core.errors import Refusal
from merpati.core.ids import Address
from merpati.locale import LANGUAGES, sentence

_META = "merpati.language"
_VARIABLES = ("MERPATI_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
F = TypeVar("F", bound=Callable[..., Any])


def language_of(environ: Mapping[str, str]) -> str:
    """The first of the variables that names a language of ours."""
    for variable in _VARIABLES:
        spoken = environ.get(variable, "")[:2].lower()
        if spoken in LANGUAGES:
            return spoken
    return LANGUAGES[0]


def language_now() -> str:
    """The language of the command that runs."""
    context = click.get_current_context(silent=True)
    language: str | None = context.meta.get(_META) if context is not None else None
    return language or language_of(os.environ)


def words(key: str, **values: object) -> str:
    """A sentence in the language of the command that runs."""
    return sentence(key, language_now(), **values)


def _keep(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta[_META] = value


class SpokenOption(click.Option):
    """`help=` is a key."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        return record and (record[0], record[1].replace(self.help or "", words(self.help), 1) if self.help else "")


class _Spoken(click.Command):
    """`help=` is a key; the first line of its words is the short help."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for flag, value in itertools.pairwise(args):  # before `--help` answers
            if flag == "--lang" and value in LANGUAGES:
                ctx.meta[_META] = value
        return super().parse_args(ctx, args)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(words(self.help) if self.help else "")

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002 - click's signature
        return words(self.help).split("\n", 1)[0] if self.help else ""


class SpokenCommand(_Spoken):
    """A command."""


class SpokenGroup(_Spoken, click.Group):
    """A group of spoken commands."""

    command_class = SpokenCommand
    group_class = type


def language_option(command: F) -> F:
    """`--lang`, wherever it is written."""
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        expose_value=False,
        is_eager=True,
        callback=_keep,
        cls=SpokenOption,
        help="cli.help.lang",
    )(command)


class _Number(click.ParamType[Address]):
    """A phone number as people write it."""

    name = "number"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        try:
            return parse_phone(value)
        except Refusal:
            self.fail(words("cli.number_invalid", text=value), param, ctx)


class _Chat(click.ParamType[Address]):
    """A phone number as people write it, or a group's id."""

    name = "chat"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        try:
            return parse_address(value)
        except Refusal:
            self.fail(words("cli.number_invalid", text=value), param, ctx)


NUMBER, CHAT = _Number(), _Chat()
