"""Live streams: what 200 browsers cost at 200 facts a second.

    python -m bench.live [--streams 200] [--rate 200] [--seconds 10]

A gateway in a process of its own takes `/send` at the rate (each is a fact), once without and once with streams;
its time on the processor comes from `/proc`. Prints the cost of the streams, their memory, and how late facts come.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import aiohttp
import uvloop

TOKEN = "A" * 32
"""Of the account that `bench._gateway` makes."""
TICK_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK_S


def rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def follow(client: aiohttp.ClientSession, url: str, late: list[float], counts: list[int], n: int) -> None:
    """One stream; the first one measures how late facts come, the others are counted."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with client.get(f"{url}/api/v1/events", headers=headers) as answer:
        async for piece in answer.content.iter_any():
            counts[n] += piece.count(b"event: fact")
            if n == 0:
                late += [time.time() - at for at in instants(piece)]


def instants(piece: bytes) -> list[float]:
    parts = piece.split(b'"at":"')[1:]
    return [datetime.fromisoformat(part[:24].decode().replace("Z", "+00:00")).timestamp() for part in parts]


async def load(client: aiohttp.ClientSession, url: str, token: str, rate: int, seconds: float) -> int:
    """`/send` at this rate; answers how many."""
    loop, sent = asyncio.get_running_loop(), 0
    began, open_calls = loop.time(), set[asyncio.Task[None]]()
    while (now := loop.time() - began) < seconds:
        while sent < now * rate:
            task = loop.create_task(send(client, url, token))
            open_calls.add(task)
            task.add_done_callback(open_calls.discard)
            sent += 1
        await asyncio.sleep(0.005)
    await asyncio.gather(*open_calls)
    return sent


async def send(client: aiohttp.ClientSession, url: str, token: str) -> None:
    fields = {"target": "081234567890", "message": "halo", "connectOnly": "false"}
    async with client.post(f"{url}/send", data=fields, headers={"Authorization": token}) as answer:
        await answer.read()


async def measure(asked: argparse.Namespace, url: str, token: str, pid: int) -> None:
    no_end = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=no_end) as client:
        await load(client, url, token, asked.rate, 2)
        before, memory = cpu_s(pid), rss_mb(pid)
        await load(client, url, token, asked.rate, asked.seconds)
        alone = (cpu_s(pid) - before) / asked.seconds
        late, counts = list[float](), [0] * asked.streams
        streams = [asyncio.create_task(follow(client, url, late, counts, n)) for n in range(asked.streams)]
        await asyncio.sleep(2)
        opened = rss_mb(pid)
        before = cpu_s(pid)
        sent = await load(client, url, token, asked.rate, asked.seconds)
        together = (cpu_s(pid) - before) / asked.seconds
        await asyncio.sleep(1)
        for stream in streams:
            stream.cancel()
        told = f"{min(counts)} to {max(counts)} of {sent}"
        say(f"facts told to each stream      {told}")
        say(f"processor, without / with      {alone:.1%} / {together:.1%} of a core")
        say(f"memory, without / with / after {memory:.0f} / {opened:.0f} / {rss_mb(pid):.0f} MB")
        late.sort()
        say(f"late: median, p99              {statistics.median(late):.3f} s, {late[len(late) * 99 // 100]:.3f} s")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench._gateway", "--data", folder, "--devices", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
            assert gateway.stdout is not None
            ready = json.loads(gateway.stdout.readline())
            try:
                uvloop.run(measure(asked, ready["url"], ready["tokens"][0], ready["pid"]))
            finally:
                began = time.monotonic()
                gateway.send_signal(signal.SIGTERM)
                gateway.wait()
                say(f"stopped in                     {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
