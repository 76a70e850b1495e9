"""The command line: `main` is its root. One file a group of commands; words come from `merpati.locale`."""

import click

from merpati.cli.about import config, version
from merpati.cli.device import device
from merpati.cli.doctor import doctor
from merpati.cli.message import message
from merpati.cli.phone import phone
from merpati.cli.serve import demo, serve
from merpati.cli.simulator import simulator
from merpati.cli.spoken import SpokenGroup, language_option
from merpati.cli.user import user


@click.group(cls=SpokenGroup, help="cli.help.main")
@language_option
def main() -> None:
    pass


for command in (config, demo, device, doctor, message, phone, serve, simulator, user, version):
    main.add_command(command)
