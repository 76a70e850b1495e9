"""The command line: `main` is its root. One file a group of commands; words come from `merpati.locale`."""

import click

from merpati.cli.about import config, version
from merpati.cli.phone import phone
from merpati.cli.simulator import simulator
from merpati.cli.spoken import SpokenGroup, language_option


@click.group(cls=SpokenGroup, help="cli.help.main")
@language_option
def main() -> None:
    pass


for command in (config, phone, simulator, version):
    main.add_command(command)
