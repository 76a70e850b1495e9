"""PostgreSQL behind the port: the conformance suite. Its own troubles are in `test_postgres_faults`."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from merpati.core.clock import SystemClock
from merpati.storage.postgres import PostgresStorage
from tests.conformance.storage import Opener, StorageConformance
from tests.conformance.storage_lane import LaneConformance
from tests.conformance.storage_nodes import IdsConformance, NodesConformance

pytestmark = pytest.mark.postgres

UNDO = "DROP TABLE IF EXISTS part, thing; DELETE FROM schema_version WHERE name = 'things'"


@pytest.fixture
async def opener(emptied_dsn: str) -> AsyncIterator[Opener]:
    """Opens the one database that has merpati's schema; what the suite adds to it is taken away again."""
    opened = []

    async def open_it(*, statement_s: float = 10.0) -> PostgresStorage:
        opened.append(await PostgresStorage.open(emptied_dsn, SystemClock(), statement_s=statement_s))
        return opened[-1]

    yield open_it
    for storage in opened:
        await storage.close()
    connection = await asyncpg.connect(emptied_dsn)
    try:
        await connection.execute(UNDO)
    finally:
        await connection.close()


class TestPostgres(StorageConformance):
    """Actions, views, the dialect."""


class TestPostgresLane(LaneConformance):
    """The hot lane."""


class TestPostgresNodes(NodesConformance):
    """Leases."""


class TestPostgresIds(IdsConformance):
    """Ids."""
