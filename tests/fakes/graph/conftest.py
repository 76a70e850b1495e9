"""Fixtures of the tests of the fake Graph."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.graph.rig import Rig, open_rig


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with open_rig() as rig:
        yield rig
