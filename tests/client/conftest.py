"""The API over each engine, and a wire in front of it that can be cut."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.storage.port import Storage
from tests.api.harness import Api, running_api
from tests.client.wire import Wire, laid


@pytest.fixture
async def api(storage: Storage, tmp_path: Path) -> AsyncIterator[Api]:
    """A fresh one."""
    async with running_api(storage, tmp_path) as running:
        yield running


@pytest.fixture
async def wire(api: Api) -> AsyncIterator[Wire]:
    """Leads to the API."""
    async with laid(api.url) as wire:
        yield wire
