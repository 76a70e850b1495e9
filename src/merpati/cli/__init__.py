"""The command line: `main` is its root. One file a group of commands; words come from `merpati.locale`.

A command's file is imported when the command is called: acting as a person on the simulated network needs no web
framework.
"""

from importlib import import_module

import click

from merpati.cli.spoken import SpokenGroup, language_option, words

COMMANDS = {
    "backup": "keeping",
    "config": "about",
    "demo": "serve",
    "device": "device",
    "doctor": "doctor",
    "fake-graph": "fake_graph",
    "fake-whatsapp": "fake_whatsapp",
    "mcp": "mcp",
    "message": "message",
    "migrate": "keeping",
    "phone": "phone",
    "restore": "keeping",
    "serve": "serve",
    "simulator": "simulator",
    "user": "user",
    "version": "about",
}
"""Name of a command -> the module of this package that has it, under the same name (with `_` for `-`)."""


class _Root(SpokenGroup):
    """Knows its commands by name and imports them when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        module = COMMANDS.get(cmd_name)
        return getattr(import_module(f"merpati.cli.{module}"), cmd_name.replace("-", "_")) if module else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, words(f"cli.help.{name}")) for name in COMMANDS])


@click.group(cls=_Root, help="cli.help.main")
@language_option
def main() -> None:
    pass
