"""Webhook deliveries: how many a second to one fast receiver, and how late they are at half that load.

    python -m bench.webhooks [--facts 20000] [--devices 50]
    python -m bench.webhooks --endpoints 1,10,100 [--dead 1] [--facts 2000]
    python -m bench.webhooks --hanging 1 [--rate 500]
    python -m bench.webhooks --crowd 1500 [--rate 500]

With `--endpoints` every one of so many endpoints of the account hears every fact; `--dead` of them take connections
and never answer. With `--hanging`: how late one endpoint is told alone, and beside so many that hang, in turns.
With `--crowd`: beside another account with so many devices, each of which has an event for an address that hangs;
from the third second on, when all of them do: a second long their calls begin.

The receiver is a process of its own, which answers 200 as fast as it can; facts are recorded by hand.
"""

import argparse
import asyncio
import contextlib
import functools
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar, cast

import uvloop

from merpati.core.clock import SystemClock
from merpati.core.facts import MessageSent
from merpati.core.ids import AccountId, Address, DeviceId, EndpointId, Incarnation, MessageId, WaId
from merpati.egress.client import Egress
from merpati.log.actions import open_account, record
from merpati.log.model import Recorded
from merpati.storage.migrate import migrate
from merpati.storage.nodes import join_node
from merpati.storage.port import Storage, Tx
from merpati.storage.sqlite import SqliteStorage
from merpati.webhooks.actions import NewEndpoint, Wanted, add_endpoint, set_endpoint
from merpati.webhooks.model import Card, EndpointKind
from merpati.webhooks.runner import Webhooks
from merpati.webhooks.signing import format_secret

T = TypeVar("T")
ACCOUNT, CROWD, ME = AccountId(1), AccountId(2), Incarnation("bench")
HOOK, DEAD = b"/hook", b"/dead"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class FastReceiver(asyncio.Protocol):
    """Counts requests by the header that ends each; notes when each fact came."""

    def __init__(self, arrived: list[tuple[bytes, float]]) -> None:
        self._arrived, self._buffer = arrived, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            path = head.split(b" ", 2)[1]
            if path == DEAD:
                continue
            event = head.split(b"webhook-id: ")[1].split(b"\r\n")[0]
            self._arrived.append((event if path == HOOK else event + path, time.time()))
            self._transport.write(ANSWER)


def receive(pipe: Connection) -> None:
    """The receiver's process: tells its port, then, when asked, what has arrived."""

    async def serve() -> None:
        arrived: list[tuple[bytes, float]] = []
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: FastReceiver(arrived), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        while await loop.run_in_executor(None, pipe.recv):
            pipe.send(arrived)

    uvloop.run(serve())


async def _record(tx: Tx, facts: Sequence[Recorded]) -> None:
    await tx.lock(sorted({fact.account for fact in facts}))
    await record(tx, facts)


def _facts(first: int, count: int, devices: int, account: AccountId = ACCOUNT) -> list[Recorded]:
    return [
        Recorded(
            account,
            MessageSent(
                DeviceId(1 + n % devices),
                MessageId(n),
                Address("6281234567890"),
                WaId(f"3EB0{n:012X}"),
                1_700_000_000_000,
            ),
        )
        for n in range(first, first + count)
    ]


async def _card(device: DeviceId) -> Card:
    return Card(f"62812{device:08}", "token")


def _runner(storage: Storage, egress: Egress) -> Webhooks:
    def unseal(_endpoint: EndpointId, sealed: str) -> str:
        return sealed

    return Webhooks(storage, ME, egress, cards=_card, unseal=unseal, clock=SystemClock(), rng=random.Random(1))


async def _prepare(storage: Storage, devices: int, port: int) -> None:
    await migrate(storage)
    await storage.write(open_account, ACCOUNT)
    await storage.write(join_node, ME, "bench", 1_000_000, exclusive=True)
    for device in range(1, devices + 1):
        new = NewEndpoint(EndpointId(device), format_secret(b"k" * 32))
        url = f"http://127.0.0.1:{port}/hook"
        await storage.write(set_endpoint, ACCOUNT, DeviceId(device), EndpointKind.STATUS, url, new)


async def _delivered(runner: Webhooks, facts: int) -> None:
    async with asyncio.timeout(120):
        while runner.callers.delivered < facts:  # noqa: ASYNC110 (the runner tells nobody)
            await asyncio.sleep(0.02)


async def _backlog(storage: Storage, runner: Webhooks, facts: int, devices: int) -> float:
    """Deliveries a second of facts that wait already."""
    for first in range(0, facts, 1_000):
        await storage.write(_record, _facts(first, min(1_000, facts - first), devices))
    began = time.perf_counter()
    task = asyncio.create_task(runner.run())
    await _delivered(runner, facts)
    took = time.perf_counter() - began
    await runner.stop()
    await task
    return facts / took


