"""The API over SQLite, and a wire in front of it that can be cut."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.conftest import api_on_sqlite
from tests.api.harness import Api
from tests.client.wire import Wire, laid


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """A fresh one."""
    async with api_on_sqlite(tmp_path) as running:
        yield running


@pytest.fixture
async def wire(api: Api) -> AsyncIterator[Wire]:
    """Leads to the API."""
    async with laid(api.url) as wire:
        yield wire
