"""One official number: what holds a hand-over up, or ends it late, makes no message uncertain, no device shut."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.errors import Code
from merpati.core.ids import Address
from merpati.fakes.graph.outages import Outage, Rule
from merpati.storage.port import Storage
from merpati.transports.cloud_api.transport import CloudTransport
from merpati.transports.port import AnyEvent, Inbound, Outbound, SendError, SendFault, SessionState, Transport
from tests.conformance.transport_rig import Heard, fault_of, opened, text
from tests.transports.cloud_api.rig import DEVICE, CloudRig, open_rig


@pytest.fixture
async def rig(storage: Storage, tmp_path: Path) -> AsyncIterator[CloudRig]:
    async with open_rig(storage, tmp_path) as rig:
        yield rig


async def test_who_meets_a_number_that_was_slowed_waits_in_the_queue(rig: CloudRig) -> None:
    """An hour is longer than a hand-over may take: it would be given up there as uncertain, though never posted."""
    transport, _ = await opened(rig)
    rig.strike(Rule(outage=Outage.REFUSE, code=131048))
    await fault_of(transport, text("a", rig.person))

    async with asyncio.timeout(5):
        raised = await fault_of(transport, text("b", rig.person))

    assert (raised.fault, raised.code) == (SendFault.RATE, Code.NUMBER_SLOWED)
    assert 3_500_000 < raised.retry_after_ms <= 3_600_000
    assert await rig.shown() == []


async def test_what_waits_too_long_for_its_turn_was_surely_not_sent(rig: CloudRig) -> None:
    """Behind another message to the same person whose answer does not come."""
    await rig.pair()
    transport = CloudTransport(
        DEVICE, rig.link.client, rig.storage, rig.sealer, rig.clock, rig.folder, most_bytes=1, prepare_s=0.1
    )
    heard = Heard()
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)
    rig.strike(Rule(outage=Outage.HANG))
    first = asyncio.create_task(transport.send(text("a", rig.person)))
    await asyncio.sleep(0)

    raised = await fault_of(transport, text("b", rig.person))

    first.cancel()
    assert (raised.fault, raised.code) == (SendFault.RETRY, Code.NETWORK_BUSY)


async def test_the_old_token_s_refusal_does_not_end_the_session_of_the_new_one(rig: CloudRig) -> None:
    """A hand-over that began before the device was restarted ends after it."""
    transport, heard = await opened(rig)
    rig.strike(Rule(outage=Outage.REFUSE, code=130429))
    await fault_of(transport, text("a", rig.person))  # the next one waits for a second
    late = asyncio.create_task(refusal_of(transport, text("b", rig.person)))
    await asyncio.sleep(0)

    await transport.stop()
    rig.graph.world.tokens[rig.seeded.token].expired = True
    await rig.pair(token=rig.graph.world.new_token())
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)

    assert (await late).fault is SendFault.AUTH
    assert heard.states()[-1] is SessionState.OPEN
    await transport.send(text("c", rig.person))


async def test_a_token_that_refuses_several_at_once_ends_the_session_once(rig: CloudRig) -> None:
    """Each is told why; the device's log says it once, though what is being stored takes its time to end."""
    await rig.pair()
    transport, heard, storing = rig.transport(), Heard(), asyncio.Event()

    async def store_slowly(event: AnyEvent) -> None:
        if isinstance(event, Inbound):
            storing.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.1)
        await heard.emit(event)

    await transport.start(store_slowly)
    await heard.state(SessionState.OPEN)
    await rig.say("halo")
    await storing.wait()
    rig.graph.world.tokens[rig.seeded.token].expired = True

    refused = await asyncio.gather(
        *(refusal_of(transport, text(f"r{n}", Address(f"62813000{n:04}"))) for n in range(5))
    )

    assert {(each.fault, each.code) for each in refused} == {(SendFault.AUTH, Code.META_TOKEN_REFUSED)}
    assert heard.states()[-1] is SessionState.LOGGED_OUT
    assert heard.states().count(SessionState.LOGGED_OUT) == 1


async def refusal_of(transport: Transport, message: Outbound) -> SendError:
    with pytest.raises(SendError) as raised:
        await transport.send(message)
    return raised.value


async def test_two_who_start_a_device_at_once_start_it_once(rig: CloudRig) -> None:
    """As two restarts at once do: else one session would go on by itself for ever, beside the other."""
    await rig.pair()
    transport, heard = rig.transport(), Heard()
    await asyncio.gather(transport.start(heard.emit), transport.start(heard.emit))
    await heard.state(SessionState.OPEN)
    await rig.say("halo")
    assert heard.states() == [SessionState.CONNECTING, SessionState.OPEN]
