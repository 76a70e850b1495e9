"""The way from a process to the network. `open_link` is where everything starts.

With a socket the network is in another process; without, it runs inside this one, and its socket is for people's
terminals alone.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from merpati.core.clock import Clock, SystemClock
from merpati.core.ids import Address, DeviceId
from merpati.transports.port import Capabilities
from merpati.transports.simulator.connection import Connection, Dial, Pipe
from merpati.transports.simulator.lines import Lines
from merpati.transports.simulator.phone import Phone
from merpati.transports.simulator.phones import SimulatedPhones, Watching
from merpati.transports.simulator.script import Script, load_script
from merpati.transports.simulator.server import ADDRESS_FILE, Server, open_server
from merpati.transports.simulator.settings import Settings
from merpati.transports.simulator.transport import ANSWER_WITHIN_S, CAPS, SimulatorTransport
from merpati.transports.simulator.wire import NETWORK_DECODER, FromClient, FromNetwork


class SimulatorLink:
    """A process's link: makes the devices' transports, acts as people (`phone`), ends with `close`."""

    def __init__(self, connection: Connection, clock: Clock, server: Server | None = None) -> None:
        self._connection, self._clock, self.server = connection, clock, server
        self.phone = Phone(connection)
        self._watching: set[Connection] = set()
        self.phones = SimulatedPhones(self.phone, self._dial_to_watch)
        """The same hands, for whoever must not know what network it is."""

    def transport(
        self,
        device: DeviceId,
        number: Address,
        *,
        note: str = "",
        answer_within_s: float = ANSWER_WITHIN_S,
        caps: Capabilities = CAPS,
    ) -> SimulatorTransport:
        """The device's way to the network. `note` (say, incarnation and epoch) goes into the network's journal;
        `caps` is what it can do there, `CAPS` or `OFFICIAL`."""
        return SimulatorTransport(
            device,
            number,
            self._connection,
            self._clock,
            note=note,
            answer_within_s=answer_within_s,
            caps=caps,
        )

    async def _dial_to_watch(self) -> Watching:
        connection = Connection(self._connection.dial, reconnect=False)
        await connection.open()
        self._watching.add(connection)

        async def close() -> None:
            self._watching.discard(connection)
            await connection.close()

        return Watching(Phone(connection), close)

    async def close(self) -> None:
        """End the link, and the network when it runs in this process. May be called twice."""
        for connection in (*self._watching, self._connection):
            await connection.close()
        if self.server is not None:
            await self.server.close()


async def open_link(
    folder: Path | None = None,
    *,
    socket: Path | None = None,
    faults: Path | None = None,
    settings: Settings | None = None,
    clock: Clock | None = None,
) -> SimulatorLink:
    """Link this process to a network: the one at `socket`, else one of its own, kept in `folder`.

    `faults` is a script for a network of its own; `settings` win over the script's. Raises `OSError` when nobody is
    at the socket, `JournalInUse`, `JournalDamaged`, `ScriptInvalid`.
    """
    clock = clock or SystemClock()
    if socket is not None:
        return await _opened(SimulatorLink(Connection(partial(_dial_socket, socket)), clock))
    if folder is None:
        raise ValueError("a folder or a socket is needed")
    script = load_script(faults) if faults is not None else Script()
    server = await open_server(folder, settings=settings or script.network, rules=script.fault, clock=clock)
    return await _opened(SimulatorLink(Connection(_dial_in_process(server)), clock, server))


async def open_phone(folder: Path) -> SimulatorLink:
    """A link for acting as a person, to the network that runs on `folder`; raises `OSError` when none does."""
    path = Path((folder / ADDRESS_FILE).read_text())
    return await _opened(SimulatorLink(Connection(partial(_dial_socket, path), reconnect=False), SystemClock()))


async def _opened(link: SimulatorLink) -> SimulatorLink:
    await link._connection.open()
    return link


async def _dial_socket(path: Path, connection: Connection) -> Pipe:
    loop = asyncio.get_running_loop()

    def make() -> Lines:
        return Lines(NETWORK_DECODER, connection.heard, connection.lost)

    _, lines = await loop.create_unix_connection(make, os.fspath(path))
    return lines


# -- without a socket --


def _dial_in_process(server: Server) -> Dial:
    async def dial(connection: Connection) -> Pipe:
        return LocalPipe(server, connection)

    return dial


class LocalPipe:
    """Both ends of a connection inside one process. Frames go to the network at once, from it one turn later."""

    def __init__(self, server: Server, connection: Connection) -> None:
        self._server, self._connection = server, connection
        self._loop = asyncio.get_running_loop()
        self._coming: deque[FromNetwork] = deque()
        self._open = True
        self._end = _NetworkEnd(self._come, self.cut)

    def put(self, frame: FromClient) -> None:
        if self._open:
            self._server.receive(self._end, frame)

    def cut(self) -> None:
        if self._open:
            self._open = False
            self._coming.clear()
            self._loop.call_soon(self._ended)

    def _come(self, frame: FromNetwork) -> None:
        if self._open:
            if not self._coming:
                self._loop.call_soon(self._hear)
            self._coming.append(frame)

    def _hear(self) -> None:
        for _ in range(len(self._coming)):
            if self._coming:
                self._connection.heard(self, self._coming.popleft())
        if self._coming:
            self._loop.call_soon(self._hear)

    def _ended(self) -> None:
        self._server.lost(self._end)
        self._connection.lost(self)


class _NetworkEnd:
    """What the network holds of a local pipe."""

    def __init__(self, put: Callable[[FromNetwork], None], cut: Callable[[], None]) -> None:
        self.put, self.cut = put, cut
