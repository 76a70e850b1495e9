"""kill -9 of the network's process: what it acknowledged and what waited is there again."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.ids import Address, DeviceId
from merpati.transports.port import Inbound, Receipt, SendError, SendFault, Sent, SessionState, Transport
from merpati.transports.simulator.entries import Acked, Fate, HandOff, SessionOpened
from merpati.transports.simulator.journal import read_journal
from merpati.transports.simulator.link import SimulatorLink, open_link, open_phone
from tests.conformance.transport_rig import Heard, text
from tests.transports.simulator.processes import NetworkProcess

DEVICE, PERSON = Address("6281100000001"), Address("6281200000001")
pytestmark = pytest.mark.process


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[NetworkProcess]:
    network = NetworkProcess(tmp_path / "network")
    yield network
    await network.end()


async def started(network: NetworkProcess) -> tuple[SimulatorLink, Transport, Heard]:
    link, heard = await open_link(socket=await network.start()), Heard()
    await link.phone.add_device(DEVICE)
    transport = link.transport(DeviceId(1), DEVICE, note="inc:1")
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)
    return link, transport, heard


async def send_until_acknowledged(transport: Transport, heard: Heard, ref: str) -> int:
    """How often it was handed over."""
    for tries in range(1, 200):
        await heard.state(SessionState.OPEN)
        try:
            sent = await transport.send(text(ref, PERSON))
        except SendError as error:
            assert error.fault in (SendFault.AMBIGUOUS, SendFault.RETRY)
        else:
            assert isinstance(sent, Sent)
            return tries
    raise AssertionError("never acknowledged")


async def test_a_killed_network_loses_nothing_and_shows_nothing_twice(network: NetworkProcess) -> None:
    """Five kills under load: every message is taken once, repeats are known, all receipts come."""
    link, transport, heard = await started(network)
    sending = [asyncio.ensure_future(send_until_acknowledged(transport, heard, f"r{n}")) for n in range(300)]
    for kill in range(5):
        await heard.until(lambda enough=100 * kill: len(heard.of(Receipt)) > enough)  # type: ignore[misc]
        await network.end(signal.SIGKILL)
        await network.start()

    async with asyncio.timeout(60):
        await asyncio.gather(*sending)
    await heard.until(lambda: len({(each.ids, each.kind) for each in heard.of(Receipt)}) == 600)
    await link.close()

    hand_offs = [entry for entry in read_journal(network.folder) if isinstance(entry, HandOff)]
    taken = [entry.ref for entry in hand_offs if entry.fate is Fate.TAKEN]
    acked = {entry.ref for entry in read_journal(network.folder) if isinstance(entry, Acked)}
    assert sorted(taken) == sorted(f"r{n}" for n in range(300))
    assert acked == set(taken)
    assert {entry.fate for entry in hand_offs} <= {Fate.TAKEN, Fate.REPEAT}
    assert {entry.note for entry in hand_offs} == {"inc:1"}


async def test_what_waited_for_a_device_waits_in_the_next_life(network: NetworkProcess) -> None:
    """A message from a person, told to nobody yet; session numbers go on."""
    link, transport, _ = await started(network)
    await transport.stop()
    said = await link.phone.say(PERSON, DEVICE, "ada orang?")
    await network.end(signal.SIGKILL)
    await network.start()
    later = Heard()

    await transport.start(later.emit)

    assert [each.wa_id for each in await later.count(Inbound)] == [said]
    await link.close()
    sessions = [entry.session for entry in read_journal(network.folder) if isinstance(entry, SessionOpened)]
    assert sessions == sorted(set(sessions))


async def test_a_stopped_network_ends_in_order_and_leaves_no_socket(network: NetworkProcess) -> None:
    """SIGTERM: exit code 0; nobody is there any more."""
    socket = await network.start()

    assert await network.end(signal.SIGTERM) == 0

    assert not socket.exists()
    with pytest.raises(OSError, match="No such file"):
        await open_phone(network.folder)


async def test_the_socket_is_its_owners_alone_and_found_by_the_folder(network: NetworkProcess) -> None:
    """Mode 0600, in a folder of mode 0700; `open_phone` needs only the folder."""
    socket = await network.start()

    phone = await open_phone(network.folder)
    await phone.phone.add(PERSON, "Ana")
    everything = await phone.phone.everything()
    await phone.close()

    assert (socket.stat().st_mode & 0o777, network.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [each.name for each in everything.people] == ["Ana"]


async def test_a_folder_too_deep_for_a_socket_still_works(tmp_path: Path) -> None:
    """The socket goes to the system's temporary folder, its path into the file `address`."""
    deep = tmp_path / ("d" * 60) / ("e" * 60) / "network"
    link = await open_link(deep)

    phone = await open_phone(deep)
    await phone.phone.add(PERSON)
    await phone.close()

    assert link.server is not None and len(str(link.server.address)) < 100
    await link.close()


async def test_who_speaks_another_language_is_cut_off(network: NetworkProcess) -> None:
    """Others go on."""
    link, transport, _ = await started(network)
    reader, writer = await asyncio.open_unix_connection(network.folder / "network.sock")
    writer.write(b"GET / HTTP/1.1\r\n\r\n")

    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()

    await transport.send(text("still", PERSON))
    await link.close()
