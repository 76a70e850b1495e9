"""What the cases for transports stand on: the far side as a `Rig`, and what a transport has told."""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

import pytest

from merpati.core.ids import Address, WaId, WireRef
from merpati.transports.cards import Contacts, NotShown, Reaction
from merpati.transports.port import (
    AnyEvent,
    Capabilities,
    Content,
    Event,
    Outbound,
    Receipt,
    ReceiptKind,
    SendError,
    SendFault,
    SessionState,
    State,
    Text,
    Transport,
)

WITHIN_S = 10.0
E = TypeVar("E", bound=Event)


class Heard:
    """Remembers the events of a transport; hand `emit` to `start`."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.fail_next = False
        self._storing: list[AnyEvent] = []
        self._changed = asyncio.Condition()

    async def emit(self, event: AnyEvent) -> None:
        self._storing.append(event)
        apart = {each.ids for each in self._storing if isinstance(each, Receipt)}
        assert len(self._storing) in (1, len(apart)), "a second event before the first was stored"
        try:
            await asyncio.sleep(0)
        finally:
            self._storing.remove(event)
        if self.fail_next and not isinstance(event, State):
            self.fail_next = False
            raise OSError("the disk is gone")
        async with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def arrived(self) -> list[Receipt]:
        """Receipts of somebody who got a message; not every network says before that it was taken."""
        return [each for each in self.of(Receipt) if each.kind is not ReceiptKind.TAKEN]

    def states(self) -> list[SessionState]:
        return [event.state for event in self.of(State)]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until this holds after an event."""
        async with asyncio.timeout(WITHIN_S), self._changed:
            await self._changed.wait_for(holds)

    async def state(self, state: SessionState) -> None:
        """Wait until this is the newest state."""
        await self.until(lambda: self.states()[-1:] == [state])

    async def count(self, kind: type[E], number: int = 1) -> list[E]:
        """Wait for so many events of a kind."""
        await self.until(lambda: len(self.of(kind)) >= number)
        return self.of(kind)


class Rig(Protocol):
    """A transport's far side, for tests. `device` is not paired at the beginning; `person` is online and reads."""

    caps: Capabilities
    device: Address
    person: Address
    group: Address
    """Device and person are members."""
    absent: Address
    """A number that is not on WhatsApp."""
    not_shown: NotShown
    """Something of a kind that we do not show, as the person's phone can send it."""

    def transport(self) -> Transport:
        """Another life of the same device's transport: what a process has after its start."""
        ...

    async def pair(self) -> None:
        """Make the device paired, without the transport."""
        ...

    async def scan(self, code: str) -> None:
        """The device's phone scans a QR's text or types a code."""
        ...

    async def unlink(self) -> None:
        """The device's phone ends the pairing."""
        ...

    async def shown(self) -> list[tuple[str, Content]]:
        """What the person's phone shows from the device (id, content); a file's path is readable here."""
        ...

    async def changed(self) -> list[tuple[str, WaId, str]]:
        """What the person's phone was told to change of the device's messages: edit or revoke, which, into what."""
        ...

    async def say(self, text: str, *, group: bool = False) -> WaId: ...

    async def type_on_phone(self, text: str) -> WaId:
        """The device's owner writes to the person, on the device's own phone."""
        ...

    async def share(self, content: Contacts | Reaction | NotShown) -> WaId:
        """The person sends this; what is not shown in whichever way the network has for it."""
        ...

    async def ticked(self) -> list[WaId]:
        """Which of their messages the person sees as read."""
        ...

    async def vote(self, poll: WaId, choices: tuple[str, ...]) -> None: ...

    async def choose(self, message: WaId, choice: str) -> None:
        """The person presses the button, or chooses the row, with this id."""
        ...

    async def type(self) -> None: ...

    async def be_online(self, online: bool) -> None: ...

    async def block(self) -> None: ...

    async def refuse_next(self, fault: SendFault, code: str, retry_after_ms: int) -> None:
        """The next hand-over is refused so."""
        ...

    async def cut_next(self) -> None:
        """The next hand-over is taken, and the connection cut before the acknowledgement."""
        ...

    async def cut(self) -> None:
        """Cut the connection now."""
        ...

    async def replace(self) -> None:
        """Somebody else logs in as the device."""
        ...


def text(ref: str, chat: Address, body: str = "Halo") -> Outbound:
    return Outbound(ref=WireRef(ref), chat=chat, content=Text(body=body))


async def opened(rig: Rig) -> tuple[Transport, Heard]:
    """A paired device with an open session."""
    await rig.pair()
    transport, heard = rig.transport(), Heard()
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)
    return transport, heard


async def fault_of(transport: Transport, message: Outbound) -> SendError:
    with pytest.raises(SendError) as raised:
        await transport.send(message)
    return raised.value


def needs(rig: Rig, *names: str) -> None:
    """Skip a case on a transport whose `caps` have not all of this."""
    for name in names:
        if name and not getattr(rig.caps, name):
            pytest.skip(f"this transport has no {name}")