async def _paced(
    storage: Storage, runner: Webhooks, rate: float, seconds: float, devices: int, first: int, times: int = 1
) -> dict[bytes, float]:
    """Record facts at this rate, each to be delivered so many times; answers when each was committed."""
    task = asyncio.create_task(runner.run())
    committed: dict[bytes, float] = {}
    step_s = 0.02
    began = time.perf_counter()
    n = 0
    while (elapsed := time.perf_counter() - began) < seconds:
        due = int(elapsed * rate) - n
        if due > 0:
            await storage.write(_record, _facts(first + n, due, devices))
            runner.bell.ring()
            now = time.time()
            committed |= {b"1-%d" % (first + i + 1): now for i in range(n, n + due)}
            n += due
        await asyncio.sleep(step_s)
    await _delivered(runner, n * times)
    await runner.stop()
    await task
    return committed


async def measure(facts: int, devices: int, pipe: Connection, folder: Path) -> list[str]:
    """The table's lines."""
    port = pipe.recv()
    storage = await SqliteStorage.open(folder / "merpati.db", SystemClock())
    await _prepare(storage, devices, port)
    egress = Egress(["127.0.0.1"])
    rate = await _backlog(storage, _runner(storage, egress), facts, devices)
    pipe.send(True)
    got = len({event for event, _ in pipe.recv()})
    half = min(1_000.0, rate / 2)
    committed = await _paced(storage, _runner(storage, egress), half, 5.0, devices, facts)
    pipe.send(True)
    came = dict(reversed(pipe.recv()))
    delays = sorted((came[event] - at) * 1_000 for event, at in committed.items() if event in came)
    await egress.close()
    await storage.close()
    return [
        f"devices (lanes)               {devices}",
        f"facts waiting, delivered      {facts}, {got} different",
        f"deliveries a second           {rate:,.0f}",
        f"delay at {half:,.0f}/s, median      {statistics.median(delays):.0f} ms",
        f"delay at {half:,.0f}/s, 99 %        {delays[int(len(delays) * 0.99)]:.0f} ms",
    ]


async def _share(storage: Storage, endpoints: int, dead: int, port: int) -> None:
    """Endpoints of the whole account."""
    await migrate(storage)
    await storage.write(open_account, ACCOUNT)
    await storage.write(join_node, ME, "bench", 1_000_000, exclusive=True)
    for n in range(endpoints):
        path = "dead" if n < dead else f"hook/{n}"
        wanted = Wanted(name="x", kinds=(EndpointKind.STATUS,), devices=(), url=f"http://127.0.0.1:{port}/{path}")
        new = NewEndpoint(EndpointId(n + 1), format_secret(b"k" * 32))
        await storage.write(add_endpoint, ACCOUNT, wanted, new)


async def measure_shared(facts: int, devices: int, counts: tuple[int, int], pipe: Connection, folder: Path) -> str:
    """One line of the table: so many endpoints, of which so many are dead."""
    endpoints, dead = counts
    port = pipe.recv()
    storage = await SqliteStorage.open(folder / "merpati.db", SystemClock())
    await _share(storage, endpoints, dead, port)
    egress, living = Egress(["127.0.0.1"]), endpoints - dead
    runner = _runner(storage, egress)
    for first in range(0, facts, 1_000):
        await storage.write(_record, _facts(first, min(1_000, facts - first), devices))
    began = time.perf_counter()
    task = asyncio.create_task(runner.run())
    await _delivered(runner, facts * living)
    rate = facts * living / (time.perf_counter() - began)
    await runner.stop()
    await task
    half, runner = max(1.0, min(1_000.0, rate / 2) / living), _runner(storage, egress)
    committed = await _paced(storage, runner, half, 5.0, devices, facts, times=living)
    pipe.send(True)
    came = [(event.split(b"/")[0], at) for event, at in pipe.recv()]
    delays = sorted((at - committed[event]) * 1_000 for event, at in came if event in committed)
    await egress.close()
    await storage.close()
    late = delays[int(len(delays) * 0.99)]
    return (
        f"{endpoints:>9} {dead:>5} {rate:>16,.0f} {half * living:>12,.0f} {statistics.median(delays):>9.0f} ms "
        f"{late:>6.0f} ms"
    )


