"""The simulated WhatsApp as a process of its own; its journal is the judge's first witness."""

import asyncio
from pathlib import Path

import msgspec

from merpati.core.clock import SystemClock
from merpati.core.ids import Address
from merpati.transports.simulator.entries import AnyEntry, Confirmed, Receipted, Said, Voted
from merpati.transports.simulator.journal import FILE
from merpati.transports.simulator.link import SimulatorLink, open_link
from merpati.transports.simulator.phone import Phone
from tests.faults.process import Process, until

QUICK = """
[network]
ack_ms = [5, 40]
delivered_ms = [20, 4000]
read_ms = [50, 400]
"""
"""A network that answers fast. Some phones get a message at once, so that a receipt settles what a kill left open;
others so late that the message is handed over again first."""
DISORDERLY = (
    QUICK
    + """
[[fault]]
do = "receipts_first"
every = 3

[[fault]]
do = "duplicate_receipts"
every = 2

[[fault]]
do = "shuffle_receipts"
every = 2
ms = 50
"""
)
"""Receipts come before the acknowledgement, twice, and in another order."""
START_S = 20.0


class Network(Process):
    """`phone` acts as the people; it needs the network running."""

    def __init__(self, folder: Path, script: str = QUICK) -> None:
        folder.mkdir(parents=True)
        self.folder, self.socket = folder, folder / "n.sock"
        (folder / "script.toml").write_text(script)
        super().__init__(
            "the network",
            "merpati.transports.simulator",
            *("--folder", str(folder), "--socket", str(self.socket), "--faults", str(folder / "script.toml")),
            log=folder / "log",
        )
        self._link: SimulatorLink | None = None
        self._seen: list[AnyEntry] = []
        self._read_bytes = 0
        self._decode = msgspec.json.Decoder(AnyEntry).decode_lines
        self._counted = 0
        self._told: dict[Address, int] = {}
        self._confirmed: dict[Address, int] = {}

    async def open(self) -> None:
        """Start, and link the people's phones to it."""
        await self.start()
        await until(self._answers, START_S, self.said())
        self._link = await open_link(socket=self.socket, clock=SystemClock())

    async def _answers(self) -> bool:
        assert self.running, self.said()
        try:
            _, writer = await asyncio.open_unix_connection(self.socket)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        writer.close()
        return True

    @property
    def phone(self) -> Phone:
        assert self._link is not None
        return self._link.phone

    def journal(self) -> list[AnyEntry]:
        """Everything that it has seen so far; the same list grows with each call."""
        with (self.folder / FILE).open("rb") as file:
            file.seek(self._read_bytes)
            whole, _, _ = file.read().rpartition(b"\n")
        if whole:
            self._seen += self._decode(whole)
            self._read_bytes += len(whole) + 1
        return self._seen

    def backlog(self, device: Address) -> int:
        """How much of its news a device has not confirmed yet."""
        journal = self.journal()
        for entry in journal[self._counted :]:
            match entry:
                case Receipted() | Said() | Voted():
                    self._told[entry.device] = entry.seq
                case Confirmed():
                    self._confirmed[entry.device] = entry.seq
        self._counted = len(journal)
        return self._told.get(device, 0) - self._confirmed.get(device, 0)

    async def close(self) -> None:
        if self._link is not None:
            await self._link.close()
            self._link = None
        await super().close()
