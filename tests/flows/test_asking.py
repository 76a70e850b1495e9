"""What the API asks of a device's session, answered by the network through whichever process holds the device."""

import asyncio
from pathlib import Path

import pytest

from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, DeviceId
from merpati.devices.actions import set_desired
from merpati.devices.asks import Pair, Restart
from merpati.runtime.anywhere import SessionsAnywhere
from merpati.runtime.asks import ANSWERS
from merpati.storage.port import Engine
from merpati.transports.port import Group, PairHow, Signal
from merpati.transports.simulator.entries import Signalled
from tests.flows.stage import DEVICE, NUMBER, Stage
from tests.flows.test_pairing import another_process

GROUP = Address("120363000000000002@g.us")
ANI, NOBODY = Address("6281200000001"), Address("6281299999999")


def sessions_of(stage: Stage) -> SessionsAnywhere:
    return SessionsAnywhere(stage.gateway.asks, stage.gateway.let_go)


def signals(stage: Stage) -> list[Signal]:
    """What was shown in chats, as the network saw it."""
    return [entry.what for entry in stage.journal() if isinstance(entry, Signalled)]


async def test_numbers_are_checked_by_the_network(stage: Stage) -> None:
    """In the order in which they were asked."""
    await stage.phone.add(NOBODY, registered=False)
    await stage.phone.add(ANI)
    checked = await sessions_of(stage).check(await stage.device(), [NOBODY, ANI])
    assert [(each.number, each.registered) for each in checked] == [(NOBODY, False), (ANI, True)]


async def test_a_device_that_is_lost_just_before_is_said_to_be_disconnected(stage: Stage) -> None:
    """Between the look for what is asked and the answer."""
    for ask in (Restart(), Pair(PairHow.QR, None)):
        with pytest.raises(Refusal) as refused:
            await ANSWERS[type(ask)](stage.gateway.sessions, DeviceId(99), ask)
        assert refused.value.code is Code.DEVICE_DISCONNECTED


async def test_groups_are_told_by_the_network(stage: Stage) -> None:
    """Those that the device is in."""
    device = await stage.device()
    assert await sessions_of(stage).groups(device) == ()
    await stage.phone.set_group(GROUP, "Reseller", [NUMBER, ANI])
    assert await sessions_of(stage).groups(device) == (Group(id=GROUP, name="Reseller"),)


async def test_typing_is_seen_until_it_is_stopped(stage: Stage) -> None:
    """By the person in the chat; asking again begins anew."""
    sessions, device = sessions_of(stage), await stage.device()
    await stage.phone.add(ANI)
    for for_ms in (60_000, 60_000, 0):
        await sessions.show_typing(device, ANI, for_ms)

    async def seen() -> bool:
        return signals(stage) == [Signal.TYPING, Signal.TYPING, Signal.PAUSED]

    await stage.until(seen)


async def test_typing_ends_by_itself(stage: Stage) -> None:
    """When its time is over."""
    await stage.phone.add(ANI)
    await sessions_of(stage).show_typing(await stage.device(), ANI, 50)

    async def ended() -> bool:
        return signals(stage) == [Signal.TYPING, Signal.PAUSED]

    await stage.until(ended)


async def test_a_device_that_is_off_answers_nothing(stage: Stage) -> None:
    """It is refused as not connected, without waiting for anybody."""
    await stage.storage.write(set_desired, DEVICE, False)
    stage.gateway.node.wake()

    async def off() -> bool:
        return DEVICE not in stage.gateway.sessions.live

    await stage.until(off)
    with pytest.raises(Refusal) as refused:
        async with asyncio.timeout(2):
            await sessions_of(stage).groups(await stage.device())
    assert refused.value.code is Code.DEVICE_DISCONNECTED


@pytest.mark.parametrize("database", [Engine.POSTGRES], indirect=True, ids=["postgres"])
async def test_another_process_asks_the_one_that_holds_the_device(
    stage: Stage, database: str, tmp_path: Path
) -> None:
    """The answer comes back through the database."""
    async with another_process(stage, database, tmp_path / "other") as asked:
        sessions = SessionsAnywhere(asked.asks, asked.let_go)
        async with asyncio.timeout(5):
            checked = await sessions.check(await stage.device(), [ANI])
        assert [each.number for each in checked] == [ANI]
        assert asked.sessions.live == {}
