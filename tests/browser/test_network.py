"""A network that goes away and comes back, a server that is started anew: the page says so, and catches up."""

import signal
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.account import FAR, Account
from tests.browser.desk import Desk
from tests.browser.seen import seen
from tests.browser.waiting import until
from tests.browser.words import say

PATHS = ("/", "/messages", "/devices")


@pytest.fixture
def pages(browser: Browser, desk: Desk) -> Iterator[list[Page]]:
    """The pages that show most, in one browser, whose clock stands."""
    with desk.owner(browser) as first:
        first.context.clock.set_fixed_time(first.evaluate("() => Date.now()") / 1_000 + 600)
        opened = [first, *(first.context.new_page() for _ in PATHS[1:])]
        for page, path in zip(opened, PATHS, strict=True):
            page.goto(desk.address(path))
            page.get_by_role("heading", level=1).wait_for()
        yield opened


def lost(page: Page, *, is_so: bool) -> None:
    bar = page.get_by_text(say("id", "offline.text"))
    expect(bar).to_be_visible(visible=is_so, timeout=20_000)


def shows_the_same(page: Page, fresh: Page) -> bool:
    return seen(page) == seen(fresh)


def as_fresh(pages: list[Page]) -> None:
    """Each shows what it shows when it is read afresh."""
    fresh = pages[0].context.new_page()
    for page in pages:
        fresh.goto(page.url)
        assert until(partial(shows_the_same, page, fresh)), (seen(page), seen(fresh))


def test_what_happened_while_the_network_was_away_is_there_when_it_is_back(
    browser: Browser, desk: Desk, pages: list[Page]
) -> None:
    """The bar comes and goes by itself."""
    account = Account(desk, browser)
    toko, person = account.devices()["Toko"], desk.demo["people"][0]
    pages[0].context.set_offline(True)
    for page in pages:
        lost(page, is_so=True)
    account.send(toko, person, "Saat terputus")
    account.ask("POST", "/devices", {"name": "Sementara", "number": "6281000008001"})
    pages[0].context.set_offline(False)
    for page in pages:
        lost(page, is_so=False)
    expect(pages[1].get_by_role("cell", name="Saat terputus")).to_be_visible()
    expect(pages[2].get_by_role("button", name="Sementara")).to_be_visible()
    as_fresh(pages)


def test_a_server_that_is_started_anew_is_shown_as_it_is(browser: Browser, desk: Desk, pages: list[Page]) -> None:
    """Killed with a message scheduled, and one that was on its way."""
    account = Account(desk, browser)
    toko, person = account.devices()["Toko"], desk.demo["people"][1]
    account.send(toko, person, "Nanti", schedule=FAR)
    account.send(toko, person, "Sekarang")
    desk.end(signal.SIGKILL)
    for page in pages:
        lost(page, is_so=True)
    desk.start()
    for page in pages:
        lost(page, is_so=False)
    expect(pages[1].get_by_role("cell", name="Sekarang")).to_be_visible()
    as_fresh(pages)
