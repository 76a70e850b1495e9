"""Who sends to many strangers sees that they wait, until when, and what to do about it."""

from playwright.sync_api import Browser, expect

from merpati.storage.port import Storage, Tx
from tests.browser.account import Account
from tests.browser.axe import violations
from tests.browser.desk import Desk
from tests.browser.waiting import until
from tests.browser.words import say


def test_strangers_wait_until_their_owner_decides(browser: Browser, desk: Desk, account: Account) -> None:
    """The device says how many wait, a message why; a pause is ended; without a limit they go at once."""
    device = account.devices()["Toko"]
    limited = {"settings": {"caution": "own", "new_people_per_day": 1}}
    account.ask("PATCH", f"/devices/{device}", limited)
    _, held = (account.send(device, account.person(f"628190000000{n}")) for n in range(2))
    assert until(lambda: account.ask("GET", f"/messages/{held}")["held"])

    async def refuse(tx: Tx) -> None:
        await tx.run("UPDATE warm_up SET paused_until = $1", tx.now + 3_600_000)

    async def keep(storage: Storage) -> None:
        await storage.write(refuse)

    account.write(keep)
    with desk.owner(browser) as page:
        page.goto(desk.address(f"/messages/{held}"))
        expect(page.get_by_text(say("id", "why.caution", device="Toko"))).to_be_visible()
        page.goto(desk.address(f"/devices/{device}"))
        panel = page.get_by_role("complementary")
        expect(panel.get_by_text(say("id", "caution.paused"))).to_be_visible()
        expect(panel.get_by_text(say("id", "caution.of", written="1", most="1"))).to_be_visible()
        assert violations(page) == []
        panel.get_by_role("button", name=say("id", "caution.end")).click()
        dialog = page.get_by_role("dialog")
        assert violations(page) == []
        dialog.get_by_role("button", name=say("id", "caution.end")).click()
        expect(panel.get_by_text(say("id", "caution.paused"))).to_be_hidden()

        panel.get_by_role("radio", name=say("id", "menu.settings")).click()
        panel.get_by_role("radio", name=say("id", "device.caution_off")).check()
        assert violations(page) == []
        panel.get_by_role("button", name=say("id", "save"), exact=True).click()
        expect(page.get_by_text(say("id", "saved"))).to_be_visible()
    assert until(lambda: not any(each["held"] for each in account.ask("GET", "/messages")["items"]))
