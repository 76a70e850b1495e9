"""How fast the simulated network is: hand-over, acknowledgement and two receipts a message; and 1,000 idle devices.

Run: `python -m bench.simulator [messages]`. Prints a table; never fails.
"""

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

from merpati.core.ids import Address, DeviceId, WireRef
from merpati.transports.port import AnyEvent, Outbound, Receipt, SessionState, State, Text
from merpati.transports.simulator.link import SimulatorLink, open_link
from merpati.transports.simulator.settings import Settings
from merpati.transports.simulator.transport import SimulatorTransport

DEVICES = 100
IDLE = 1_000


class Counter:
    """Counts receipts and open sessions."""

    def __init__(self) -> None:
        self.receipts = self.open = 0
        self.wanted = 0
        self.reached = asyncio.Event()

    async def emit(self, event: AnyEvent) -> None:
        if isinstance(event, Receipt):
            self.receipts += 1
        elif isinstance(event, State) and event.state is SessionState.OPEN:
            self.open += 1
        if self.receipts + self.open >= self.wanted:
            self.reached.set()

    async def until(self, number: int) -> None:
        self.wanted = number
        self.reached.clear()
        if self.receipts + self.open < number:
            await self.reached.wait()


async def devices(link: SimulatorLink, number: int, counter: Counter) -> list[SimulatorTransport]:
    """So many devices with an open session."""
    made = []
    for n in range(number):
        phone = Address(f"62811{n:08d}")
        await link.phone.add_device(phone)
        transport = link.transport(DeviceId(n), phone)
        await transport.start(counter.emit)
        made.append(transport)
    await counter.until(number)
    return made


async def send_all(transport: SimulatorTransport, device: int, number: int) -> None:
    for n in range(number):
        person = Address(f"62812{device:04d}{n:05d}")
        content = Text(body=f"Pesanan {n} sudah dikirim, terima kasih sudah berbelanja di toko kami.")
        await transport.send(Outbound(ref=WireRef(f"3EB0{device:08X}{n:012X}"), chat=person, content=content))


async def lives(link: SimulatorLink, messages: int) -> tuple[float, float]:
    """Messages a second of wall time and of this process's CPU time, until every receipt is confirmed."""
    counter = Counter()
    transports = await devices(link, DEVICES, counter)
    wall, cpu = time.perf_counter(), time.process_time()
    each = messages // DEVICES
    await asyncio.gather(*(send_all(transport, n, each) for n, transport in enumerate(transports)))
    await counter.until(DEVICES + 2 * each * DEVICES)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return each * DEVICES / wall, each * DEVICES / cpu


async def in_process(messages: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        link = await open_link(Path(folder), settings=Settings(scale=0))
        wall, cpu = await lives(link, messages)
        await link.close()
        print(f"| network and client in one process | {wall:,.0f} | {cpu:,.0f} |")
        start = time.perf_counter()
        again = await open_link(Path(folder), settings=Settings(scale=0))
        print(f"| replay of that journal at the start | {messages / (time.perf_counter() - start):,.0f} | |")
        await again.close()


async def over_socket(messages: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        network = await asyncio.create_subprocess_exec(*_command(folder), stdout=asyncio.subprocess.PIPE)
        assert network.stdout is not None
        link = await open_link(socket=Path((await network.stdout.readline()).decode().strip()))
        wall, cpu = await lives(link, messages)
        await link.close()
        network.terminate()
        await network.wait()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        network_s = used.ru_utime + used.ru_stime
        print(f"| client, network in another process | {wall:,.0f} | {cpu:,.0f} |")
        print(f"| that network | | {messages / network_s:,.0f} |")


def _command(folder: str) -> list[str]:
    script = Path(folder, "script.toml")
    script.write_text("[network]\nscale = 0\n")
    command = [sys.executable, "-m", "merpati.transports.simulator", "--folder", folder]
    return [*command, "--faults", str(script)]


async def idle() -> None:
    with tempfile.TemporaryDirectory() as folder:
        link = await open_link(Path(folder), settings=Settings(scale=0))
        before, start = _resident_mb(), time.perf_counter()
        await devices(link, IDLE, Counter())
        opened_s, grown_mb = time.perf_counter() - start, _resident_mb() - before
        cpu = time.process_time()
        await asyncio.sleep(2)
        cpu_share = (time.process_time() - cpu) / 2
        await link.close()
    print(f"| {IDLE:,} idle devices | opened in {opened_s:.2f} s, {grown_mb:.1f} MB | {cpu_share:.2%} of a core |")


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def main() -> None:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"{messages:,} messages, {DEVICES} devices, one in flight each; hand-over, ack, two receipts\n")
    print("| part | messages/s (wall) | messages/s (CPU) |\n| --- | --- | --- |")
    await idle()
    await in_process(messages)
    await over_socket(messages)


if __name__ == "__main__":
    asyncio.run(main())
