"""`merpati doctor`: looks at everything that merpati needs, and says what to do where something is wrong."""

from collections.abc import AsyncIterator

import click

from merpati.cli import doctor_data, doctor_machine
from merpati.cli.findings import Finding, Grade
from merpati.cli.printing import json_option, print_json
from merpati.cli.settings import load_settings, settings_options
from merpati.cli.spoken import SpokenCommand, language_option, words
from merpati.cli.troubles import run
from merpati.config import Config

_MARKS = {Grade.OK: ("✓", "green"), Grade.WARNING: ("!", "yellow"), Grade.PROBLEM: ("✗", "red")}


@click.command("doctor", cls=SpokenCommand, help="cli.help.doctor")
@settings_options("host", "port", "data", "database")
@json_option
@language_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    found = run(_examine(load_settings().config, as_json=as_json))
    if as_json:
        print_json([_as_json(finding) for finding in found])
    context.exit(1 if any(finding.grade is Grade.PROBLEM for finding in found) else 0)


async def _examine(config: Config, *, as_json: bool) -> list[Finding]:
    found = []
    async for finding in _look(config):
        found.append(finding)
        if not as_json:
            _print(finding)
    return found


async def _look(config: Config) -> AsyncIterator[Finding]:
    for check in doctor_machine.CHECKS:
        for finding in await check(config):
            yield finding
    async for finding in doctor_data.look(config):
        yield finding


def _print(finding: Finding) -> None:
    mark, colour = _MARKS[finding.grade]
    grade = words(f"doctor.grade.{finding.grade}")
    click.echo(f"{click.style(f'{mark} {grade:<9}', fg=colour)}{words(finding.key, **finding.values)}")


def _as_json(finding: Finding) -> dict[str, object]:
    text = words(finding.key, **finding.values)
    return {"check": finding.key.split(".")[1], "grade": finding.grade, "text": text}
