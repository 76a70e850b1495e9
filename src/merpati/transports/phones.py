"""The port to a network whose people one can be: what pages and programs do with a simulated WhatsApp."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

from merpati.core.clock import Millis
from merpati.core.ids import Address, WaId
from merpati.transports.port import Received


class ActRefused(Exception):
    """What the person wanted is not possible; `code` has a sentence under `phone.no.<code>`."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(f"{code}: {about}" if about else code)
        self.code, self.about = code, about


class NetworkGone(Exception):
    """The network does not answer now."""


class Person(Struct, frozen=True, kw_only=True):
    """Somebody with a phone."""

    number: Address
    name: str
    online: bool
    registered: bool
    """On WhatsApp."""
    read_receipts: bool
    """Reads by themselves, after a while."""
    blocked: tuple[Address, ...]
    """Numbers of devices."""


class PeopleGroup(Struct, frozen=True, kw_only=True):
    """A group of people and devices."""

    id: Address
    name: str
    members: tuple[Address, ...]


class ActiveFault(Struct, frozen=True, kw_only=True):
    """A fault that strikes a device."""

    name: str
    device: Address


class Everyone(Struct, frozen=True, kw_only=True):
    """Who is there, and what goes wrong."""

    people: tuple[Person, ...]
    groups: tuple[PeopleGroup, ...]
    faults: tuple[ActiveFault, ...]


class ChatLine(Struct, frozen=True, kw_only=True):
    """What a person sees in a chat."""

    id: WaId
    at: Millis
    device: Address
    sender: Address
    group: Address | None
    content: Received | None
    """None: a vote."""
    poll: WaId | None = None
    """Of a vote: the poll."""
    choices: tuple[str, ...] = ()
    """The person's choice: of a vote, or now, of a poll."""
    state: str = ""
    """Of a device's message: sent, delivered, read, as far as this person's phone goes; of a person's: read, once a
    device has marked it so."""


class Happening(Struct, frozen=True, kw_only=True):
    """A line of the network's journal."""

    at: Millis
    kind: str
    device: Address | None
    person: Address | None
    line: str
    detail: str
    """Which receipt, fate, fault, signal, or end."""


class Phones(Protocol):
    """Everybody's hands. Each method raises `ActRefused` or `NetworkGone`."""

    fault_names: Sequence[str]
    """What can be made to go wrong."""

    async def everyone(self) -> Everyone: ...

    async def set_person(
        self, number: Address, *, name: str | None, online: bool | None, read_receipts: bool | None
    ) -> None:
        """Add a person, or change what is given."""
        ...

    async def block(self, number: Address, device: Address, *, on: bool) -> None: ...

    async def chat(self, number: Address) -> list[ChatLine]:
        """The last lines that this person saw, of all devices, oldest first."""
        ...

    async def say(self, number: Address, chat: Address, content: Received, about: WaId | None = None) -> WaId:
        """A file's path is one of this machine; the network takes a copy. `about`: as `Inbound.quoted`."""
        ...

    async def vote(self, number: Address, poll: WaId, choices: Sequence[str]) -> None: ...

    async def choose(self, number: Address, message: WaId, choice: str) -> WaId:
        """Press a button, or choose a row, by its id; the id of what is said so."""
        ...

    async def read(self, number: Address, device: Address) -> int:
        """Read all that arrived from this device; how many messages."""
        ...

    async def scan(self, code: str, device: Address) -> Address:
        """Scan a QR or type a pairing code with this device's phone."""
        ...

    async def start_fault(self, name: str, device: Address) -> None:
        """Raises KeyError for an unknown name."""
        ...

    async def stop_fault(self, name: str, device: Address) -> None: ...

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[Happening]]:
        """The journal from now on, until the network goes."""
        ...
