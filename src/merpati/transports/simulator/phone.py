"""Acting as a person: what `merpati phone`, the phone page and tests use."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from merpati.core.ids import Address, WaId
from merpati.transports.phones import ActRefused
from merpati.transports.port import Received, Text
from merpati.transports.simulator import wire
from merpati.transports.simulator.connection import Connection
from merpati.transports.simulator.entries import AnyEntry, Reads
from merpati.transports.simulator.faults import Rule
from merpati.transports.simulator.seen import LineNow


class Phone:
    """Everybody's hands. Each method raises `ActRefused`, or `LinkDown` / `LinkLost` when the network is gone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(
        self,
        number: Address,
        name: str | None = None,
        *,
        online: bool | None = None,
        registered: bool | None = None,
        reads: Reads | None = None,
    ) -> None:
        """Add a person, or change what is given of a known one; may be called again."""
        q = self._connection.next_q()
        await self._done(
            wire.AddPerson(q=q, number=number, name=name, online=online, registered=registered, reads=reads)
        )

    async def online(self, number: Address) -> None:
        """Come online: what waited is delivered."""
        await self.add(number, online=True)

    async def offline(self, number: Address) -> None:
        await self.add(number, online=False)

    async def block(self, number: Address, device: Address, *, on: bool = True) -> None:
        """Block a device, or take the block back."""
        await self._done(wire.Block(q=self._connection.next_q(), number=number, device=device, on=on))

    async def set_group(self, group: Address, name: str, members: Iterable[Address]) -> None:
        """Make a group of people and devices, or change it."""
        ask = wire.SetGroup(q=self._connection.next_q(), id=group, name=name, members=tuple(members))
        await self._done(ask)

    async def add_device(self, device: Address) -> None:
        """Pair a device without code, as if its phone had scanned."""
        await self._done(wire.AddDevice(q=self._connection.next_q(), device=device))

    async def unlink(self, device: Address) -> None:
        """Log a device out from its phone."""
        await self._done(wire.Unlink(q=self._connection.next_q(), device=device))

    async def scan(self, code: str, device: Address | None = None) -> Address:
        """Scan a QR's text or type a pairing code; the device that is paired now."""
        done = await self._done(wire.Scan(q=self._connection.next_q(), code=code, device=device))
        return Address(done.id)

    async def say(
        self, number: Address, chat: Address, content: Received | str, *, quoted: WaId | None = None
    ) -> WaId:
        """Write to a device or a group; the message's id."""
        said = Text(body=content) if isinstance(content, str) else content
        ask = wire.Say(q=self._connection.next_q(), number=number, chat=chat, content=said, quoted=quoted)
        return WaId((await self._done(ask)).id)

    async def keep(self, path: Path) -> str:
        """Give a file (absolute path) to the network; the path to put in a `Media`. Raises `ActRefused`."""
        q = self._connection.next_q()
        answer = await self._connection.ask(q, wire.Upload(q=q, path=os.fspath(path)))
        if isinstance(answer, wire.Uploaded):
            return answer.path
        raise ActRefused("file_unreadable", os.fspath(path))

    async def vote(self, number: Address, choices: Iterable[str], poll: WaId | None = None) -> WaId:
        """Vote, by the choices' words or numbers; none takes the vote back. The poll's id (default: the last)."""
        ask = wire.Vote(q=self._connection.next_q(), number=number, poll=poll, choices=tuple(choices))
        return WaId((await self._done(ask)).id)

    async def choose(self, number: Address, choice: str, message: WaId | None = None) -> WaId:
        """Press a button or choose a row, by id, words or number (default: of the last message that has any)."""
        ask = wire.Choose(q=self._connection.next_q(), number=number, message=message, choice=choice)
        return WaId((await self._done(ask)).id)

    async def read(self, number: Address, device: Address | None = None) -> int:
        """Read all that arrived (from one device); how many messages."""
        return (await self._done(wire.Read(q=self._connection.next_q(), number=number, device=device))).count

    async def type(self, number: Address, device: Address, *, on: bool = True) -> None:
        """Show or hide "typing" to a device."""
        await self._done(wire.Type(q=self._connection.next_q(), number=number, device=device, on=on))

    async def everything(self) -> wire.Everything:
        """People, groups, devices, faults in force."""
        answer = await self._ask(wire.List(q=self._connection.next_q()))
        assert isinstance(answer, wire.Everything)
        return answer

    async def add_fault(self, rule: Rule) -> None:
        """Put a scripted fault in force."""
        await self._done(wire.AddFault(q=self._connection.next_q(), rule=rule))

    async def clear_faults(self, name: str = "") -> None:
        """Those of this name; without one, all."""
        await self._done(wire.ClearFaults(q=self._connection.next_q(), name=name))

    async def chat(self, number: Address) -> tuple[LineNow, ...]:
        """The last lines that this person saw, oldest first, with what became of each."""
        answer = await self._ask(wire.Chat(q=self._connection.next_q(), number=number))
        assert isinstance(answer, wire.ChatShown)
        return answer.lines

    async def cut_link(self) -> int:
        """Cut every connection that carries a device's session; how many."""
        return (await self._done(wire.CutLink(q=self._connection.next_q()))).count

    async def watch(self, number: Address, tail: int = 20) -> AsyncIterator[AnyEntry]:
        """What this person sees: the last lines, then live until the connection ends. One at a time per `Phone`.
        Without a number: the whole journal, live."""
        seen: asyncio.Queue[wire.Saw | None] = asyncio.Queue()
        self._connection.on_saw = seen.put_nowait
        try:
            history = await self._ask(wire.Watch(q=self._connection.next_q(), number=number, tail=tail))
            assert isinstance(history, wire.History)
            for entry in history.entries:
                yield entry
            while (saw := await seen.get()) is not None:
                yield saw.entry
        finally:
            self._connection.on_saw = None

    async def _done(self, frame: wire.Act) -> wire.Done:
        answer = await self._ask(frame)
        assert isinstance(answer, wire.Done)
        return answer

    async def _ask(self, frame: wire.Act) -> wire.Answer:
        answer = await self._connection.ask(frame.q, frame)
        if isinstance(answer, wire.No):
            raise ActRefused(answer.code, answer.about)
        return answer
