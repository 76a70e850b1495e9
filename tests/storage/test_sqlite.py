"""SQLite behind the port: the conformance suite. Its own troubles are in `test_sqlite_faults`."""

import pytest

from tests.conformance.storage import Opener, StorageConformance
from tests.conformance.storage_lane import LaneConformance
from tests.conformance.storage_nodes import IdsConformance, NodesConformance
from tests.storage.conftest import OpenSqlite


@pytest.fixture
def opener(open_sqlite: OpenSqlite) -> Opener:
    return open_sqlite


class TestSqlite(StorageConformance):
    """Actions, views, the dialect."""


class TestSqliteLane(LaneConformance):
    """The hot lane."""


class TestSqliteNodes(NodesConformance):
    """Leases."""


class TestSqliteIds(IdsConformance):
    """Ids."""
