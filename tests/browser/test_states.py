"""What opens on a page: panels, dialogs, filters; everybody can use them, too."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from merpati.storage.port import Storage, Tx
from tests.browser.account import FAR, Account
from tests.browser.axe import violations
from tests.browser.desk import Desk, Theme, Width
from tests.browser.test_pages import rest
from tests.browser.words import say

Opener = Callable[[Page, str], Locator]


@pytest.fixture(scope="module")
def ids(browser: Browser, desk: Desk) -> Iterator[dict[str, int]]:
    """A held message, a device, and an address with something that it never got."""
    account = Account(desk, browser)
    device = account.devices()["Toko"]
    told = account.ask("PUT", f"/devices/{device}/webhooks", {"status": "https://merpati.example/hook"})
    webhook = told["items"][0]["id"]

    async def give_up(tx: Tx) -> None:
        await tx.run(
            "INSERT INTO dead_letter (endpoint_id, account_id, device_id, first_seq, last_seq, at, reason) "
            "SELECT $1, id, $2, 1, 2, $3, 'down' FROM account",
            webhook,
            device,
            tx.now,
        )

    async def keep(storage: Storage) -> None:
        await storage.write(give_up)

    account.write(keep)
    held = account.send(device, desk.demo["people"][0], schedule=FAR)
    account.ask("POST", "/simulator/faults", {"name": "cuts", "device": device})
    devices = account.devices()
    yield {
        "message": held,
        "device": device,
        "webhook": webhook,
        "off": devices["Cadangan"],
        "ready": devices["Gudang"],
    }


def pressed(role: str, key: str, then: str = "[role=dialog]") -> Opener:
    """What a button, or a part of a panel, opens; its name may go on."""

    def open_it(page: Page, language: str) -> Locator:
        page.get_by_role(role, name=say(language, key)).first.click()  # type: ignore[arg-type]
        return page.locator(then).first

    return open_it


def deleting(page: Page, language: str) -> Locator:
    page.get_by_role("radio", name=say(language, "menu.settings")).click()
    return pressed("button", "device.delete")(page, language)


def dead_letters(page: Page, language: str) -> Locator:
    return page.get_by_role("heading", name=say(language, "webhooks.dead"))


def palette(page: Page, language: str) -> Locator:  # noqa: ARG001 — an opener
    page.keyboard.press("Control+k")
    return page.get_by_role("dialog")


def conditions(page: Page, language: str) -> Locator:
    part = page.get_by_role("radio", name=say(language, "sim.conditions"))
    if part.is_visible():
        part.click()
    return page.get_by_role("switch").first


STATES: dict[str, tuple[str, Opener]] = {
    "adding a device": ("/devices", pressed("button", "devices.add")),
    "settings of a device": ("/devices/{device}", pressed("radio", "menu.settings", "#main aside")),
    "log of a device": ("/devices/{device}", pressed("radio", "devices.part_log", "#main aside")),
    "connecting a device": ("/devices/{off}", pressed("button", "connect.begin", "#main aside")),
    "another token": ("/devices/{device}", pressed("button", "token.rotate")),
    "deleting a device": ("/devices/{device}", deleting),
    "another time": ("/messages/{message}", pressed("button", "action.reschedule")),
    "filters": ("/messages", pressed("button", "history.filter", "#main")),
    "a poll": ("/send", pressed("radio", "send.kind_poll", "#main")),
    "an own address": ("/webhooks", pressed("button", "webhooks.add")),
    "setting addresses": ("/webhooks", pressed("button", "webhooks.set")),
    "what was given up": ("/webhooks/{webhook}", dead_letters),
    "conditions": ("/simulator", conditions),
    "the palette": ("/", palette),
}
LOOKS: list[tuple[Width, Theme, str]] = [("desktop", "light", "id"), ("phone", "dark", "en")]


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_nothing_that_opens_is_hard_to_use(
    browser: Browser, desk: Desk, ids: dict[str, int], width: Width, theme: Theme, language: str
) -> None:
    """Contrast, names, roles and order of what is not there at first; nothing scrolls sideways."""
    with desk.owner(browser, width=width, theme=theme, language=language) as page:
        for name, (path, opener) in STATES.items():
            page.goto(desk.address(path.format(**ids)))
            rest(page)
            opener(page, language).wait_for()
            assert violations(page) == [], name
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_the_way_back_can_be_read(
    browser: Browser, desk: Desk, ids: dict[str, int], width: Width, theme: Theme, language: str
) -> None:
    """What a word at the foot of the page offers has contrast, and does what it says."""
    with desk.owner(browser, width=width, theme=theme, language=language) as page:
        page.goto(desk.address(f"/devices/{ids['ready']}"))
        page.get_by_role("button", name=say(language, "devices.disconnect")).click()
        back = page.get_by_role("button", name=say(language, "undo"))
        back.wait_for()
        assert violations(page) == []
        back.click()
        expect(page.get_by_role("button", name=say(language, "devices.disconnect"))).to_be_visible()
