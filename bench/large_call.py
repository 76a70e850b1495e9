"""100,000 targets in one call: `python -m bench.large_call [--database DSN] [--targets 100000]`.

How long the caller waits, how long live calls beside it wait, how fast the messages are made, and what it takes.
"""

import argparse
import asyncio
import json
import time
from urllib.parse import urlencode

import aiohttp
import uvloop

from bench.accept import Caller, Served, fsync_ms, request_of, rss_mb

TEXT = "Halo {name}, pesanan {var1} sudah dikirim dan tiba besok. Terima kasih!"


def large_request(host: str, token: str, targets: int) -> bytes:
    listed = ",".join(f"08{n + 10**9}|Nama {n}|A{n}" for n in range(targets))
    body = urlencode({"target": listed, "message": TEXT, "connectOnly": "false"}).encode()
    head = (
        f"POST /send HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def queued(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        for line in (await answer.text()).splitlines():
            if line.startswith("merpati_outbox_messages "):
                return int(float(line.split()[1]))
    return 0


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", default="")
    parser.add_argument("--targets", type=int, default=100_000)
    asked = parser.parse_args()
    served = await asyncio.to_thread(
        Served, "--devices", "2", *(("--database", asked.database) if asked.database else ())
    )
    host, port, url = served.url.hostname or "", served.url.port or 0, served.url.geturl()
    large, live = Caller(host, port), Caller(host, port)
    await large.open()
    await live.open()
    idle, small = rss_mb(served.pid), request_of(host, served.tokens[1], "urlencoded")
    waits: list[float] = []
    done = asyncio.Event()

    async def beside() -> None:
        while not done.is_set():
            began = time.perf_counter()
            await live.call(small)
            waits.append((time.perf_counter() - began) * 1e3)
            await asyncio.sleep(0.01)

    living = asyncio.create_task(beside())
    began = time.perf_counter()
    answer = json.loads(await large.call(large_request(host, served.tokens[0], asked.targets)))
    accepted = time.perf_counter() - began
    while await queued(url) < asked.targets:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    made = time.perf_counter() - began - accepted
    peak = rss_mb(served.pid)
    done.set()
    await living
    waits.sort()
    print(f"{'PostgreSQL' if asked.database else 'SQLite FULL'}, fdatasync {fsync_ms(served.folder):.2f} ms\n")
    print("| measure | figure |\n| --- | --- |")
    print(f"| {len(answer['id']):,} targets accepted after (s) | {accepted:.2f} |")
    print(f"| messages made per second | {asked.targets / max(made, 1e-9):,.0f} |")
    print(f"| live call beside it, p50 / p99 / longest (ms) | {waits[len(waits) // 2]:.1f} / ", end="")
    print(f"{waits[int(len(waits) * 0.99)]:.1f} / {waits[-1]:.1f} |")
    print(f"| memory before, after (MB) | {idle:.0f}, {peak:.0f} |")
    served.stop()


if __name__ == "__main__":
    uvloop.run(main())
