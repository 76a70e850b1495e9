"""The simulated network behind the port `transports.phones`."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from merpati.core.address import is_group
from merpati.core.ids import Address, WaId
from merpati.transports.phones import (
    ActiveFault,
    ChatLine,
    Everyone,
    Happening,
    NetworkGone,
    PeopleGroup,
    Person,
)
from merpati.transports.port import Media, Received, SendFault
from merpati.transports.simulator.connection import LinkDown, LinkLost
from merpati.transports.simulator.entries import (
    AnyEntry,
    FaultFired,
    HandOff,
    PersonSet,
    Reads,
    Receipted,
    Said,
    SessionEnded,
    Signalled,
    Voted,
)
from merpati.transports.simulator.faults import Do, Rule
from merpati.transports.simulator.phone import Phone
from merpati.transports.simulator.seen import LineNow

T = TypeVar("T")

FAULTS: Mapping[str, Rule] = {
    "lost_acks": Rule(do=Do.DROP_ACK),
    "slow_acks": Rule(do=Do.LATE_ACK, ms=3_000),
    "refusals": Rule(do=Do.REFUSE, fault=SendFault.RETRY, every=2),
    "throttling": Rule(do=Do.THROTTLE, per_s=1.0),
    "cuts": Rule(do=Do.CUT, every=5),
    "shuffled_receipts": Rule(do=Do.SHUFFLE_RECEIPTS),
    "double_receipts": Rule(do=Do.DUPLICATE_RECEIPTS),
    "no_receipts": Rule(do=Do.NO_RECEIPTS),
    "logout": Rule(do=Do.LOGGED_OUT, times=1),
    "ban": Rule(do=Do.BAN, times=1, for_s=60.0),
}
"""By name: what a page can make go wrong, for one device."""
_DETAILS: Mapping[type[object], Callable[..., str]] = {
    Receipted: lambda entry: entry.kind.value,
    HandOff: lambda entry: entry.fate.value,
    Signalled: lambda entry: entry.what.value,
    FaultFired: lambda entry: entry.rule,
    SessionEnded: lambda entry: entry.why,
}
_PERSONS = ("number", "who", "sender", "voter", "chat")
_LINES = ("ref", "wa_id")


class SimulatedPhones:
    """`Phones` over a link; `dial` opens another one, for whoever watches."""

    fault_names: Sequence[str] = tuple(FAULTS)

    def __init__(self, phone: Phone, dial: "Callable[[], Awaitable[Watching]]") -> None:
        self._phone, self._dial = phone, dial

    async def everyone(self) -> Everyone:
        there = await _reached(self._phone.everything())
        return Everyone(
            people=tuple(_person(each) for each in there.people),
            groups=tuple(PeopleGroup(id=each.id, name=each.name, members=each.members) for each in there.groups),
            faults=tuple(
                ActiveFault(name=rule.name.partition(":")[0], device=rule.device)
                for rule in there.faults
                if rule.device and rule.name.partition(":")[0] in FAULTS
            ),
        )

    async def set_person(
        self, number: Address, *, name: str | None, online: bool | None, read_receipts: bool | None
    ) -> None:
        reads = None if read_receipts is None else Reads.AUTO if read_receipts else Reads.NEVER
        await _reached(self._phone.add(number, name, online=online, reads=reads))

    async def block(self, number: Address, device: Address, *, on: bool) -> None:
        await _reached(self._phone.block(number, device, on=on))

    async def chat(self, number: Address) -> list[ChatLine]:
        lines = await _reached(self._phone.chat(number))
        chosen = {now.line.poll: now.line.choices for now in lines if isinstance(now.line, Voted)}
        return [_line(now, chosen) for now in lines]

    async def say(self, number: Address, chat: Address, content: Received, about: WaId | None = None) -> WaId:
        if isinstance(content, Media):
            kept = await _reached(self._phone.keep(Path(content.path)))
            content = msgspec.structs.replace(content, path=kept)
        return await _reached(self._phone.say(number, chat, content, quoted=about))

    async def vote(self, number: Address, poll: WaId, choices: Sequence[str]) -> None:
        await _reached(self._phone.vote(number, choices, poll))

    async def choose(self, number: Address, message: WaId, choice: str) -> WaId:
        return await _reached(self._phone.choose(number, choice, message))

    async def read(self, number: Address, device: Address) -> int:
        return await _reached(self._phone.read(number, device))

    async def scan(self, code: str, device: Address) -> Address:
        return await _reached(self._phone.scan(code, device))

    async def start_fault(self, name: str, device: Address) -> None:
        rule = msgspec.structs.replace(FAULTS[name], name=f"{name}:{device}", device=device)
        await self.stop_fault(name, device)
        await _reached(self._phone.add_fault(rule))

    async def stop_fault(self, name: str, device: Address) -> None:
        await _reached(self._phone.clear_faults(f"{name}:{device}"))

    @contextlib.asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[Happening]]:
        try:
            watching = await self._dial()
        except OSError:
            raise NetworkGone from None
        try:
            yield _happenings(watching.phone)
        finally:
            await watching.close()


class Watching(msgspec.Struct, frozen=True):
    """A connection of its own, for one who watches."""

    phone: Phone
    close: Callable[[], Awaitable[None]]


async def _happenings(phone: Phone) -> AsyncIterator[Happening]:
    async for entry in phone.watch(Address(""), 0):
        yield _happening(entry)


def _happening(entry: AnyEntry) -> Happening:
    detail = _DETAILS.get(type(entry))
    persons = (value for name in _PERSONS if (value := getattr(entry, name, None)) and not is_group(value))
    own = getattr(entry, "device", None)
    return Happening(
        at=entry.t,
        kind=str(entry.__struct_config__.tag),
        device=own,
        person=next((each for each in persons if each != own), None),
        line=next((value for name in _LINES if (value := getattr(entry, name, None))), ""),
        detail=detail(entry) if detail is not None else "",
    )


def _person(entry: PersonSet) -> Person:
    return Person(
        number=entry.number,
        name=entry.name,
        online=entry.online,
        registered=entry.registered,
        read_receipts=entry.reads is Reads.AUTO,
        blocked=entry.blocks,
    )


def _line(now: LineNow, chosen: Mapping[WaId, tuple[str, ...]]) -> ChatLine:
    line = now.line
    make: partial[ChatLine] = partial(ChatLine, at=line.t, device=line.device, group=_group(line.chat))
    if isinstance(line, HandOff):
        id_ = WaId(line.ref)
        return make(id=id_, sender=line.device, content=line.content, choices=chosen.get(id_, ()), state=now.state)
    if isinstance(line, Said):
        return make(id=line.wa_id, sender=line.sender, content=line.content, state=now.state)
    return make(id=line.wa_id, sender=line.voter, content=None, poll=line.poll, choices=line.choices)


def _group(chat: Address) -> Address | None:
    return chat if is_group(chat) else None


async def _reached(act: Awaitable[T]) -> T:
    with _network():
        return await act


@contextlib.contextmanager
def _network() -> Iterator[None]:
    try:
        yield
    except (LinkDown, LinkLost):
        raise NetworkGone from None
