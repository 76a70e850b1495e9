"""The API over SQLite, once for all tests of a file; and once per test on each engine."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from merpati.storage.port import Storage
from tests.api.harness import Api, running_api
from tests.sqlite import open_empty


@contextlib.asynccontextmanager
async def api_on_sqlite(folder: Path, **changed: Any) -> AsyncIterator[Api]:  # noqa: ANN401 — Gateway's
    """The API over a new SQLite database; `changed` are other values of `Gateway`."""
    storage = await open_empty(folder / "merpati.db")
    try:
        async with running_api(storage, folder, **changed) as api:
            yield api
    finally:
        await storage.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """The API over SQLite, the same one for all tests of the file that run in the file's loop."""
    async with api_on_sqlite(tmp_path_factory.mktemp("api")) as api:
        yield api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """The API over SQLite, a fresh one."""
    async with api_on_sqlite(tmp_path) as running:
        yield running


@pytest.fixture
async def both(storage: Storage, tmp_path: Path) -> AsyncIterator[Api]:
    """The API, a fresh one on each engine."""
    async with running_api(storage, tmp_path) as running:
        yield running
