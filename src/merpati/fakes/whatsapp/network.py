"""Everything there is: phones, groups, linked devices, files, faults; and waiting for what happens."""

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from merpati.core.clock import Clock
from merpati.fakes.whatsapp.devices import LinkedDevice
from merpati.fakes.whatsapp.faults import Faults, Refusal
from merpati.fakes.whatsapp.media import MediaServer
from merpati.fakes.whatsapp.nodes import GROUP_SERVER, LID_SERVER, user_of
from merpati.fakes.whatsapp.phones import Group, Phone
from merpati.fakes.whatsapp.wire import Wire

FIRST_LID = 100_000_000_000_001
FIRST_GROUP = 120_363_000_000_000_001
WAIT_S = 15.0


class Network:
    """The state; what acts on it are the modules beside."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.phones: list[Phone] = []
        self.groups: dict[str, Group] = {}
        self.media = MediaServer()
        self.faults = Faults()
        self.refusal: Refusal | None = None
        """Of every log-in."""
        self.qr_codes = 6
        """So many are handed out to a device that wants to be paired."""
        self.wires: list[Wire] = []
        self.pairing: dict[str, tuple[LinkedDevice, Wire]] = {}
        """Who waits to be paired, by the reference in the QR code."""
        self.codes: dict[str, Coded] = {}
        """Who waits for a pairing code to be typed, by phone number."""
        self.stanzas: Counter[str] = Counter()
        """What clients have sent, by tag."""
        self.reached: list[str] = []
        """Hosts that clients asked for, refused ones with a `!` before."""
        self._changed = asyncio.Event()
        self._lids, self._groups = itertools.count(FIRST_LID), itertools.count(FIRST_GROUP)

    def add_phone(self, number: str, name: str = "", *, on_whatsapp: bool = True) -> Phone:
        """A person; `number` in digits, with its country."""
        phone = Phone(number, str(next(self._lids)), name or number, on_whatsapp=on_whatsapp)
        self.phones.append(phone)
        return phone

    def add_group(self, name: str, members: Sequence[Phone]) -> Group:
        group = Group(f"{next(self._groups)}{GROUP_SERVER}", name, list(members))
        self.groups[group.jid] = group
        return group

    def phone_of(self, jid: str) -> Phone | None:
        """By any of its addresses."""
        user, by_lid = user_of(jid), jid.endswith(LID_SERVER)
        return next((each for each in self.phones if (each.lid if by_lid else each.number) == user), None)

    def device_known(self, key: bytes) -> tuple[Phone, LinkedDevice] | None:
        pairs = ((phone, each) for phone in self.phones for each in phone.devices.values())
        return next(((phone, each) for phone, each in pairs if each.key == key), None)

    def now_s(self) -> int:
        return self.clock.now() // 1_000

    def new_id(self) -> str:
        return "3A" + secrets.token_hex(9).upper()

    # -- waiting --

    def changed(self) -> None:
        """Something has happened: whoever waits looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, happened: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        """Wait until it answers something true; raises `TimeoutError`."""
        async with asyncio.timeout(timeout_s):
            while not happened():
                await self._changed.wait()


@dataclass
class Coded:
    """A pairing by code under way."""

    device: LinkedDevice
    wire: Wire
    wrapped: bytes
    ref: bytes
    shared: bytes = b""
