"""A device's news: one after the other, in the network's order, each confirmed when it is stored."""

import asyncio

from merpati.core.clock import Millis, SystemClock
from merpati.core.ids import Address, DeviceId, WaId
from merpati.transports.port import AnyEvent, Inbound, State, Text
from merpati.transports.simulator.connection import Connection, Pipe
from merpati.transports.simulator.entries import Said
from merpati.transports.simulator.transport import SimulatorTransport
from merpati.transports.simulator.wire import Confirm, FromClient, Told

DEVICE, PERSON = Address("6281100000001"), Address("6281200000001")


class Sink:
    """The end of a connection: keeps what was put into it."""

    def __init__(self) -> None:
        self.frames: list[FromClient] = []

    def put(self, frame: FromClient) -> None:
        self.frames.append(frame)

    def cut(self) -> None:
        raise AssertionError("nobody cuts here")


class Storing:
    """Takes events in; while the session begins, the network's first news are just about to come."""

    def __init__(self, connection: Connection, pipe: Pipe, news: list[Told]) -> None:
        self._connection, self._pipe, self._news = connection, pipe, news
        self.stored: list[str] = []
        self.done = asyncio.Event()

    async def emit(self, event: AnyEvent) -> None:
        if isinstance(event, State):  # they come after the last look for events, and before its task is known ended
            asyncio.get_running_loop().call_soon(self._come)
        elif isinstance(event, Inbound):
            self.stored.append(event.wa_id)
            if len(self.stored) == len(self._news):
                self.done.set()

    def _come(self) -> None:
        for told in self._news:
            self._connection.heard(self._pipe, told)


def told(seq: int) -> Told:
    said = Said(
        t=Millis(seq),
        device=DEVICE,
        seq=seq,
        wa_id=WaId(f"W{seq}"),
        chat=PERSON,
        sender=PERSON,
        content=Text(body="!"),
    )
    return Told(channel=1, news=said)


async def test_news_that_come_as_a_drain_ends_keep_their_order() -> None:
    """Out of order, a confirmation of the last would make the network forget a first that is not stored."""
    sink = Sink()

    async def dial(_connection: Connection) -> Pipe:
        return sink

    connection = Connection(dial, reconnect=False)
    await connection.open()
    storing = Storing(connection, sink, [told(seq) for seq in (1, 2, 3)])
    transport = SimulatorTransport(DeviceId(7), DEVICE, connection, SystemClock())
    await transport.start(storing.emit)
    async with asyncio.timeout(5):
        await storing.done.wait()
    await transport.stop()
    assert storing.stored == ["W1", "W2", "W3"]
    assert [frame.seq for frame in sink.frames if isinstance(frame, Confirm)] == [1, 2, 3]
