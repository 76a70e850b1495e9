"""The command line: `main` is its root. One file a group of commands; words come from `merpati.locale`."""

import click

from merpati.cli.phone import phone
from merpati.cli.simulator import simulator
from merpati.cli.spoken import SpokenGroup, language_option


@click.group(cls=SpokenGroup, help="cli.help.main")
@language_option
def main() -> None:
    pass


main.add_command(phone)
main.add_command(simulator)
