"""What Meta posts: how soon it is answered, beside a number's highest pace, and what a body costs in CPU.

    python -m bench.meta [--seconds 10] [--rate 320] [--database DSN]

Meta's rule: 3 statuses for each message that goes out, and as many coming in as go out: 320 bodies a second at 80
messages a second, answered within 250 ms by the median. A fake Meta and a gateway with one official number; its
messages go out first, then each one's statuses (sent, delivered, read) and as many messages of people are posted,
signed, at a steady rate, whether or not the one before is answered. Prints a table, and when all of it was worked.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from merpati.api.server import new_loop
from merpati.fakes.graph import hooks
from merpati.fakes.graph.hooks import SIGNATURE, Change, envelope, sign
from merpati.fakes.graph.seeding import Seeded, seed_world
from merpati.fakes.graph.server import Running, open_graph
from merpati.fakes.graph.settings import AT_ONCE

ACCOUNT = {"Authorization": f"Bearer {'A' * 32}"}
OUT_EACH = 4
"""Of so many bodies one is a message of a person, the others the statuses of one that went out."""
QUICK = msgspec.structs.replace(AT_ONCE, pair_every_ms=0, per_second=1_000)


class Bench:
    """A gateway with one official number, and the fake Meta that it speaks to."""

    def __init__(self, url: str, pid: int, running: Running, seeded: Seeded, client: aiohttp.ClientSession) -> None:
        self.url, self.pid, self.running, self.seeded, self.client = url, pid, running, seeded, client
        self.device = 0

    async def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        address = f"{self.url}/api/v1{path}"
        async with self.client.request(method, address, json=body, headers=ACCOUNT) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def set_up(self) -> None:
        new = {"name": "Resmi", "number": self.seeded.number.phone, "transport": "cloud_api"}
        self.device = (await self.ask("POST", "/devices", new))["device"]["id"]
        given = {
            "number_id": self.seeded.number.id,
            "business_id": self.seeded.business.id,
            "token": self.seeded.token,
            "app_secret": self.seeded.secret,
        }
        await self.ask("PUT", f"/devices/{self.device}/official", given)
        while not (await self.ask("GET", f"/devices/{self.device}"))["connected"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def send(self, count: int) -> None:
        """So many messages, until Meta has them all; nothing is told of them yet."""
        for first in range(0, count, 200):
            targets = ",".join(f"62812{n:08}" for n in range(first, min(first + 200, count)))
            await self.ask("POST", "/messages", {"device": self.device, "targets": targets, "text": "Halo"})
        while len(self.running.graph.world.lines) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    def bodies(self) -> Iterator[bytes]:
        """Statuses of what went out, each in its order, and as many messages of people between them."""
        graph, number = self.running.graph, self.seeded.number
        for line in list(graph.world.lines.values()):
            person, at = graph.world.people[line.person], graph.clock.now()
            yield from (envelope([hooks.status(number, person, line, state, at)]) for state in STATES)
            yield envelope([self._said()])

    def _said(self) -> Change:
        graph, person = self.running.graph, self.seeded.person
        line = graph.say(self.seeded.number, person, {"type": "text", "text": {"body": "Terima kasih"}})
        return hooks.message(self.seeded.number, person, line)

    async def post(self, body: bytes, took: list[float]) -> None:
        headers = {SIGNATURE: sign(self.seeded.secret, body), "Content-Type": "application/json"}
        began = time.perf_counter()
        async with self.client.post(f"{self.url}/meta/{self.device}", data=body, headers=headers) as answer:
            await answer.read()
            answer.raise_for_status()
        took.append(time.perf_counter() - began)


STATES = ("sent", "delivered", "read")


def cpu_of(pid: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(bench: Bench, rate: int) -> None:
    bodies, took = list(bench.bodies()), list[float]()
    cpu, began = cpu_of(bench.pid), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n, body in enumerate(bodies):
            await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
            group.create_task(bench.post(body, took))
    answered = time.perf_counter() - began
    while await waiting(bench):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    worked, used = time.perf_counter() - began, cpu_of(bench.pid) - cpu
    took.sort()
    late = [1e3 * took[len(took) * share // 100] for share in (50, 95, 99)]
    sys.stdout.write(
        f"{len(bodies) / answered:7.0f} bodies/s, answered after {late[0]:.1f} ms (median), {late[1]:.1f} (95 %), "
        f"{late[2]:.1f} (99 %); {used / len(bodies) * 1e6:.0f} us CPU a body; the last worked "
        f"{worked - answered:.1f} s after its answer\n"
    )


async def waiting(bench: Bench) -> bool:
    """Whether some message is not read yet."""
    pages = [await bench.ask("GET", f"/messages?device={bench.device}&state={each}&limit=1") for each in STATES[:2]]
    return any(page["items"] for page in pages)


async def run(asked: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_graph(QUICK) as running, aiohttp.ClientSession() as client:
            command = [sys.executable, "-m", "bench._gateway", "--data", folder, "--devices", "0"]
            command += ["--graph", f"{running.url}/v26.0"]
            command += ["--database", asked.database] if asked.database else []
            process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
            assert process.stdout is not None
            try:
                ready = json.loads(await process.stdout.readline())
                bench = Bench(ready["url"], ready["pid"], running, seed_world(running.graph), client)
                await bench.set_up()
                await bench.send(asked.seconds * asked.rate // OUT_EACH)
                await measure(bench, asked.rate)
            finally:
                process.terminate()
                await process.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rate", type=int, default=320)
    parser.add_argument("--database", default="")
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
