"""A gateway in a process of its own, seeded for a benchmark.

    python -m bench._gateway --data FOLDER [--database DSN] --devices 10 [--connected] [--webhook URL] …

Prints one line of JSON when it answers: `{"url": …, "tokens": [...], "pid": …}`; ends by SIGTERM.
"""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from merpati.accounts.actions import create_account
from merpati.api.server import new_loop
from merpati.app.gateway import Gateway
from merpati.app.serving import run_gateway
from merpati.config import load_config
from merpati.core.ids import AccountId, Address, DeviceId, EndpointId
from merpati.devices.actions import NewDevice, add_device
from merpati.devices.views import count_states
from merpati.transports.port import MediaKind, SessionState
from merpati.webhooks.actions import NewEndpoint, set_endpoint
from merpati.webhooks.model import EndpointKind
from merpati.webhooks.signing import format_secret

ACCOUNT = AccountId(1)
QUICK = "[network]\nack_ms = [1, 5]\ndelivered_ms = [5, 20]\nread_ms = [5, 50]\n"
"""A simulated network that answers fast."""


def token_of(n: int) -> str:
    return f"TokenOfDevice{n:07}"


async def seed(gateway: Gateway, devices: int, *, connected: bool, webhook: str) -> None:
    await gateway.storage.write(
        create_account, ACCOUNT, "Bench", gateway.sealer.seal_token("account", ACCOUNT, "A" * 32)
    )
    for n in range(1, devices + 1):
        number = Address(f"62811{n:08}")
        if connected:
            await gateway.transports.simulator.phone.add_device(number)
        new = NewDevice(
            id=DeviceId(n), account=ACCOUNT, number=number, name=f"Device {n}", transport="simulator",
            desired=connected,
        )  # fmt: skip
        await gateway.storage.write(add_device, new, gateway.sealer.seal_token("device", n, token_of(n)))
        if webhook:
            sealed = gateway.sealer.seal("endpoint", n, format_secret(os.urandom(32)))
            endpoint = NewEndpoint(EndpointId(n), sealed)
            await gateway.storage.write(set_endpoint, ACCOUNT, DeviceId(n), EndpointKind.STATUS, webhook, endpoint)
    gateway.node.wake()
    while connected and (await gateway.storage.read(count_states)).get(SessionState.OPEN, 0) < devices:  # noqa: ASYNC110
        await asyncio.sleep(0.1)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database")
    parser.add_argument("--devices", type=int, default=10)
    parser.add_argument("--connected", action="store_true")
    parser.add_argument("--webhook", default="")
    parser.add_argument("--network", default="", help="socket of a simulated network; empty: one inside")
    parser.add_argument("--attachment-mb", type=int, default=10)
    parser.add_argument("--files", default="")
    parser.add_argument("--graph", default="", help="address of a fake of Meta's Graph API")
    asked = parser.parse_args()
    flags = {"data": asked.data, "database": asked.database, "port": 0, "allow_hosts": ["127.0.0.1"]}
    flags |= {f"max_{kind}_mb": asked.attachment_mb for kind in MediaKind} | {"files": asked.files}
    flags |= {"s3_endpoint": os.environ.get("MERPATI_S3_ENDPOINT", "")}
    if asked.graph:
        flags["graph_url"] = asked.graph
    if asked.network:
        flags["simulator_socket"] = asked.network
    elif asked.connected:
        network = asked.data / "network.toml"
        asked.data.mkdir(parents=True, exist_ok=True)
        network.write_text(QUICK)
        flags["simulator_faults"] = str(network)

    async def ready(gateway: Gateway) -> None:
        await seed(gateway, asked.devices, connected=asked.connected, webhook=asked.webhook)
        tokens = [token_of(n) for n in range(1, asked.devices + 1)]
        line = json.dumps({"url": gateway.url, "tokens": tokens, "pid": os.getpid()})
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    await run_gateway(load_config({}, flags), on_ready=ready)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
