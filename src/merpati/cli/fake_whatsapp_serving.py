"""The part of `merpati fake-whatsapp` that plays WhatsApp; it needs the extra `fake-whatsapp`."""

import asyncio
import contextlib
import shlex
import signal

import click

from merpati.cli.printing import print_json
from merpati.cli.spoken import words
from merpati.fakes.whatsapp.control import open_control
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.server import open_whatsapp

WORKER = "merpati.transports.linked.worker"
"""Started by name, in a process of its own, as merpati starts it."""
OWNER, PERSON = ("6281100000001", "Toko"), ("6281200000002", "Budi")
GROUP = "Pelanggan"


async def serve_fake(port: int, *, as_json: bool) -> None:
    """Until it is told to end; raises `OSError` when the port is taken."""
    stopped = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with open_whatsapp() as fake, open_control(fake.network, port) as url:
        lead = fake.pointing
        given = {"url": url, "proxy": lead.proxy, "worker": shlex.join(lead.command(WORKER))}
        given |= _people(fake.network)
        if as_json:
            print_json(given)
        else:
            click.echo(words("fake_whatsapp.ready", **given))
        await stopped.wait()


def _people(network: Network) -> dict[str, str]:
    """Somebody whose phone is to be linked, somebody else, and a group of both."""
    owner, person = (network.add_phone(*each) for each in (OWNER, PERSON))
    person.reads = True
    return {"owner": owner.number, "person": person.number, "group": network.add_group(GROUP, [person, owner]).jid}
