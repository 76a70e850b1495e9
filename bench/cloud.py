"""Hand-overs to Meta: what the Cloud API's transport reaches on a fake Graph, and what a message costs in CPU.

    python -m bench.cloud [--seconds 5] [--devices 100]

The fake in a process of its own, with Meta's highest throughput: 1,000 messages a second for a number. In this one
the transport: one device with 64 hand-overs in flight, then many with two each. Beside it pywa, an independent
client, in the same run with 64 in flight. Prints a table.
"""

import argparse
import asyncio
import itertools
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
import uvloop
from pywa_async.client import WhatsApp

from merpati.core.clock import Millis, SystemClock
from merpati.core.ids import AccountId, Address, DeviceId, WireRef
from merpati.core.tokens import Sealer
from merpati.fakes.graph.seeding import seed_world
from merpati.fakes.graph.server import open_graph
from merpati.fakes.graph.settings import AT_ONCE
from merpati.storage.migrate import migrate
from merpati.storage.sqlite import SqliteStorage
from merpati.transports.cloud_api.client import GraphClient
from merpati.transports.cloud_api.lines import Line, Secrets, seal_secrets, set_line
from merpati.transports.cloud_api.transport import CAPS, CloudTransport
from merpati.transports.port import AnyEvent, Outbound, SessionState, State, Text

HIGHEST = 1_000
BODY = "Halo, pesanan Anda sudah dikirim dan tiba besok. Terima kasih!"
_people = itertools.count()


class Fake(msgspec.Struct, frozen=True):
    """Where the fake is, and what it knows."""

    url: str
    token: str
    business: str
    numbers: list[str]


async def play(devices: int) -> None:
    """The fake, until SIGTERM: so many numbers with Meta's highest throughput."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    settings = msgspec.structs.replace(AT_ONCE, pair_every_ms=0)
    async with open_graph(settings) as running:
        seeded, world = seed_world(running.graph), running.graph.world
        numbers = [world.add_number(seeded.business.id, f"62811{n:08}", "Toko", HIGHEST) for n in range(devices)]
        found = Fake(f"{running.url}/v26.0", seeded.token, seeded.business.id, [each.id for each in numbers])
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        sys.stdout.flush()
        await stopped.wait()


def person() -> str:
    """Somebody new: nobody is written to twice."""
    return f"62812{next(_people):08}"


async def opened(fake: Fake, number: int, client: GraphClient, storage: SqliteStorage) -> CloudTransport:
    device, sealer = DeviceId(number + 1), Sealer(b"k" * 32)
    secrets = Secrets(token=fake.token, app_secret="s", verify_token="v")
    line = Line(
        device=device,
        account=AccountId(1),
        number_id=fake.numbers[number],
        business_id=fake.business,
        sealed=seal_secrets(sealer, device, secrets),
        changed_at=Millis(1),
    )
    await storage.write(set_line, line)
    transport = CloudTransport(device, client, storage, sealer, SystemClock(), Path(), most_bytes=1)
    open_now = asyncio.Event()

    async def hear(event: AnyEvent) -> None:
        if isinstance(event, State) and event.state is SessionState.OPEN:
            open_now.set()

    await transport.start(hear)
    await open_now.wait()
    return transport


async def send_with(transport: CloudTransport) -> None:
    chat = person()
    await transport.send(Outbound(ref=WireRef(chat), chat=Address(chat), content=Text(body=BODY)))


async def measure(
    name: str, sends: Sequence[Callable[[], Awaitable[object]]], in_flight: int, seconds: float
) -> None:
    """`in_flight` of each of `sends` at any moment, for so long."""
    sent, began, cpu = 0, time.perf_counter(), time.process_time()

    async def go_on(send: Callable[[], Awaitable[object]]) -> None:
        nonlocal sent
        while time.perf_counter() - began < seconds:
            await send()
            sent += 1

    await asyncio.gather(*(go_on(send) for send in sends for _ in range(in_flight)))
    took, used = time.perf_counter() - began, time.process_time() - cpu
    sys.stdout.write(f"{name:32} {sent / took:8.0f} messages/s {used / sent * 1e6:8.0f} us CPU a message\n")
    sys.stdout.flush()


async def run(fake: Fake, asked: argparse.Namespace, folder: Path) -> None:
    storage = await SqliteStorage.open(folder / "bench.db", SystemClock())
    await migrate(storage)
    client = GraphClient(fake.url)
    transports = [await opened(fake, n, client, storage) for n in range(asked.devices)]
    sends = [partial(send_with, each) for each in transports]
    await measure("one device", sends[:1], CAPS.in_flight, asked.seconds)
    await measure(f"{asked.devices} devices", sends, 2, asked.seconds)
    pywa = WhatsApp(phone_id=fake.numbers[0], token=fake.token)
    pywa.api._session.base_url = fake.url
    await measure("pywa", [lambda: pywa.send_message(to=person(), text=BODY)], CAPS.in_flight, asked.seconds)
    for transport in transports:
        await transport.stop()
    await client.close()
    await storage.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--fake", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.fake:
        uvloop.run(play(asked.devices))
        return
    command = [sys.executable, "-m", "bench.cloud", "--fake", "--devices", str(asked.devices)]
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        fake = msgspec.convert(json.loads(process.stdout.readline()), Fake)
        try:
            uvloop.run(run(fake, asked, Path(folder)))
        finally:
            process.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
