"""`merpati simulator serve`: the simulated network in a process of its own."""

import asyncio
from pathlib import Path

import click

from merpati.cli.phone import data_folder, data_option
from merpati.cli.spoken import SpokenGroup, SpokenOption, language_option, words
from merpati.transports.simulator.__main__ import serve as serve_network
from merpati.transports.simulator.journal import JournalDamaged, JournalInUse
from merpati.transports.simulator.script import Script, ScriptInvalid, load_script
from merpati.transports.simulator.server import SIMULATOR_FOLDER, SocketInUse


@click.group(cls=SpokenGroup, help="cli.help.simulator")
@language_option
@data_option
def simulator() -> None:
    pass


@simulator.command("serve", help="cli.help.simulator.serve")
@click.option("--folder", type=click.Path(path_type=Path), cls=SpokenOption, help="cli.help.simulator.folder")
@click.option("--socket", type=click.Path(path_type=Path), cls=SpokenOption, help="cli.help.simulator.socket")
@click.option("--faults", type=click.Path(path_type=Path), cls=SpokenOption, help="cli.help.simulator.faults")
@language_option
@data_option
def serve(folder: Path | None, socket: Path | None, faults: Path | None) -> None:
    try:
        script = load_script(faults) if faults else Script()
        asyncio.run(serve_network(folder or data_folder() / SIMULATOR_FOLDER, socket, script))
    except (JournalInUse, SocketInUse) as error:
        raise click.ClickException(words("simulator.in_use", what=error)) from None
    except (ScriptInvalid, JournalDamaged, OSError) as error:
        raise click.ClickException(words("simulator.failed", error=error)) from None
