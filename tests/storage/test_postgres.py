"""PostgreSQL behind the port: the conformance suite. Its own troubles are in `test_postgres_faults`."""

import pytest

from tests.conformance.storage import Opener, StorageConformance
from tests.conformance.storage_lane import LaneConformance
from tests.conformance.storage_nodes import IdsConformance, NodesConformance
from tests.storage.conftest import OpenPostgres

pytestmark = pytest.mark.postgres


@pytest.fixture
def opener(open_postgres: OpenPostgres) -> Opener:
    return open_postgres


class TestPostgres(StorageConformance):
    """Actions, views, the dialect."""


class TestPostgresLane(LaneConformance):
    """The hot lane."""


class TestPostgresNodes(NodesConformance):
    """Leases."""


class TestPostgresIds(IdsConformance):
    """Ids."""
