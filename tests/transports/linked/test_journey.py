"""One device's whole life, and many devices that come and go beside each other."""

import asyncio
import os
import signal
from pathlib import Path

from merpati.core.clock import SystemClock
from merpati.core.ids import Address, DeviceId, WireRef
from merpati.fakes.whatsapp import contents
from merpati.fakes.whatsapp.faults import Fault
from merpati.fakes.whatsapp.pairing import scan
from merpati.fakes.whatsapp.server import open_whatsapp
from merpati.transports.linked.link import LinkedLink
from merpati.transports.linked.transport import LinkedTransport
from merpati.transports.port import (
    Inbound,
    Outbound,
    PairHow,
    PairQr,
    Poll,
    PollVote,
    SendFault,
    SessionState,
    Text,
)
from tests.conformance.transport_rig import Heard, fault_of, text
from tests.transports.linked.rig import open_rig, settings_of

_S = SessionState
TO = Address("6282222222222")
COMING_AND_GOING, STAYING, ROUNDS = 3, 2, 3
"""`bench.linked` does the same with twenty."""


async def test_a_device_lives_from_its_pairing_to_its_logout(tmp_path: Path) -> None:
    """Pair, send, receive, vote, restart, killed in mid-send, log out: as a shop would see it."""
    async with open_rig(tmp_path) as rig:
        transport, heard = rig.transport(), Heard()
        await transport.start(heard.emit)
        await heard.state(_S.LOGGED_OUT)
        await transport.pair(PairHow.QR)
        await rig.scan((await heard.count(PairQr))[0].code)
        await heard.state(_S.OPEN)
        await transport.send(text("r1", rig.person, "Halo Bob"))
        await rig.say("Halo toko")
        poll = Poll(question="Kapan?", choices=("Senin", "Selasa"))
        asked = await transport.send(Outbound(ref=WireRef("r2"), chat=rig.person, content=poll))
        await rig.vote(asked.wa_id, ("Selasa",))
        await heard.count(PollVote)
        await transport.stop()

        transport, again = rig.transport(), Heard()
        await transport.start(again.emit)
        await again.state(_S.OPEN)
        rig.network.faults.add(Fault.HOLD)
        sending = asyncio.create_task(fault_of(transport, text("r3", rig.person, "terputus")))
        await rig.network.until(lambda: len(rig.bob.shown) == 3)
        pid = rig.link.workers[-1].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        unclear = await sending
        await again.until(lambda: again.states().count(_S.OPEN) == 2)
        await transport.send(text("r4", rig.person, "lanjut"))
        await transport.stop(logout=True)

        assert [each.content for each in heard.of(Inbound)] == [Text(body="Halo toko")]
        assert [each.choices for each in heard.of(PollVote)] == [("Selasa",)]
        assert unclear.fault is SendFault.AMBIGUOUS
        assert [each.content.body for each in rig.bob.shown if isinstance(each.content, contents.Text)] == [
            "Halo Bob",
            "terputus",
            "lanjut",
        ]
        assert rig.shop.devices == {}


async def test_devices_come_and_go_while_others_send(tmp_path: Path) -> None:
    """In one worker, whose library keeps its sessions in maps without a lock: nothing hangs, nothing dies."""
    async with open_whatsapp() as fake:
        settings = settings_of(fake, tmp_path, devices_per_worker=COMING_AND_GOING + STAYING)
        link = LinkedLink(settings, SystemClock())
        network = fake.network
        bob = network.add_phone("6282222222222", "Bob")

        async def paired(number: int) -> tuple[LinkedTransport, Heard]:
            owner = network.add_phone(f"62811111111{number:02}")
            transport, heard = link.transport(DeviceId(number)), Heard()
            await transport.start(heard.emit)
            await transport.pair(PairHow.QR)
            await scan(network, owner, (await heard.count(PairQr))[0].code)
            await heard.state(_S.OPEN)
            return transport, heard

        devices = await asyncio.gather(*(paired(number) for number in range(COMING_AND_GOING + STAYING)))
        moving, staying = devices[:COMING_AND_GOING], devices[COMING_AND_GOING:]
        done = asyncio.Event()

        async def send(transport: LinkedTransport, number: int) -> int:
            count = 0
            while not done.is_set():
                await transport.send(text(f"{number}-{count}", TO, f"{number}-{count}"))
                count += 1
            return count

        async def come_and_go(transport: LinkedTransport, heard: Heard) -> None:
            for _ in range(ROUNDS):
                await transport.stop()
                await transport.start(heard.emit)
                await heard.state(_S.OPEN)

        sending = [asyncio.create_task(send(transport, n)) for n, (transport, _) in enumerate(staying)]
        await asyncio.gather(*(come_and_go(*each) for each in moving))
        done.set()
        sent = sum(await asyncio.gather(*sending))

        assert sent > 0
        assert len({each.content for each in bob.shown}) == sent
        assert [each.starts for each in link.workers] == [1]
        await link.close()
