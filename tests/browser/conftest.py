"""A browser for each test process, a demo for each file of tests."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.account import Account
from tests.browser.chromium import chromium
from tests.browser.desk import WITHIN_MS, Desk
from tests.browser.receiver import Receiver, receiver


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is one of the browser tier."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=WITHIN_MS)
    try:
        with chromium() as found:
            yield found
    except LookupError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A demo that the tests of one file share; with the file's `SETTINGS`, where it has some."""
    made = Desk(tmp_path_factory.mktemp("desk"), **getattr(request.module, "SETTINGS", {}))
    made.start()
    yield made
    made.end()


@pytest.fixture(scope="module")
def account(browser: Browser, desk: Desk) -> Account:
    """The demo's owner, over the API."""
    return Account(desk, browser)


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    """A webhook's receiver on this machine; a demo must be allowed to reach it."""
    with receiver() as made:
        yield made
