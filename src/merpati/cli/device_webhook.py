"""`merpati device webhook`: where a device's facts are told, the secret that signs, and the last calls."""

import click
import msgspec

from merpati.cli.device_finding import device_of
from merpati.cli.opened import opened
from merpati.cli.printing import json_option, moment, print_json, print_table
from merpati.cli.settings import settings_options
from merpati.cli.spoken import SpokenCommand, language_option, words
from merpati.cli.troubles import run
from merpati.devices.model import Device
from merpati.storage.port import Tx
from merpati.webhooks.model import Call, Endpoint
from merpati.webhooks.views import list_calls, list_device_endpoints

MOST_CALLS = 5
"""Of each address, newest first."""


class Shown(msgspec.Struct, frozen=True):
    """An endpoint with its last calls."""

    endpoint: Endpoint
    calls: list[Call]


@click.command("webhook", cls=SpokenCommand, help="cli.help.device.webhook")
@click.argument("number")
@json_option
@settings_options("data", "database")
@language_option
def webhook(number: str, as_json: bool) -> None:
    run(_webhook(number, as_json=as_json))


async def _webhook(number: str, *, as_json: bool) -> None:
    async with opened() as at:
        known = await at.storage.read(device_of, number)
        found = await at.storage.read(_look, known)
        sealer = at.sealer()
        secrets = [sealer.unseal("endpoint", each.endpoint.id, each.endpoint.secret_sealed) for each in found]
    if as_json:
        print_json([_as_json(each, secret) for each, secret in zip(found, secrets, strict=True)])
    elif not found:
        click.echo(words("cli.webhook.none", number=known.number))
    else:
        for each, secret in zip(found, secrets, strict=True):
            _print(each, secret)


async def _look(tx: Tx, device: Device) -> list[Shown]:
    return [
        Shown(endpoint, await list_calls(tx, endpoint.id, limit=MOST_CALLS))
        for endpoint in await list_device_endpoints(tx, device.account, device.id)
    ]


def _print(shown: Shown, secret: str) -> None:
    endpoint = shown.endpoint
    click.echo(words("cli.webhook.address", kind=", ".join(endpoint.kinds), state=endpoint.state, url=endpoint.url))
    click.echo(words("cli.webhook.secret", secret=secret))
    if shown.calls:
        rows = [
            (moment(call.at), str(call.attempt), str(call.status) if call.status else call.error, str(call.took_ms))
            for call in shown.calls
        ]
        print_table(("at", "attempt", "answer", "took_ms"), rows, under="cli.webhook")
    else:
        click.echo(words("cli.webhook.no_calls"))
    click.echo()


def _as_json(shown: Shown, secret: str) -> dict[str, object]:
    endpoint = shown.endpoint
    calls = [
        {"at": c.at, "attempt": c.attempt, "status": c.status, "error": c.error, "took_ms": c.took_ms}
        for c in shown.calls
    ]
    return {
        "name": endpoint.name,
        "kinds": endpoint.kinds,
        "url": endpoint.url,
        "state": endpoint.state,
        "secret": secret,
        "calls": calls,
    }
