"""The simulator passes the suite of all transports: inside our process, and over a socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.transports.simulator.link import open_link
from merpati.transports.simulator.transport import CAPS, OFFICIAL
from tests.conformance.transport import TransportConformance
from tests.transports.simulator.rig import AT_ONCE, SimulatorRig


class TestSimulator(TransportConformance):
    """`in_process`: the network runs in ours. `socket`: our link goes over the socket."""

    caps = CAPS

    @pytest.fixture(params=["in_process", "socket"])
    async def rig(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SimulatorRig]:
        inside = await open_link(tmp_path / "network", settings=AT_ONCE)
        assert inside.server is not None
        outside = await open_link(socket=inside.server.address)
        ours, theirs = (inside, outside) if request.param == "in_process" else (outside, inside)
        rig = SimulatorRig(ours, theirs, tmp_path / "network", self.caps)
        await rig.set_up()
        yield rig
        await outside.close()
        await inside.close()


class TestOfficial(TestSimulator):
    """The same network, used as WhatsApp's official API: with buttons, and without polls and groups."""

    caps = OFFICIAL
