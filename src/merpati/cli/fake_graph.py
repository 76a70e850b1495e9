"""`merpati fake-graph`: Meta's Cloud API played on this machine, for whoever writes or tries an integration."""

import asyncio
import contextlib
import signal

import click
import msgspec

from merpati.cli.printing import json_option, print_json
from merpati.cli.spoken import SpokenCommand, SpokenOption, language_option, words
from merpati.fakes.graph.seeding import Seeded, seed_templates, seed_world
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
@json_option
@language_option
def fake_graph(port: int, callback: str, verify_token: str, seed: int, settings: str, as_json: bool) -> None:
    try:
        asked = msgspec.json.decode(settings, type=dict[str, object])
        chosen = msgspec.convert({"seed": seed, **asked}, Settings)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise click.ClickException(words("fake_graph.settings", error=error)) from None
    try:
        asyncio.run(_serve(port, Callback(url=callback, verify_token=verify_token), chosen, as_json=as_json))
    except OSError as error:
        raise click.ClickException(words("fake_graph.failed", error=error)) from None


async def _serve(port: int, callback: Callback, settings: Settings, *, as_json: bool) -> None:
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with open_graph(settings, port=port) as running:
        seeded = seed_world(running.graph)
        seed_templates(running.graph, seeded.business)
        running.graph.world.app.callback = callback
        if as_json:
            print_json({"url": running.url, **_given(seeded)})
        else:
            click.echo(words("fake_graph.ready", url=running.url, **_given(seeded)))
        await stopped.wait()


def _given(seeded: Seeded) -> dict[str, str]:
    """What a client needs; scripts rely on the names."""
    return {
        "token": seeded.token,
        "phone": seeded.number.phone,
        "number": seeded.number.id,
        "business": seeded.business.id,
        "app": seeded.app,
        "secret": seeded.secret,
        "person": seeded.person.phone,
    }
