"""The law of the live pages: what a page shows after a fact is what a page shows that is read afresh."""

import contextlib
import difflib
import math
from collections.abc import Iterator
from typing import NamedTuple, get_args

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from merpati.core.facts import AnyFact, Fact
from tests.browser.account import Account
from tests.browser.desk import Desk
from tests.browser.facts import MAKERS, World
from tests.browser.receiver import receiver
from tests.browser.seen import seen
from tests.browser.waiting import until
from tests.browser.words import say

LATER_S = 600
"""How far the pages' clocks are ahead, and stand: so the seconds that pass are the same on all of them."""
EAR = """() => new Promise((ready) => {
  window.heard = [];
  const source = new EventSource("/api/v1/events");
  source.addEventListener("ready", ready);
  source.addEventListener("fact", (event) => heard.push(event.data));
})"""
GO = "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')) }"
AT_ONCE = 4
"""Pages of one browser: each holds a connection for as long as it is there, and a browser opens six."""
HEARS = "(kind) => window.heard.some((each) => JSON.parse(each).kind === kind)"


class Place(NamedTuple):
    """A page that shows live state: where, which part of a panel, and what of it is looked at."""

    path: str
    part: str = ""
    region: str = "#main"


# neighbours are drawn by different components, so that each is drawn anew
PLACES = {
    "home": Place("/"),
    "messages": Place("/messages/{message}"),
    "device": Place("/devices/{device}"),
    "held messages": Place("/messages?state=held"),
    "settings of a device": Place("/devices/{device}", "menu.settings"),
    "webhook": Place("/webhooks/{webhook}"),
    "log of a device": Place("/devices/{device}", "devices.part_log"),
    "requests": Place("/requests"),
    "form": Place("/send"),
    # its journal begins when the page is opened
    "simulator": Place("/simulator?person={person}", region="[role=log], [role=log] ~ form, select"),
}


class Law:
    """Every page, open since the beginning; one that is read afresh; and an ear for facts."""

    def __init__(self, browser: Browser, world: World, webhook: int) -> None:
        self.world, self.webhook = world, webhook
        self.desk, self._browser = world.account.desk, browser
        with self.desk.owner(browser) as page:
            self._state = page.context.storage_state()
            self._now = page.evaluate("() => Date.now()") / 1_000 + LATER_S
        self.message = world.scheduled()
        contexts = [self._context() for _ in range(math.ceil(len(PLACES) / AT_ONCE) + 1)]
        self.ear, self.fresh = contexts[-1].new_page(), contexts[-1].new_page()
        self.ear.goto(self.desk.address("/more"))
        self.ear.evaluate(EAR)
        self.live = {name: contexts[n // AT_ONCE].new_page() for n, name in enumerate(PLACES)}
        for name, page in self.live.items():
            page.goto(self.desk.address("/more"))
            self.open(page, PLACES[name])

    def _context(self) -> BrowserContext:
        context = self._browser.new_context(
            storage_state=self._state, locale="id-ID", timezone_id="Asia/Jakarta", reduced_motion="reduce"
        )
        context.clock.set_fixed_time(self._now)
        return context

    def open(self, page: Page, place: Place) -> None:
        """As a link of the page leads there: everything is read for it."""
        path = place.path.format(
            message=self.message, device=self.world.looked_at, webhook=self.webhook, person=self.world.reader
        )
        page.evaluate(GO, f"/app{path}")
        if place.part:
            page.get_by_role("radio", name=say("id", place.part)).click()

    def look_at(self, message: int) -> None:
        """The page of messages has this one open."""
        self.message = message
        self.live["messages"].locator(f"#message-{message}").click()

    def difference(self, name: str) -> list[str]:
        """What the open page shows (-) and the fresh one does not (+), if that stays so."""
        place, live = PLACES[name], self.live[name]
        self.open(self.fresh, place)
        if until(lambda: seen(live, place.region) == seen(self.fresh, place.region), within_s=3):
            return []
        lines = difflib.unified_diff(
            seen(live, place.region), seen(self.fresh, place.region), name, lineterm="", n=1
        )
        return list(lines)[2:]


@pytest.fixture(scope="module")
def law(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Law]:
    with contextlib.ExitStack() as stack:
        hooks = stack.enter_context(receiver())
        desk = Desk(tmp_path_factory.mktemp("law"), allow_hosts="127.0.0.1")
        stack.callback(desk.end)
        desk.start()
        account = Account(desk, browser)
        world = World(account, account.devices()["Cadangan"])
        urls = {"status": hooks.url, "message": hooks.url, "connect": hooks.url}
        told = account.ask("PUT", f"/devices/{world.ready}/webhooks", urls)
        yield Law(browser, world, told["items"][0]["id"])


@pytest.mark.parametrize("kind", MAKERS, ids=lambda kind: kind.__name__)
def test_an_open_page_shows_what_a_fresh_one_shows(law: Law, kind: type[Fact]) -> None:
    """After each kind of fact, on every page."""
    make = MAKERS[kind](law.world)
    law.look_at(next(make))
    law.ear.evaluate("() => (window.heard = [])")
    assert next(make, None) is None
    law.ear.wait_for_function(HEARS, arg=kind.__name__)
    law.world.account.webhooks_are_told()
    law.fresh.goto(law.desk.address("/more"))
    assert {name: told for name in PLACES if (told := law.difference(name))} == {}


def test_every_kind_of_fact_has_its_maker() -> None:
    """Who adds a fact says how it comes about."""
    assert set(MAKERS) == set(get_args(AnyFact))
