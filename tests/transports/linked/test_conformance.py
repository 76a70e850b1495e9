"""A linked device passes the suite of all transports: real library, real worker, the fake WhatsApp."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.transport import TransportConformance
from tests.transports.linked.rig import LinkedRig, open_rig


class TestLinked(TransportConformance):
    """All cases."""

    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[LinkedRig]:
        async with open_rig(tmp_path) as rig:
            yield rig