async def measure_beside(hanging: int, rate: float, devices: int, pipe: Connection, folder: Path) -> list[float]:
    """How late one endpoint was told, in ms and in order, beside so many that hang."""
    port = pipe.recv()
    storage = await SqliteStorage.open(folder / "merpati.db", SystemClock())
    await _share(storage, 1 + hanging, hanging, port)
    egress = Egress(["127.0.0.1"])
    committed = await _paced(storage, _runner(storage, egress), rate, 5.0, devices, 0)
    pipe.send(True)
    came = [(event.split(b"/")[0], at) for event, at in pipe.recv()]
    await egress.close()
    await storage.close()
    return sorted((at - committed[event]) * 1_000 for event, at in came if event in committed)


ALL_HANG_S = 2.0


async def measure_crowd(crowd: int, rate: float, devices: int, pipe: Connection, folder: Path) -> list[float]:
    """How late one endpoint was told, in ms and in order, while so many devices of another account hang."""
    port = pipe.recv()
    storage = await SqliteStorage.open(folder / "merpati.db", SystemClock())
    await _share(storage, 1, 0, port)
    await storage.write(open_account, CROWD)
    for device in range(1, crowd + 1):
        new, url = NewEndpoint(EndpointId(1 + device), format_secret(b"k" * 32)), f"http://127.0.0.1:{port}/dead"
        await storage.write(set_endpoint, CROWD, DeviceId(device), EndpointKind.STATUS, url, new)
    await storage.write(_record, _facts(0, crowd, max(1, crowd), CROWD))
    egress = Egress(["127.0.0.1"])
    hang_from = time.time() + ALL_HANG_S
    committed = await _paced(storage, _runner(storage, egress), rate, 5.0 + ALL_HANG_S, devices, 0)
    pipe.send(True)
    came = [(event.split(b"/")[0], at) for event, at in pipe.recv()]
    await egress.close()
    await storage.close()
    return sorted((at - committed[event]) * 1_000 for event, at in came if committed.get(event, 0.0) > hang_from)


ROUNDS = 3


Measure = Callable[[int, float, int, Connection, Path], Coroutine[Any, Any, list[float]]]


def beside(measure_one: Measure, hanging: int, rate: float, devices: int) -> Iterator[str]:
    """The table's lines; the rounds go in turns, so that what else the machine does is in both."""
    yield f"at {rate:,.0f}/s               median    95 %    99 %"
    late: dict[int, list[float]] = {0: [], hanging: []}
    for _ in range(ROUNDS):
        for others in late:
            measured = functools.partial(measure_one, others, rate, devices)
            delays = _with_receiver(measured)
            median, p95, p99 = (delays[int(len(delays) * part)] for part in (0.5, 0.95, 0.99))
            late[others].append(p95)
            yield f"beside {others:>4} that hang {median:>6.0f} ms {p95:>4.0f} ms {p99:>4.0f} ms"
    alone, with_others = (statistics.median(each) for each in late.values())
    yield f"95 %, median of {ROUNDS}: alone {alone:.0f} ms, beside {hanging} that hang {with_others:.0f} ms"


def _with_receiver(work: Callable[[Connection, Path], Coroutine[Any, Any, T]]) -> T:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=receive, args=(theirs,), daemon=True)
    process.start()
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(ours):
        done = uvloop.run(work(ours, Path(folder)))
        ours.send(False)
    process.join()
    return done


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--facts", type=int, default=20_000)
    arguments.add_argument("--devices", type=int, default=50)
    arguments.add_argument("--endpoints", default="")
    arguments.add_argument("--dead", type=int, default=1)
    arguments.add_argument("--hanging", type=int, default=0)
    arguments.add_argument("--crowd", type=int, default=0)
    arguments.add_argument("--rate", type=float, default=500)
    chosen = arguments.parse_args()
    if chosen.hanging or chosen.crowd:
        measure_one, hanging = (measure_crowd, chosen.crowd) if chosen.crowd else (measure_beside, chosen.hanging)
        for line in beside(measure_one, hanging, chosen.rate, chosen.devices):
            sys.stdout.write(line + "\n")
        return
    if not chosen.endpoints:
        lines = _with_receiver(lambda pipe, folder: measure(chosen.facts, chosen.devices, pipe, folder))
        sys.stdout.write("\n".join(lines) + "\n")
        return
    sys.stdout.write("endpoints  dead  deliveries/s      offered/s    median    99 %\n")
    for count in map(int, chosen.endpoints.split(",")):
        for dead in sorted({0, min(chosen.dead, count - 1)}):
            sys.stdout.write(_with_receiver(functools.partial(_shared_line, chosen, count, dead)) + "\n")


async def _shared_line(chosen: argparse.Namespace, count: int, dead: int, pipe: Connection, folder: Path) -> str:
    return await measure_shared(max(200, chosen.facts // count), chosen.devices, (count, dead), pipe, folder)


if __name__ == "__main__":
    main()
