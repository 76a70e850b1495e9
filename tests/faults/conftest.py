"""Fixtures of the fault suite, and the tables that its runs leave in the log."""

from collections.abc import Callable, Iterator

import pytest

from merpati.storage.port import Engine

SECTION = "faults"


@pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
def database_url(request: pytest.FixtureRequest) -> str:
    """`MERPATI_DATABASE` of an empty database: empty for SQLite, PostgreSQL's address. Once on each engine."""
    if request.param is Engine.SQLITE:
        return ""
    dsn: str = request.getfixturevalue("postgres_dsn")
    return dsn


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Iterator[Callable[[str], None]]:
    """Give it a run's table: it is printed at the end of the session, also when all is well."""
    yield lambda text: record_property(SECTION, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the runs reported."""
    for reports in terminalreporter.stats.values():
        for each in reports:
            for name, text in getattr(each, "user_properties", ()):
                if name == SECTION and getattr(each, "when", "") == "call":
                    terminalreporter.section(each.nodeid)
                    terminalreporter.write_line(text)
