"""The Cloud API passes the suite of all transports: over HTTP to the fake Graph, and by its webhooks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.storage.port import Storage
from tests.conformance.transport import TransportConformance
from tests.transports.cloud_api.rig import EARLY, CloudRig, open_rig


class TestCloudApi(TransportConformance):
    """Meta tells what it refuses in the answer here; `test_transport` has what it tells later."""

    @pytest.fixture
    async def rig(self, storage: Storage, tmp_path: Path) -> AsyncIterator[CloudRig]:
        async with open_rig(storage, tmp_path, EARLY) as rig:
            yield rig
