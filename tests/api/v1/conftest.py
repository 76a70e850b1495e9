"""The API with an owner who may sign in, and with a simulated network."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.ids import Address
from merpati.storage.port import Storage
from merpati.transports.simulator.link import SimulatorLink, open_link
from merpati.transports.simulator.settings import Settings
from tests.api.harness import NUMBERS, ONE, THEIRS, Api, running_api
from tests.api.v1.browser import Browser, browser_of, have_owner, signed_in
from tests.api.v1.world import BUDI, World, make_world


@pytest.fixture
async def stranger(both: Api) -> Browser:
    """A browser that has not signed in, though its user could; on each engine."""
    await have_owner(both.storage)
    return browser_of(both)


@pytest.fixture
async def stranger_on_sqlite(api: Api) -> Browser:
    """A browser that has not signed in, where the engine does not matter."""
    await have_owner(api.storage)
    return browser_of(api)


@pytest.fixture
async def ayu(both: Api) -> Browser:
    """A browser that has signed in; on each engine."""
    return await signed_in(both)


@pytest.fixture
async def ayu_on_sqlite(api: Api) -> Browser:
    """A browser that has signed in, where the engine does not matter."""
    return await signed_in(api)


@pytest.fixture
async def link(tmp_path: Path) -> AsyncIterator[SimulatorLink]:
    """A network where everything happens at once; Budi is there, ONE and the other account's device are paired."""
    opened = await open_link(tmp_path / "network", settings=Settings(scale=0, seed=1))
    await opened.phone.add(BUDI, "Budi")
    for device in (ONE, THEIRS):
        await opened.phone.add_device(Address(NUMBERS[device]))
    yield opened
    await opened.close()


@pytest.fixture
async def simulated(storage: Storage, tmp_path: Path, link: SimulatorLink) -> AsyncIterator[Api]:
    """The API over this network, on each engine."""
    async with running_api(storage, tmp_path, phones=link.phones) as api:
        yield api


@pytest.fixture
async def world(simulated: Api) -> World:
    """An account that has one of everything, on each engine."""
    return await make_world(simulated)
