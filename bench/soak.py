"""A long run of everything at once: does memory stay flat, are files and threads given back, is nothing lost?

    python -m bench.soak [--minutes 30] [--rate 60] [--database DSN]

A gateway in a process of its own, and the simulated network in another, whose memory is not ours (it remembers what
it took); callers, people, browsers and the receiver of webhooks in this one. They send singly, to many, later, with
a file, and wrongly; people write; pages are read; streams come and go; every fiftieth webhook is told to come again
in a second. Prints a line a minute, and in the end how memory grew from the second third on: caches and pools have
filled by then. The last to fill is the writer's page cache, 17 MB after some 15,000 messages: at the usual rate in
the fourth minute, so a run must have three times as many.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web

from bench._gateway import QUICK
from bench.accept import Served, rss_mb

ACCOUNT_TOKEN = "A" * 32
PAGES = ("home", "devices", "messages?limit=50", "messages/counts", "requests", "webhooks", "messages?q=halo")
STREAMS, STREAM_S = 20, (5.0, 30.0)
SAMPLE_S = 10.0
SETTLE_S = 120.0
UNREAD = ("queued", "sending", "sent", "delivered", "failed", "cancelled", "expired", "uncertain")
FILE = b"\x89PNG\r\n\x1a\n" + bytes(200_000)
FLAT = 0.05
"""Memory that grew by no more of itself."""


@dataclass(frozen=True)
class Sample:
    """What the gateway holds at a moment."""

    at_s: float
    memory_mb: float
    files: int
    threads: int
    disk_mb: float


def sample(served: Served, began: float) -> Sample:
    process = Path(f"/proc/{served.pid}")
    threads = len(list((process / "task").iterdir()))
    disk = sum(path.stat().st_size for path in served.folder.rglob("*") if path.is_file())
    files = len(list((process / "fd").iterdir()))
    return Sample(time.perf_counter() - began, rss_mb(served.pid), files, threads, disk / 1e6)


@dataclass
class Told:
    """What the receiver was told: each event once, however often it comes."""

    read: int = 0
    repeated: int = 0
    _seen: set[int] = field(default_factory=set)
    _calls: "itertools.count[int]" = field(default_factory=itertools.count)

    async def hook(self, request: web.Request) -> web.Response:
        state = (await request.json()).get("state")
        if next(self._calls) % 50 == 49:
            return web.Response(status=503, headers={"retry-after": "1"})
        event = hash(request.headers["webhook-id"])
        self.repeated += event in self._seen
        self.read += state == "read" and event not in self._seen
        self._seen.add(event)
        return web.Response()


async def receive(told: Told) -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_post("/hook", told.hook)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}/hook"


class Traffic:
    """Everything that somebody does to the gateway, again and again until `stop_at`."""

    def __init__(self, client: aiohttp.ClientSession, served: Served, stop_at: float) -> None:
        self._client, self._served, self._stop_at = client, served, stop_at
        self._url = served.url.geturl()
        self.accepted = self.refused = self.failed = 0

    async def at_rate(self, rate: float, act: Callable[[], Awaitable[None]]) -> None:
        """`act` so often a second; what is late is not caught up."""
        async with asyncio.TaskGroup() as group:
            while time.perf_counter() < self._stop_at:
                group.create_task(self._tried(act))
                await asyncio.sleep(1 / rate)

    async def _tried(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except aiohttp.ClientError as error:
            self.failed += 1
            sys.stdout.write(f"{error!r}\n")

    async def _post(self, path: str, token: str, data: object) -> bool:
        headers = {"Authorization": token}
        async with self._client.post(f"{self._url}{path}", data=data, headers=headers) as answer:
            return bool((await answer.json(content_type=None)).get("status"))

    async def send(self) -> None:
        count, fields = random.choice(
            [(1, {}), (1, {}), (1, {}), (1, {"schedule": str(int(time.time()) + 5)}), (20, {"delay": "0.1"})]
        )
        people = ",".join(person() for _ in range(count))
        data = {"target": people, "message": "halo {name} dari toko", **fields}
        if await self._post("/send", random.choice(self._served.tokens), data):
            self.accepted += count

    async def send_file(self) -> None:
        form = aiohttp.FormData({"target": person(), "message": "brosur"})
        form.add_field("file", FILE, filename="brosur.png", content_type="image/png")
        is_accepted = await self._post("/send", random.choice(self._served.tokens), form)
        self.accepted += is_accepted

    async def send_wrongly(self) -> None:
        token = random.choice(["", "nobody's", self._served.tokens[0]])
        is_accepted = await self._post("/send", token, {"target": "12", "message": ""})
        self.refused += not is_accepted

    async def say(self) -> None:
        body = {"device": random.randint(1, len(self._served.tokens)), "text": "halo, masih ada?"}
        await self._v1("POST", f"simulator/people/{person()}/messages", json=body)

    async def look(self) -> None:
        await self._v1("GET", random.choice(PAGES))

    async def _v1(self, method: str, path: str, **more: object) -> None:
        headers = {"Authorization": f"Bearer {ACCOUNT_TOKEN}"}
        async with self._client.request(method, f"{self._url}/api/v1/{path}", headers=headers, **more) as answer:  # type: ignore[arg-type]
            self.failed += answer.status >= 500
            await answer.read()

    async def unread(self) -> dict[str, int]:
        """How many messages are (still) in each state but read, at most 100 of each, with their codes."""
        found: Counter[str] = Counter()
        headers = {"Authorization": f"Bearer {ACCOUNT_TOKEN}"}
        for state in UNREAD:
            url = f"{self._url}/api/v1/messages?state={state}&limit=100"
            async with self._client.get(url, headers=headers) as answer:
                for message in (await answer.json())["items"]:
                    found[f"{state} {message['code'] or ''}".strip()] += 1
        return dict(found)

    async def listen(self) -> None:
        """A browser that opens the stream, stays a while and goes."""
        headers = {"Authorization": f"Bearer {ACCOUNT_TOKEN}"}
        while (left := self._stop_at - time.perf_counter()) > 0:
            try:
                async with asyncio.timeout(min(left, random.uniform(*STREAM_S))):
                    async with self._client.get(f"{self._url}/api/v1/events", headers=headers) as answer:
                        async for _ in answer.content.iter_any():
                            pass
            except TimeoutError:
                continue


def person() -> str:
    return f"62812{random.randrange(5_000):07}"


@contextlib.contextmanager
def network() -> Iterator[str]:
    """The socket of a simulated network that answers fast."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.toml"
        script.write_text(QUICK)
        command = [
            sys.executable,
            "-m",
            "merpati.transports.simulator",
            "--folder",
            folder,
            "--faults",
            str(script),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield process.stdout.readline().strip()
            finally:
                process.send_signal(signal.SIGTERM)


async def run(asked: argparse.Namespace, socket: str) -> None:
    told = Told()
    receiver, hook = await receive(told)
    arguments = ["--devices", "20", "--connected", "--webhook", hook, "--network", socket]
    arguments += ["--database", asked.database] if asked.database else []
    served = await asyncio.to_thread(Served, *arguments)
    began = time.perf_counter()
    samples = [sample(served, began)]
    limits = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None, sock_connect=30)
    async with aiohttp.ClientSession(connector=limits[0], timeout=limits[1]) as client:
        traffic = Traffic(client, served, began + asked.minutes * 60)
        watching = asyncio.create_task(watch(served, began, samples, traffic))
        await asyncio.gather(
            traffic.at_rate(asked.rate / 4.8, traffic.send),
            traffic.at_rate(0.5, traffic.send_file),
            traffic.at_rate(2, traffic.send_wrongly),
            traffic.at_rate(3, traffic.say),
            traffic.at_rate(2, traffic.look),
            *(traffic.listen() for _ in range(STREAMS)),
        )
        watching.cancel()
        settled = await come_to_rest(traffic, told)
        unread = await traffic.unread()
    report(samples, traffic, told, settled, unread)
    served.stop()
    await receiver.cleanup()


