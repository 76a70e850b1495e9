"""A device is paired through whichever process is asked; a pairing that cannot begin says so at once."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.app.gateway import Gateway
from merpati.app.opening import open_gateway
from merpati.config import Config
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, DeviceId
from merpati.devices.actions import set_desired, update_device
from merpati.devices.asks import Pair, Shown
from merpati.devices.ownership import owner_of
from merpati.messages.model import MessageState
from merpati.storage.port import Engine, Tx
from merpati.transports.port import PairHow
from merpati.transports.simulator.server import ADDRESS_FILE
from tests.flows.stage import Stage

NEW, NUMBER, OTHER = DeviceId(2), Address("6281100000002"), Address("6281100000003")
ARRIVED = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ)
AT_ONCE_S = 5.0
"""Half of the time that a pairing may take."""


@pytest.fixture
async def unpaired(stage: Stage) -> Stage:
    """The new device's session is live, and was told that it is not paired."""
    await stage.add_device(NEW, NUMBER, paired=False)

    async def ended() -> bool:
        return (await stage.device(NEW)).state_reason == "not_paired"

    await stage.until(ended)
    return stage


@contextlib.asynccontextmanager
async def another_process(stage: Stage, dsn: str, folder: Path) -> AsyncIterator[Gateway]:
    """A second node on the same database, the same network and with the same keys."""
    shutil.copytree(stage.gateway.folder.keys, folder / "keys")
    network = (stage.gateway.folder.simulator / ADDRESS_FILE).read_text()
    async with open_gateway(Config(data=folder, database=dsn, simulator_socket=network, lease_s=5)) as gateway:
        gateway.start()
        try:
            yield gateway
        finally:
            await gateway.stop()


async def refusal_of(gateway: Gateway, device: DeviceId, phone: Address | None = None) -> Refusal:
    async with asyncio.timeout(AT_ONCE_S):
        with pytest.raises(Refusal) as refused:
            await gateway.asks.ask(device, Pair(PairHow.CODE if phone else PairHow.QR, phone))
    return refused.value


async def shown(gateway: Gateway, how: PairHow, phone: Address | None = None) -> str:
    answer = await gateway.asks.ask(NEW, Pair(how, phone))
    assert isinstance(answer, Shown)
    return answer.text


async def wishes(tx: Tx) -> int:
    return len(await tx.all("SELECT id FROM device_ask"))


@pytest.mark.parametrize(("how", "phone"), [(PairHow.QR, None), (PairHow.CODE, NUMBER)])
async def test_what_is_shown_pairs_the_device(unpaired: Stage, how: PairHow, phone: Address | None) -> None:
    """A QR's text and a code; nothing of it stays in the database."""
    text = await shown(unpaired.gateway, how, phone)
    assert await unpaired.storage.read(wishes) == 0
    assert await unpaired.phone.scan(text) == NUMBER

    async def connected() -> bool:
        return (await unpaired.device(NEW)).connected

    await unpaired.until(connected)


async def test_a_number_that_cannot_be_paired_is_refused_at_once(unpaired: Stage) -> None:
    """The end of a pairing ends the wait for it, with a reason of its own; the next one may begin."""
    refused = await refusal_of(unpaired.gateway, NEW, OTHER)

    assert (refused.code, refused.values) == (Code.PAIRING_OTHER_NUMBER, {"reason": "other_number"})
    assert await shown(unpaired.gateway, PairHow.CODE, NUMBER)


async def test_a_device_that_is_connected_needs_no_pairing(stage: Stage) -> None:
    """Also when its row did not say so yet."""
    assert (await refusal_of(stage.gateway, DeviceId(1))).code is Code.DEVICE_ALREADY_CONNECTED


async def test_several_who_ask_at_once_are_all_answered(unpaired: Stage) -> None:
    """Nobody is left waiting, whichever way each wants; what came last works."""
    ask = unpaired.gateway.asks.ask
    ways = ((PairHow.QR, None), (PairHow.QR, None), (PairHow.CODE, NUMBER), (PairHow.QR, None))
    async with asyncio.timeout(AT_ONCE_S):
        answers = await asyncio.gather(*(ask(NEW, Pair(how, phone)) for how, phone in ways), return_exceptions=True)
    assert all(isinstance(answer, Shown | Refusal) for answer in answers)

    assert await unpaired.phone.scan(await shown(unpaired.gateway, PairHow.QR)) == NUMBER


async def test_who_asks_again_gets_what_can_still_be_scanned(unpaired: Stage) -> None:
    """The same, and nothing starts over; another way does."""
    first = await shown(unpaired.gateway, PairHow.QR)
    again = await shown(unpaired.gateway, PairHow.QR)
    typed = await shown(unpaired.gateway, PairHow.CODE, NUMBER)

    assert first == again != typed
    assert await unpaired.phone.scan(typed) == NUMBER


async def test_a_device_that_is_renamed_keeps_the_number_that_it_is_paired_with(stage: Stage) -> None:
    """Its next session logs in as before, and its messages leave from that number."""
    device = await stage.device()
    await stage.storage.write(update_device, device.id, OTHER, device.name, device.settings)
    await stage.storage.write(set_desired, device.id, False)

    async def off() -> bool:
        return device.id not in stage.gateway.sessions.live

    await stage.until(off)
    await stage.storage.write(set_desired, device.id, True)
    await stage.until(stage.is_connected)
    await stage.until_state(await stage.send("6281200000001"), *ARRIVED)

    renamed = await stage.device()
    assert (renamed.number, renamed.paired_number) == (OTHER, device.number)
    assert [hand_off.device for hand_off in stage.hand_offs()] == [device.number]


@pytest.mark.parametrize("database", [Engine.POSTGRES], indirect=True, ids=["postgres"])
class TestTwoProcesses:
    """The one that is asked does not hold the device."""

    async def test_the_process_that_holds_the_device_answers(
        self, unpaired: Stage, database: str, tmp_path: Path
    ) -> None:
        """The text comes back through the database, sealed; scanned, the device is connected where it is held."""
        owner = await unpaired.storage.read(owner_of, NEW)
        async with another_process(unpaired, database, tmp_path / "other") as asked:
            text = await shown(asked, PairHow.QR)
            assert await unpaired.storage.read(wishes) == 0
            await unpaired.phone.scan(text)

            async def connected() -> bool:
                return (await unpaired.device(NEW)).connected

            await unpaired.until(connected)
            assert asked.sessions.live == {}
        assert await unpaired.storage.read(owner_of, NEW) == owner

    async def test_its_refusals_come_back_too(self, unpaired: Stage, database: str, tmp_path: Path) -> None:
        """With their codes, at once."""
        async with another_process(unpaired, database, tmp_path / "other") as asked:
            assert (await refusal_of(asked, NEW, OTHER)).code is Code.PAIRING_OTHER_NUMBER
            assert (await refusal_of(asked, DeviceId(1))).code is Code.DEVICE_ALREADY_CONNECTED
