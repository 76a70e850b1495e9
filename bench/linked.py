"""Linked devices against the fake WhatsApp: memory for each session, messages a second, delay, and the window in
which a kill loses what came. Prints figures; never fails a build.

    python -m bench.linked            memory for 1 and 10 sessions, rates, the window
    python -m bench.linked 50         and for so many
    python -m bench.linked window     the window alone
    python -m bench.linked churn 20   so many come and go in one worker while as many send

The fake is pure Python and runs on the same machine, in this process: it is part of every figure of time.
"""

import asyncio
import os
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.conformance.transport_rig import Heard, text
from tests.transports.linked.rig import settings_of

from merpati.core.clock import SystemClock
from merpati.core.ids import Address, DeviceId
from merpati.fakes.whatsapp import acting
from merpati.fakes.whatsapp.pairing import scan
from merpati.fakes.whatsapp.phones import Phone
from merpati.fakes.whatsapp.server import FakeWhatsapp, open_whatsapp
from merpati.transports.linked.link import LinkedLink
from merpati.transports.linked.process import Beats
from merpati.transports.linked.transport import LinkedTransport
from merpati.transports.port import AnyEvent, Inbound, PairHow, PairQr, SessionState

BOB = "6282222222222"
SENDS, COMES, KILLS = 200, 200, 12


class Fleet:
    """So many paired devices, in workers of so many each."""

    def __init__(self, fake: FakeWhatsapp, folder: Path, each: int) -> None:
        self.fake = fake
        beats = Beats(first_wait=0.05, longest_wait=0.1)
        self.link = LinkedLink(
            settings_of(fake, folder, root=folder / "linked", devices_per_worker=each, beats=beats), SystemClock()
        )
        found = [phone for phone in fake.network.phones if phone.number == BOB]
        self.bob = found[0] if found else fake.network.add_phone(BOB, "Bob")
        self.devices: list[tuple[LinkedTransport, Heard, Phone]] = []

    async def grow(self, count: int) -> None:
        while len(self.devices) < count:
            number = len(self.devices)
            owner = self.fake.network.add_phone(f"6281{number:09}")
            transport, heard = self.link.transport(DeviceId(number)), Heard()
            await transport.start(heard.emit)
            await transport.pair(PairHow.QR)
            await scan(self.fake.network, owner, (await heard.count(PairQr))[0].code)
            await heard.state(SessionState.OPEN)
            self.devices.append((transport, heard, owner))

    async def end(self) -> None:
        for transport, *_ in self.devices:
            await transport.stop()
        await self.link.close()


