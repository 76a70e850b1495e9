"""The law of the live pages: what a page shows after a fact is what a page shows that is read afresh."""

import contextlib
import difflib
import itertools
import math
from collections.abc import Iterable, Iterator
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
FRESH = 3
"""Pages that read at the same time."""
WITHIN_S = 8
"""So much longer than any page waits before it looks again."""
HEARS = "(kind) => window.heard.some((each) => JSON.parse(each).kind === kind)"


class Place(NamedTuple):
    """A page that shows live state: where, which part of a panel, and what of it is looked at."""

    path: str
    part: str = ""
    region: str = "#main"


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
    "just sent": Place("/send?sent={message}"),
    "sessions": Place("/settings"),
    "keys": Place("/keys"),
    # its journal begins when the page is opened
    "simulator": Place(
        "/simulator?person={person}", region="[role=log], [role=log] ~ form, select, section:has([role=switch])"
    ),
}


def batched(names: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    """So many at a time."""
    rest = iter(names)
    return iter(lambda: tuple(itertools.islice(rest, size)), ())


class Law:
    """Every page, open since the beginning; some that are read afresh; and an ear for facts."""

    def __init__(self, browser: Browser, world: World, webhook: int) -> None:
        self.world, self.webhook = world, webhook
        self.desk, self._browser = world.account.desk, browser
        with self.desk.owner(browser) as page:
            self._state = page.context.storage_state()
            self._now = page.evaluate("() => Date.now()") / 1_000 + LATER_S
        self.message = world.scheduled()
        contexts = [self._context() for _ in range(math.ceil(len(PLACES) / AT_ONCE) + 2)]
        self.ear = contexts[-1].new_page()
        self.fresh = [contexts[-2].new_page() for _ in range(FRESH)]
        self.live = {name: contexts[n // AT_ONCE].new_page() for n, name in enumerate(PLACES)}
        pages = [self.ear, *self.fresh, *self.live.values()]
        for page in pages:
            page.goto(self.desk.address("/more"), wait_until="commit")
        for page in pages:
            page.get_by_role("heading", level=1).wait_for()
        self.ear.evaluate(EAR)
        for name, page in self.live.items():
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
        """The page of messages has this one open, and it was just sent."""
        self.message = message
        self.open(self.live["just sent"], PLACES["just sent"])
        self.live["messages"].locator(f"#message-{message}").click()

    def differences(self) -> dict[str, list[str]]:
        """By page: what the open one shows (-) and a fresh one does not (+), if that stays so."""
        found = dict[str, list[str]]()
        for names in batched(PLACES, FRESH):
            pairs = dict(zip(names, self.fresh, strict=False))
            for name, fresh in pairs.items():
                self.open(fresh, PLACES[name])
            found |= {name: self._difference(name, fresh) for name, fresh in pairs.items()}
            for fresh in pairs.values():
                fresh.evaluate(GO, "/app/more")
        return {name: lines for name, lines in found.items() if lines}

    def _difference(self, name: str, fresh: Page) -> list[str]:
        live, region = self.live[name], PLACES[name].region
        if until(lambda: seen(live, region) == seen(fresh, region), within_s=WITHIN_S):
            return []
        lines = difflib.unified_diff(seen(live, region), seen(fresh, region), name, lineterm="", n=1)
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
    assert law.differences() == {}


def test_every_kind_of_fact_has_its_maker() -> None:
    """Who adds a fact says how it comes about."""
    assert set(MAKERS) == set(get_args(AnyFact))
