"""Addresses of one's own: added, changed and replayed by hand."""

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.account import Account
from tests.browser.desk import Desk
from tests.browser.receiver import Receiver
from tests.browser.words import say

SETTINGS = {"allow_hosts": "127.0.0.1"}
"""Its webhooks may be on this machine."""


def panel_of(page: Page) -> Locator:
    return page.get_by_role("complementary", name=say("id", "webhooks.details"))


def test_an_address_is_added_for_chosen_devices(browser: Browser, desk: Desk, hooks: Receiver) -> None:
    """What is ticked stays ticked, and the panel of the new address opens."""
    with desk.owner(browser) as page:
        page.goto(desk.address("/webhooks"))
        page.get_by_role("button", name=say("id", "webhooks.add")).first.click()
        form = page.get_by_role("dialog")
        form.get_by_label(say("id", "webhooks.name"), exact=True).fill("Gudang pusat")
        form.get_by_label(say("id", "webhooks.url"), exact=True).fill(hooks.url)
        form.get_by_role("radio", name=say("id", "webhooks.some_devices")).click()
        form.get_by_label("Toko", exact=True).check()
        expect(form.get_by_label("Gudang", exact=True)).not_to_be_checked()
        form.get_by_role("button", name=say("id", "save")).click()
        expect(panel_of(page).get_by_role("heading", name="Gudang pusat")).to_be_visible()
        expect(panel_of(page).get_by_text("Toko", exact=False).first).to_be_visible()


def test_what_is_typed_stays_while_the_webhook_is_read_again(
    browser: Browser, desk: Desk, account: Account, hooks: Receiver
) -> None:
    """Its calls fail, so the page looks again and again."""
    toko = account.devices()["Toko"]
    made = account.ask(
        "POST", "/webhooks", {"name": "Lama", "url": hooks.url, "kinds": ["status"], "devices": [toko]}
    )
    hooks.status = 500
    account.send(toko, account.person("6281000007101", online=False))
    with desk.owner(browser) as page:
        page.goto(desk.address(f"/webhooks/{made['id']}"))
        page.get_by_role("button", name=say("id", "webhooks.edit")).click()
        form = page.get_by_role("dialog")
        field = form.get_by_label(say("id", "webhooks.name"), exact=True)
        expect(field).to_have_value("Lama")
        field.fill("Baru")
        for _ in range(2):
            with page.expect_response(lambda answer: answer.url.endswith("/api/v1/webhooks")):
                pass
        expect(field).to_have_value("Baru")
        form.get_by_role("button", name=say("id", "save")).click()
        expect(panel_of(page).get_by_role("heading", name="Baru")).to_be_visible()