async def watch(served: Served, began: float, samples: list[Sample], traffic: Traffic) -> None:
    while True:
        await asyncio.sleep(SAMPLE_S)
        samples.append(now := sample(served, began))
        if len(samples) % 6 == 1:
            sys.stdout.write(f"{now.at_s / 60:5.1f} min  {line_of(now)}, {traffic.accepted} accepted\n")
            sys.stdout.flush()


async def come_to_rest(traffic: Traffic, told: Told) -> float:
    """The seconds until all that was accepted is read and told; at most `SETTLE_S`."""
    began = time.perf_counter()
    while told.read < traffic.accepted and time.perf_counter() - began < SETTLE_S:  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    return time.perf_counter() - began


def line_of(at: Sample) -> str:
    return f"{at.memory_mb:.0f} MB, {at.files} files, {at.threads} threads, {at.disk_mb:.0f} MB on disk"


def report(samples: list[Sample], traffic: Traffic, told: Told, settled: float, unread: dict[str, int]) -> None:
    steady = samples[len(samples) // 3 :]
    tenth = max(len(steady) // 10, 1)
    first = statistics.median(each.memory_mb for each in steady[:tenth])
    last = statistics.median(each.memory_mb for each in steady[-tenth:])
    an_hour = statistics.linear_regression([s.at_s / 3600 for s in steady], [s.memory_mb for s in steady]).slope
    verdict = "flat" if last <= first * (1 + FLAT) else "it grows"
    lines = [
        f"at the start         {line_of(samples[0])}",
        f"at the end           {line_of(samples[-1])}",
        f"memory, second third {first:.1f} MB; end {last:.1f} MB ({last / first - 1:+.1%}; {an_hour:+.1f} MB/h)",
        f"which is             {verdict}",
        f"accepted, read       {traffic.accepted}, {told.read} (lost {traffic.accepted - told.read})",
        f"not read, by state   {unread or 'none'}",
        f"refused, failed      {traffic.refused}, {traffic.failed}",
        f"webhooks repeated    {told.repeated}",
        f"at rest after        {settled:.1f} s",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=60, help="messages a second")
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    random.seed(os.environ.get("MERPATI_SOAK_SEED", "1"))
    with network() as socket:
        uvloop.run(run(asked, socket))


if __name__ == "__main__":
    main()
