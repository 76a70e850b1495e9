"""`merpati serve` and `merpati demo`: the gateway, until SIGTERM or Ctrl-C."""

import logging
import shlex
import shutil
import sys
from pathlib import Path

import click

from merpati import __version__
from merpati.accounts.views import owners
from merpati.api.server import new_loop
from merpati.app.gateway import Gateway
from merpati.app.serving import run_gateway
from merpati.cli.printing import json_option, print_json, print_table
from merpati.cli.settings import data_flag, load_settings, settings_options
from merpati.cli.spoken import SpokenCommand, language_option, words
from merpati.cli.troubles import Trouble, run
from merpati.cli.user import link_of, new_invitation
from merpati.config import Loaded
from merpati.demo import PEOPLE, Demo, NotADemo, sow
from merpati.storage.port import StorageError

logger = logging.getLogger(__name__)
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@click.command("serve", cls=SpokenCommand, help="cli.help.serve")
@settings_options("host", "port", "data", "database")
@language_option
def serve() -> None:
    loaded = load_settings()
    _log(logging.INFO)

    async def announce(gateway: Gateway) -> None:
        click.echo(words("cli.serve.ready", version=__version__, url=address_of(gateway)))
        try:
            await _invite_first(gateway)
        except StorageError as error:  # it serves, and waits for the database; `merpati user invite` makes a link
            logger.warning("whether somebody can sign in is not known: %s", error)

    run(run_gateway(loaded, on_ready=announce), loop=new_loop)


async def _invite_first(gateway: Gateway) -> None:
    if not await gateway.storage.read(owners):
        token = await new_invitation(gateway.storage, gateway.clock)
        click.echo(words("cli.serve.first", link=link_of(address_of(gateway), token)))


def _log(level: int) -> None:
    """To standard error; the web server speaks only of what goes wrong."""
    logging.basicConfig(level=level, format=_FORMAT)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def address_of(gateway: Gateway) -> str:
    """Where a browser on this machine finds it: "every network" is no address to go to."""
    return gateway.url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


@click.command("demo", cls=SpokenCommand, help="cli.help.demo")
@settings_options("host", "port", "data", "database")
@json_option
@language_option
def demo(as_json: bool) -> None:
    loaded = load_settings()
    _log(logging.WARNING)

    async def announce(gateway: Gateway) -> None:
        try:
            sown = await sow(gateway, address_of(gateway))
        except NotADemo:
            raise Trouble("cli.demo.real_data", folder=loaded.config.data.absolute()) from None
        if as_json:
            print_json(sown)
        else:
            _show(sown, loaded)

    run(run_gateway(loaded, on_ready=announce), loop=new_loop)


def _show(demo: Demo, loaded: Loaded) -> None:
    password = demo.owner.password or words("cli.demo.password_changed")
    click.echo(words("cli.demo.ready", url=demo.url))
    click.echo()
    click.echo(words("cli.demo.login", email=demo.owner.email, password=password))
    click.echo(words("cli.demo.account_token", token=demo.account_token))
    click.echo()
    states = {True: words("cli.demo.connected"), False: words("cli.demo.not_connected")}
    print_table(
        ("device", "token", "state"),
        [(each.number, each.token, states[each.connected]) for each in demo.devices],
        under="cli.demo",
    )
    click.echo()
    print_table(("person", "name"), [(number, PEOPLE[number]) for number in demo.people], under="cli.demo")
    click.echo(words("cli.demo.group", id=demo.groups[0]))
    click.echo()
    first = demo.people[0]
    click.echo(f"{words('cli.demo.watch')}\n  {this_command()} phone watch {first}{data_flag(loaded)}")
    click.echo(f"{words('cli.demo.send')}\n  {_curl(demo, first)}")
    click.echo()
    click.echo(words("cli.demo.stop"))


def _curl(demo: Demo, target: str) -> str:
    text = words("cli.demo.hello", name=PEOPLE[demo.people[0]].split()[0])
    sender = next((device for device in demo.devices if device.connected), demo.devices[0])
    parts = ["curl", f"{demo.url}/send", "-H", f"Authorization: {sender.token}"]
    return shlex.join([*parts, "-F", f"target={target}", "-F", f"message={text}"])


def this_command() -> str:
    """How this very program is started again: `merpati` where the shell finds it, else its path."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m merpati"
    found = shutil.which("merpati")
    same = found is not None and started.exists() and Path(found).samefile(started)
    return "merpati" if same else shlex.quote(str(started))
