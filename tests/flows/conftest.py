"""A whole gateway in the test's own process: real database, real transport, a simulated network that is quick."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.app.opening import open_gateway
from merpati.config import Config
from merpati.storage.port import Engine
from tests.flows.stage import Stage

NETWORK = """
[network]
scale = 0.0
seed = 7
"""


@pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """As everywhere, but on PostgreSQL the one that has merpati's schema: to make one takes half a second."""
    if request.param is Engine.SQLITE:
        return tmp_path / "merpati.db"
    dsn: str = request.getfixturevalue("emptied_dsn")
    return dsn


@pytest.fixture
def script() -> str:
    """What the network does besides; a test module may say more."""
    return ""


@pytest.fixture
async def stage(database: Path | str, tmp_path: Path, script: str) -> AsyncIterator[Stage]:
    """A running gateway without a door, with an account and one connected device."""
    faults = tmp_path / "network.toml"
    faults.write_text(NETWORK + script)
    config = Config(
        data=tmp_path / "data",
        database=database if isinstance(database, str) else "",
        simulator_faults=str(faults),
        lease_s=5,
        allow_hosts=("127.0.0.1",),
    )
    async with open_gateway(config) as gateway:
        gateway.start()
        stage = Stage(gateway)
        await stage.open()
        yield stage
        await gateway.stop()