def pss_mb(pid: int) -> float:
    """What a process costs the machine: shared pages are shared out."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1_000


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tell(what: str, *figures: str) -> None:
    print(f"{what:<44}", "  ".join(figures), flush=True)


def milliseconds(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    return f"median {statistics.median(ordered) * 1e3:.1f} ms, p95 {ordered[int(len(ordered) * 0.95)] * 1e3:.1f} ms"


async def memory(fake: FakeWhatsapp, folder: Path, most: int) -> None:
    for each in (1, most):
        fleet = Fleet(fake, folder / f"memory-{each}", each)
        for count in sorted({1, min(10, most), most}):
            if each == 1 and count > 10:
                continue
            await fleet.grow(count)
            pids = [worker.pid for worker in fleet.link.workers if worker.pid]
            total = sum(map(pss_mb, pids))
            tell(f"{count} sessions, {len(pids)} worker(s)", f"{total:.0f} MB PSS", f"{total / count:.1f} MB each")
        await fleet.end()


async def rates(fake: FakeWhatsapp, folder: Path) -> None:
    fleet = Fleet(fake, folder / "rates", 1)
    await fleet.grow(1)
    transport, heard, shop = fleet.devices[0]
    pid = fleet.link.workers[0].pid or 0
    began, cpu, took = time.perf_counter(), cpu_s(pid), []
    for number in range(SENDS):
        at = time.perf_counter()
        await transport.send(text(f"s{number}", Address(BOB), f"pesan {number}"))
        took.append(time.perf_counter() - at)
    wall = time.perf_counter() - began
    per = (cpu_s(pid) - cpu) / SENDS * 1e3
    tell("send, one after the other", f"{SENDS / wall:.0f}/s", milliseconds(took), f"worker {per:.1f} ms CPU each")
    began, cpu = time.perf_counter(), cpu_s(pid)
    said: dict[str, float] = {}
    delays: list[float] = []
    transport_heard = heard.emit

    async def emit(event: AnyEvent) -> None:
        if isinstance(event, Inbound) and event.wa_id in said:
            delays.append(time.perf_counter() - said[event.wa_id])
        await transport_heard(event)

    await transport.stop()
    await transport.start(emit)
    await heard.state(SessionState.OPEN)
    began, cpu = time.perf_counter(), cpu_s(pid := fleet.link.workers[-1].pid or 0)
    for number in range(COMES):
        at = time.perf_counter()
        said[await acting.say(fake.network, fleet.bob, shop, f"masuk {number}")] = at
    await heard.until(lambda: len(heard.of(Inbound)) >= COMES)
    wall = time.perf_counter() - began
    per = (cpu_s(pid) - cpu) / COMES * 1e3
    tell("receive, as fast as the fake writes", f"{COMES / wall:.0f}/s", f"worker {per:.1f} ms CPU each")
    delays.clear()
    for number in range(30):
        at = time.perf_counter()
        said[await acting.say(fake.network, fleet.bob, shop, f"satu {number}")] = at
        await heard.count(Inbound, COMES + number + 1)
    tell("from a phone to the gateway, alone", milliseconds(delays))
    await fleet.end()


def opened_again(heard: Heard, opens: int) -> bool:
    return heard.states().count(SessionState.OPEN) > opens


async def window(fake: FakeWhatsapp, folder: Path) -> None:
    """Kill the worker while messages pour in: which of those that WhatsApp saw acknowledged were never told?"""
    fleet = Fleet(fake, folder / "window", 1)
    await fleet.grow(1)
    _, heard, shop = fleet.devices[0]
    [device] = shop.devices.values()
    said: list[str] = []
    for _ in range(KILLS):
        opens = heard.states().count(SessionState.OPEN)
        for number in range(20):
            said.append(await acting.say(fake.network, fleet.bob, shop, f"{number}"))
            await asyncio.sleep(0)
        os.kill(fleet.link.workers[0].pid or 0, signal.SIGKILL)
        await heard.until(partial(opened_again, heard, opens))
    await asyncio.sleep(1)
    got = {event.wa_id for event in heard.of(Inbound)}
    lost = [each for each in said if each not in got and ("message", each) not in device.waiting]
    tell(
        f"{KILLS} kills while {len(said)} messages pour in",
        f"{len(lost)} acknowledged and never told ({len(lost) / KILLS:.2f} for each kill)",
    )
    await fleet.end()


async def lag(fake: FakeWhatsapp, folder: Path) -> None:
    """How long after WhatsApp saw the acknowledgement is a message kept by the worker?"""
    fleet = Fleet(fake, folder / "lag", 1)
    await fleet.grow(1)
    transport, heard, shop = fleet.devices[0]
    [device] = shop.devices.values()
    store = sqlite3.connect(folder / "lag" / "linked" / "0" / "worker.db")
    stuck = asyncio.Event()

    async def hold(event: AnyEvent) -> None:
        if isinstance(event, Inbound):
            await stuck.wait()
        await heard.emit(event)

    await transport.stop()
    await transport.start(hold)
    await heard.state(SessionState.OPEN)
    lags: list[float] = []
    for number in range(60):
        id_ = await acting.say(fake.network, fleet.bob, shop, f"{number}")
        acked = kept = 0.0
        while not (acked and kept):
            now = time.perf_counter()
            if not acked and ("message", id_) not in device.waiting:
                acked = now
            if not kept and store.execute("SELECT count(*) FROM news WHERE code = 17").fetchone()[0] > number:
                kept = now
            await asyncio.sleep(0)
        lags.append(kept - acked)
    late = [each for each in lags if each > 0]
    tell(
        "from WhatsApp's receipt of the ack to kept",
        f"kept first in {len(lags) - len(late)} of {len(lags)}; else {milliseconds(late) if late else 'never'}",
        f"at most {max(lags) * 1e3:.1f} ms",
    )
    stuck.set()
    store.close()
    await fleet.end()


async def churn(fake: FakeWhatsapp, folder: Path, count: int) -> None:
    """Half come and go, half send; all in one worker."""
    fleet = Fleet(fake, folder / "churn", count)
    await fleet.grow(count)
    moving, staying = fleet.devices[: count // 2], fleet.devices[count // 2 :]
    done, sent, turns = asyncio.Event(), 0, 0

    async def send(transport: LinkedTransport, number: int) -> None:
        nonlocal sent
        while not done.is_set():
            await transport.send(text(f"{number}-{sent}", Address(BOB)))
            sent += 1

    async def come_and_go(transport: LinkedTransport, heard: Heard) -> None:
        nonlocal turns
        until = time.perf_counter() + 30
        while time.perf_counter() < until:
            await transport.stop()
            await transport.start(heard.emit)
            await heard.state(SessionState.OPEN)
            turns += 1

    sending = [asyncio.create_task(send(transport, n)) for n, (transport, *_) in enumerate(staying)]
    await asyncio.gather(*(come_and_go(transport, heard) for transport, heard, _ in moving))
    done.set()
    await asyncio.gather(*sending)
    starts = [worker.starts for worker in fleet.link.workers]
    tell(f"{count} devices in one worker, 30 s", f"{turns} starts and stops, {sent} sent, worker started {starts}")
    await fleet.end()


async def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="merpati-bench-") as name:
        folder = Path(name)
        for each in ("memory-1", "memory-10", "memory-50", "rates", "window", "lag", "churn"):
            (folder / each).mkdir()
        async with open_whatsapp() as fake:
            if arguments[:1] == ["churn"]:
                await churn(fake, folder, int(arguments[1]))
                return
            most = int(arguments[0]) if arguments[:1] not in ([], ["window"]) else 10
            (folder / f"memory-{most}").mkdir(exist_ok=True)
            if arguments[:1] != ["window"]:
                await memory(fake, folder, most)
                await rates(fake, folder)
            await lag(fake, folder)
            await window(fake, folder)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
