"""Whole lives: accepted, sent, delivered, read, every fact logged, a webhook for each.

    python -m bench.lives [--database DSN] [--devices 1000] [--seconds 20] [--no-webhook]

A gateway with its simulated network in a process of its own; callers and the webhook receiver in this one. Callers
keep at most some thousand messages open, so that the rate is what is sustained. Prints a table.
"""

import argparse
import asyncio
import json
import random
import time
from urllib.parse import urlencode

import aiohttp
import uvloop
from aiohttp import web

from bench.accept import Caller, Served, cpu_s, fsync_ms, rss_mb

MOST_OPEN = 3_000


class Receiver:
    """Counts what comes; answers at once."""

    def __init__(self) -> None:
        self.sent = self.delivered = self.read = self.again = 0
        self.seen: set[str] = set()

    async def start(self) -> str:
        app = web.Application()
        app.router.add_post("/hook", self.hook)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}/hook"

    async def hook(self, request: web.Request) -> web.Response:
        state = json.loads(await request.read()).get("state")
        if (event := request.headers["webhook-id"]) in self.seen:
            self.again += 1
            return web.Response()
        self.seen.add(event)
        self.sent += state == "sent"
        self.delivered += state == "delivered"
        self.read += state == "read"
        return web.Response()


def request_of(host: str, token: str, n: int) -> bytes:
    target = f"62812{random.randrange(10**7):07}"
    body = urlencode({"target": target, "message": f"Halo nomor {n}"}).encode()
    head = (
        f"POST /send HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def counts(url: str) -> dict[str, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def asked_for() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", default="")
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--no-webhook", action="store_true")
    return parser.parse_args()


async def main() -> None:
    asked = asked_for()
    receiver = Receiver()
    hook = await receiver.start()
    arguments = ["--devices", str(asked.devices), "--connected"]
    arguments += [] if asked.no_webhook else ["--webhook", hook]
    arguments += ["--database", asked.database] if asked.database else []
    served = await asyncio.to_thread(Served, *arguments)
    host, port, url = served.url.hostname or "", served.url.port or 0, served.url.geturl()
    idle = rss_mb(served.pid)
    cpu = cpu_s(served.pid)
    await asyncio.sleep(5)
    idle_cpu = (cpu_s(served.pid) - cpu) / 5
    accepted = 0
    sent = 0.0
    stop_at = time.perf_counter() + asked.seconds

    async def work() -> None:
        nonlocal accepted
        caller = Caller(host, port)
        await caller.open()
        while time.perf_counter() < stop_at:
            if accepted - sent > MOST_OPEN:
                await asyncio.sleep(0.05)
                continue
            accepted += 1
            await caller.call(request_of(host, random.choice(served.tokens), accepted))

    async def watch() -> None:
        nonlocal sent
        while True:
            sent = (await counts(url)).get('merpati_handovers_total{outcome="sent"}', 0)
            await asyncio.sleep(0.3)

    watching = asyncio.create_task(watch())
    began, cpu = time.perf_counter(), cpu_s(served.pid)
    await asyncio.gather(*(work() for _ in range(32)))
    took, used = time.perf_counter() - began, cpu_s(served.pid) - cpu
    in_time = (sent, receiver.sent, receiver.delivered, receiver.read)
    while sent < accepted or (not asked.no_webhook and receiver.read < accepted):
        await asyncio.sleep(0.2)
        if time.perf_counter() - began > 10 * asked.seconds:
            break
    settled = time.perf_counter() - began
    watching.cancel()
    print(f"{'PostgreSQL' if asked.database else 'SQLite FULL'}, {asked.devices} devices without pacing, ", end="")
    print(f"fdatasync {fsync_ms(served.folder):.2f} ms")
    print("\n| measure | figure |\n| --- | --- |")
    print(f"| accepted/s while accepting | {accepted / took:,.0f} |")
    print(f"| sent/s in that time | {in_time[0] / took:,.0f} |")
    print(f"| webhooks sent, delivered, read in that time | {in_time[1:]} |")
    print(f"| whole lives/s, accepted until the last webhook | {accepted / settled:,.0f} |")
    print(f"| lost | {accepted - (receiver.read if not asked.no_webhook else int(sent))} of {accepted} |")
    print(f"| webhooks repeated | {receiver.again} |")
    print(f"| server CPU us a life | {used / max(accepted, 1) * 1e6:.0f} |")
    print(f"| memory idle, loaded (MB) | {idle:.0f}, {rss_mb(served.pid):.0f} |")
    print(f"| idle CPU of one core | {idle_cpu:.1%} |")
    print(f"| start with {asked.devices} devices connected (s) | {served.start_s:.1f} |")
    served.stop()


if __name__ == "__main__":
    uvloop.run(main())
