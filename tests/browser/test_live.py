"""What no fact tells is on an open page all the same; and a part that cannot be read says so."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.account import FAR, Account
from tests.browser.desk import Desk
from tests.browser.receiver import Receiver
from tests.browser.words import say

SETTINGS = {"allow_hosts": "127.0.0.1"}
"""Its webhooks may be on this machine."""


def test_a_call_of_a_webhook_comes_to_its_open_panel(
    browser: Browser, desk: Desk, account: Account, hooks: Receiver
) -> None:
    """Also one that fails and is tried again; what was unfolded stays so."""
    toko = account.devices()["Toko"]
    told = account.ask("PUT", f"/devices/{toko}/webhooks", {"status": hooks.url, "message": "", "connect": ""})
    with desk.owner(browser) as page:
        page.goto(desk.address(f"/webhooks/{told['items'][0]['id']}"))
        panel = page.get_by_role("complementary", name=say("id", "webhooks.details"))
        expect(panel.get_by_text(say("id", "webhooks.calls_empty"))).to_be_visible()
        account.send(toko, account.person("6281000007001", online=False))
        calls = panel.locator("details")
        expect(calls).to_have_count(1)
        calls.locator("summary").click()
        hooks.status = 500
        account.send(toko, account.person("6281000007002", online=False))
        expect(calls).to_have_count(2)
        expect(calls.first.get_by_text("500", exact=True)).to_be_visible()
        assert [each.get_attribute("open") for each in calls.all()] == [None, ""]


def test_a_part_that_cannot_be_read_says_so(
    browser: Browser, desk: Desk, account: Account, hooks: Receiver
) -> None:
    """With what helps: what was given up on is not hidden by a fault."""
    toko = account.devices()["Toko"]
    told = account.ask("PUT", f"/devices/{toko}/webhooks", {"status": hooks.url, "message": "", "connect": ""})
    with desk.owner(browser) as page:
        page.route("**/dead-letters", lambda route: route.fulfill(status=500, json={"title": "Rusak"}))
        page.goto(desk.address(f"/webhooks/{told['items'][0]['id']}"))
        panel = page.get_by_role("complementary", name=say("id", "webhooks.details"))
        expect(panel.get_by_text("Rusak")).to_be_visible()
        page.unroute("**/dead-letters")
        panel.get_by_role("button", name=say("id", "offline.retry")).click()
        expect(panel.get_by_text("Rusak")).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "part", "said"),
    [
        ("/messages", "**/api/v1/messages/counts*", "history.counts_unread"),
        ("/devices", "**/api/v1/devices/activity*", "devices.day_unread"),
    ],
)
def test_a_small_part_that_cannot_be_read_says_so_beside_the_rest(
    browser: Browser, desk: Desk, path: str, part: str, said: str
) -> None:
    """The counts of the filters, and the devices' day; the list is there. On a phone it is seen too."""
    with desk.owner(browser, width="phone") as page:
        page.route(part, lambda route: route.fulfill(status=500, json={"title": "Rusak"}))
        page.goto(desk.address(path))
        told = page.get_by_text(say("id", said))
        expect(told).to_contain_text("Rusak")
        expect(told).to_be_in_viewport(ratio=1)
        page.unroute(part)
        page.get_by_role("button", name=say("id", "offline.retry")).click()
        expect(told).to_have_count(0)


def test_the_form_says_when_devices_cannot_be_read(browser: Browser, desk: Desk) -> None:
    """Instead of offering none."""
    with desk.owner(browser) as page:
        page.route("**/api/v1/devices?*", lambda route: route.fulfill(status=500, json={"title": "Rusak"}))
        page.goto(desk.address("/send"))
        expect(page.get_by_text("Rusak")).to_be_visible()
        page.unroute("**/api/v1/devices?*")
        page.get_by_role("button", name=say("id", "offline.retry")).click()
        expect(page.get_by_label(say("id", "send.targets"), exact=True)).to_be_visible()


def test_a_refused_call_comes_to_the_open_log(browser: Browser, desk: Desk) -> None:
    """Though it makes no message, and no fact."""
    with desk.owner(browser) as page:
        page.goto(desk.address("/requests?outcome=refused"))
        page.get_by_role("heading", name=say("id", "menu.requests")).wait_for()
        expect(page.get_by_text(say("id", "history.none_found"))).to_be_visible()
        body = {"target": "081234567890", "message": "Halo", "delay": "x"}
        headers = {"Authorization": desk.demo["devices"][0]["token"]}
        answer = page.request.post(f"{desk.demo['url']}/send", data=body, headers=headers)
        assert not answer.json()["status"]
        expect(page.get_by_role("button", name="POST /send")).to_be_visible()


def test_a_sent_list_outlives_a_reload(browser: Browser, desk: Desk, account: Account) -> None:
    """What was just accepted is named by the address."""
    ids = [account.send(account.devices()["Toko"], f"62810000070{n}", schedule=FAR) for n in (10, 11)]
    with desk.owner(browser) as page:
        page.goto(desk.address(f"/send?sent={ids[0]},{ids[1]}&of=2"))
        for _ in range(2):
            expect(page.get_by_role("heading", name=say("id", "sent.title.other", n=2))).to_be_visible()
            expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(2)
            page.reload()
        page.get_by_role("button", name=say("id", "sent.again")).click()
        expect(page.get_by_label(say("id", "send.targets"), exact=True)).to_be_visible()


def test_a_state_has_one_word_on_every_page(browser: Browser, desk: Desk, account: Account) -> None:
    """Of a device that was never connected, and of one that is."""
    words = {"Belum pernah": "standing.off", "Toko": "standing.connected"}
    account.ask("POST", "/devices", {"name": "Belum pernah", "number": "6281000007020"})
    with desk.owner(browser) as page:
        for path in ("/", "/devices"):
            page.goto(desk.address(path))
            for name, word in words.items():
                row = (
                    page.get_by_role("main")
                    .get_by_role("listitem")
                    .filter(has_text=name)
                    .filter(has_text=say("id", word))
                )
                expect(row.first).to_be_visible()
