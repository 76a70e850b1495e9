"""SQLite behind the port: the conformance suite, and what only a file can suffer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.clock import SystemClock
from merpati.storage.sqlite import SqliteStorage
from tests.conformance.storage import Opener, StorageConformance
from tests.conformance.storage_nodes import IdsConformance, NodesConformance


@pytest.fixture
async def opener(tmp_path: Path) -> AsyncIterator[Opener]:
    opened = []

    async def open_it(**settings: float) -> SqliteStorage:
        opened.append(await SqliteStorage.open(tmp_path / "merpati.db", SystemClock(), **settings))  # type: ignore[arg-type]
        return opened[-1]

    yield open_it
    for storage in opened:
        await storage.close()


class TestSqliteNodes(NodesConformance):
    """Leases."""


class TestSqliteIds(IdsConformance):
    """Ids."""


class TestSqlite(StorageConformance):
    """The suite on SQLite."""
