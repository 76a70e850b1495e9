"""`merpati fake-graph`: Meta's Cloud API played on this machine, for whoever writes or tries an integration."""

import asyncio
import contextlib
import signal

import click
import msgspec

from merpati.cli.spoken import SpokenCommand, SpokenOption, language_option, words
from merpati.fakes.graph.seeding import Seeded, seed_world
from merpati.fakes.graph.server import open_graph
from merpati.fakes.graph.settings import Settings
from merpati.fakes.graph.world import Callback

DEFAULT_PORT = 8089


@click.command("fake-graph", cls=SpokenCommand, help="cli.help.fake-graph")
@click.option("--port", type=int, default=DEFAULT_PORT, cls=SpokenOption, help="cli.help.fake-graph.port")
@click.option("--callback", default="", cls=SpokenOption, help="cli.help.fake-graph.callback")
@click.option("--verify-token", default="", cls=SpokenOption, help="cli.help.fake-graph.verify_token")
@click.option("--seed", type=int, default=1, cls=SpokenOption, help="cli.help.fake-graph.seed")
@click.option("--settings", default="{}", cls=SpokenOption, help="cli.help.fake-graph.settings")
@language_option
def fake_graph(port: int, callback: str, verify_token: str, seed: int, settings: str) -> None:
    try:
        asked = msgspec.json.decode(settings, type=dict[str, object])
        chosen = msgspec.convert({"seed": seed, **asked}, Settings)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise click.ClickException(words("fake_graph.settings", error=error)) from None
    try:
        asyncio.run(_serve(port, Callback(url=callback, verify_token=verify_token), chosen))
    except OSError as error:
        raise click.ClickException(words("fake_graph.failed", error=error)) from None


async def _serve(port: int, callback: Callback, settings: Settings) -> None:
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with open_graph(settings, port=port) as running:
        seeded = seed_world(running.graph)
        running.graph.world.app.callback = callback
        click.echo(_shown(running.url, seeded))
        await stopped.wait()


def _shown(url: str, seeded: Seeded) -> str:
    return words(
        "fake_graph.ready",
        url=url,
        token=seeded.token,
        number=seeded.number.id,
        business=seeded.business.id,
        app=seeded.app,
        secret=seeded.secret,
        person=seeded.person.phone,
    )
