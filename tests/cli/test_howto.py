"""The pages say what is true: every command on them exists, with its flags."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from merpati.cli import COMMANDS, main
from merpati.locale import LANGUAGES
from tests.cli.keyboard import typed

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    *(
        f"docs/howto/{page}.md"
        for page in ("run", "backup", "fake-graph", "fake-whatsapp", "mcp", "simulator", "webhooks")
    ),
)
_COMMAND = re.compile(r"(?:^|[`/ ])merpati ((?:[a-z][a-z-]* ?)+)([^`\n]*)")


def mentioned(page: str) -> list[tuple[list[str], list[str]]]:
    """The words and flags behind each `merpati` in code."""
    text = (ROOT / page).read_text(encoding="utf-8")
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)
    found = [match for each in code if (match := _COMMAND.search(each))]
    return [(match[1].split(), re.findall(r"--[a-z-]+", match[2])) for match in found]


def found(words: list[str]) -> click.Command | None:
    """The command that these words begin with, as deep as there are groups."""
    command: click.Command | None = main
    context = click.Context(main)
    for word in words:
        if not isinstance(command, click.Group):
            break
        command = command.get_command(context, word)
    return command


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_exists(page: str) -> None:
    """By its words and by its flags."""
    wrong = []
    for words, flags in mentioned(page):
        command = found(words)
        known = {name for parameter in command.params for name in parameter.opts} if command is not None else set()
        if command is None or not set(flags) <= known:
            wrong.append((words, flags))
    assert wrong == []


def test_the_pages_name_every_command() -> None:
    """Nobody has to guess that a command exists."""
    named = {words[0] for page in PAGES for words, _ in mentioned(page)}
    assert set(COMMANDS) - named - {"version", "demo", "simulator"} == set()


def every_command(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from every_command(below, (*path, name))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, language: str) -> None:
    """In both languages, down to every option."""
    command = found([name])
    assert command is not None
    for path in every_command(command, (name,)):
        result = typed(*path, "--help", "--lang", language)
        assert (path, result.exit_code) == (path, 0)
