"""One person in two tabs and in two browsers: what one does, the others show; a session that ends, ends in all."""

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, Route, expect

from merpati.accounts.actions import create_account, create_owner
from merpati.core.ids import AccountId, UserId
from merpati.core.tokens import Sealer
from merpati.storage.port import Storage
from tests.browser.account import Account
from tests.browser.chromium import launched
from tests.browser.desk import Desk
from tests.browser.words import say


@pytest.fixture(scope="module")
def another(browser: Browser, desk: Desk, account: Account) -> tuple[str, str]:
    """A person with an account and a device of their own: how they sign in."""
    login, password = "lain@toko.id", "rahasia lain"

    async def have(storage: Storage) -> None:
        sealed = Sealer(b"k" * 32).seal_token("account", AccountId(77), "AnotherAccount")
        await storage.write(create_account, AccountId(77), "lain", sealed)
        hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
        await storage.write(create_owner, UserId(77), AccountId(77), login, hashed)

    account.write(have)
    Account(desk, browser, (login, password)).ask(
        "POST", "/devices", {"name": "Toko lain", "number": "6281000077001"}
    )
    return login, password


def send(page: Page, desk: Desk, to: str, text: str) -> None:
    page.goto(desk.address("/send"))
    page.get_by_label(say("id", "send.targets"), exact=True).fill(to)
    page.get_by_label(say("id", "send.text"), exact=True).fill(text)
    page.get_by_role("button", name=say("id", "send.send_n.one", n=1)).click()
    expect(page.get_by_role("heading", name=say("id", "sent.title.one", n=1))).to_be_visible()


def test_what_is_sent_in_one_tab_comes_to_the_others(browser: Browser, desk: Desk) -> None:
    """In the same browser and in another one, without reading the page again."""
    with desk.owner(browser) as here, desk.owner(browser) as elsewhere:
        beside = here.context.new_page()
        for page in (beside, elsewhere):
            page.goto(desk.address("/messages"))
            page.get_by_role("heading", name=say("id", "history.title")).wait_for()
        send(here, desk, desk.demo["people"][0], "Dari tab sebelah")
        for page in (beside, elsewhere):
            expect(page.get_by_role("cell", name="Dari tab sebelah")).to_be_visible()


def test_a_device_that_is_disconnected_in_one_tab_is_off_in_the_others(browser: Browser, desk: Desk) -> None:
    """In the list, and in the panel that is open there."""
    with desk.owner(browser) as here, desk.owner(browser) as elsewhere:
        pages = [here, here.context.new_page(), elsewhere]
        for page in pages:
            page.goto(desk.address("/devices"))
            page.get_by_role("button", name="Gudang", exact=True).click()
        panels = [page.get_by_role("complementary", name=say("id", "devices.details")) for page in pages]
        for panel in panels:
            expect(panel.get_by_text(say("id", "standing.connected"), exact=True)).to_be_visible()
        panels[0].get_by_role("button", name=say("id", "devices.disconnect")).click()
        for panel in panels:
            expect(panel.get_by_text(say("id", "standing.off"), exact=True)).to_be_visible()


def test_theme_and_language_are_the_same_in_all_tabs(browser: Browser, desk: Desk) -> None:
    """Of one browser at once; in another one as soon as somebody looks at it."""
    with desk.owner(browser) as here, desk.owner(browser) as elsewhere:
        beside = here.context.new_page()
        for page in (beside, elsewhere):
            page.goto(desk.address("/devices"))
            page.get_by_role("heading", name=say("id", "devices.title")).wait_for()
        here.goto(desk.address("/settings"))
        here.get_by_role("radio", name=say("id", "theme.dark")).click()
        expect(beside.locator("html")).to_have_attribute("data-theme", "merpati-malam")
        # the other browser is told by the server, so the choice must have arrived there
        with here.expect_response(lambda answer: answer.url.endswith("/api/v1/me") and answer.ok):
            here.get_by_role("radio", name="English").click()
        expect(beside.get_by_role("heading", name=say("en", "devices.title"))).to_be_visible()
        elsewhere.evaluate("() => dispatchEvent(new Event('focus'))")
        expect(elsewhere.get_by_role("heading", name=say("en", "devices.title"))).to_be_visible()
        expect(elsewhere.locator("html")).to_have_attribute("data-theme", "merpati-malam")
        here.get_by_role("radio", name="Indonesia").click()
        here.get_by_role("radio", name=say("id", "theme.system")).click()
        expect(beside.get_by_role("heading", name=say("id", "devices.title"))).to_be_visible()


def test_who_signs_out_in_one_tab_is_signed_out_in_the_others(browser: Browser, desk: Desk) -> None:
    """The other tab asks to sign in by itself; another browser stays as it was."""
    with desk.owner(browser) as here, desk.owner(browser) as elsewhere:
        beside = here.context.new_page()
        for page in (beside, elsewhere):
            page.goto(desk.address("/messages"))
            page.get_by_role("heading", name=say("id", "history.title")).wait_for()
        here.goto(desk.address("/more"))
        here.get_by_role("button", name=say("id", "sign_out")).click()
        beside.wait_for_url("**/login?to=**messages**")
        expect(elsewhere.get_by_role("heading", name=say("id", "history.title"))).to_be_visible()


def test_another_person_who_signs_in_beside_sees_nothing_of_the_first(
    browser: Browser, desk: Desk, another: tuple[str, str]
) -> None:
    """One browser has one cookie: the tab that the first left open begins anew, as the other person."""
    with desk.owner(browser) as here:
        send(here, desk, desk.demo["people"][0], "Hanya untuk pemilik")
        here.goto(desk.address("/messages"))
        mine = here.get_by_role("cell", name="Hanya untuk pemilik")
        expect(mine).to_be_visible()
        beside = here.context.new_page()
        beside.goto(desk.address("/login"))
        sign_in(beside, *another)
        expect(here.get_by_role("link", name=another[0])).to_be_visible()
        expect(mine).to_have_count(0)
        here.get_by_role("heading", name=say("id", "history.title")).wait_for()


def test_another_person_in_the_same_tab_sees_nothing_of_the_first(
    browser: Browser, desk: Desk, account: Account, another: tuple[str, str]
) -> None:
    """What the first was writing when their session ended, too."""
    with desk.owner(browser) as page:
        write(page, desk, desk.demo["people"][0])
        account.ask("DELETE", "/sessions")
        page.wait_for_url("**/login?to=**send**")
        sign_in(page, *another)
        page.wait_for_url("**/send")
        expect(page.get_by_label(say("id", "send.text"), exact=True)).to_have_value("")
        page.reload()
        expect(page.get_by_label(say("id", "send.targets"), exact=True)).to_have_value("")


def sign_in(page: Page, login: str, password: str) -> None:
    page.get_by_label(say("id", "login.login")).fill(login)
    page.get_by_label(say("id", "login.password")).fill(password)
    page.keyboard.press("Enter")


def write(page: Page, desk: Desk, to: str) -> None:
    """A message for later, not sent yet."""
    page.goto(desk.address("/send"))
    page.get_by_label(say("id", "send.targets"), exact=True).fill(f"{to}|Bu Ani")
    page.get_by_label(say("id", "send.text"), exact=True).fill("Setengah jalan, {name}")
    page.get_by_label(say("id", "send.schedule"), exact=True).check()
    page.get_by_label(say("id", "action.new_time")).fill("2030-05-04T09:30")


def sign_in_again(page: Page, desk: Desk) -> None:
    """Where the pages have led by themselves; they lead back."""
    page.wait_for_url("**/login?to=**send**")
    sign_in(page, desk.demo["owner"]["email"], desk.demo["owner"]["password"])
    page.wait_for_url("**/send")


def send_written(page: Page, account: Account, to: str) -> None:
    """It is whole, and sent once."""
    expect(page.get_by_label(say("id", "send.targets"), exact=True)).to_have_value(f"{to}|Bu Ani")
    expect(page.get_by_label(say("id", "action.new_time"))).to_have_value("2030-05-04T09:30")
    page.get_by_role("button", name=say("id", "send.schedule_n.one", n=1)).click()
    expect(page.get_by_role("heading", name=say("id", "sent.title.one", n=1))).to_be_visible()
    (row,) = account.ask("GET", f"/messages?q={to}")["items"]
    assert (row["text"], row["state"]) == ("Setengah jalan, Bu Ani", "queued")


def test_a_session_that_ends_over_a_form_loses_nothing(browser: Browser, desk: Desk, account: Account) -> None:
    """Who signs in again finds what they wrote, with its time."""
    to = account.person("6281000009001")
    with desk.owner(browser) as page:
        write(page, desk, to)
        account.ask("DELETE", "/sessions")
        sign_in_again(page, desk)
        send_written(page, account, to)


def hold_all_but_sending(route: Route) -> None:
    if route.request.url.endswith("/api/v1/messages"):
        route.continue_()


def test_sending_without_a_session_leads_to_it_and_back(browser: Browser, desk: Desk, account: Account) -> None:
    """The page has not heard that its session was ended."""
    to = account.person("6281000009002")
    with desk.owner(browser) as page:
        page.route("**/api/v1/events*", lambda _: None)
        write(page, desk, to)
        go = page.get_by_role("button", name=say("id", "send.schedule_n.one", n=1))
        expect(go).to_be_enabled()
        # what else the page asks by itself, its preview for one, would be refused first and lead away
        page.route("**/api/v1/**", hold_all_but_sending)
        account.ask("DELETE", "/sessions")
        go.click()
        page.wait_for_url("**/login?to=**send**")
        page.unroute("**/api/v1/**", hold_all_but_sending)
        sign_in_again(page, desk)
        send_written(page, account, to)


def test_what_is_written_outlives_a_reload_and_no_sign_out(browser: Browser, desk: Desk, account: Account) -> None:
    """Of the same tab; signing out in any tab of the browser clears it in all."""
    to = account.person("6281000009003")
    with desk.owner(browser) as page:
        write(page, desk, to)
        page.reload()
        expect(page.get_by_label(say("id", "send.text"), exact=True)).to_have_value("Setengah jalan, {name}")
        beside = page.context.new_page()
        write(beside, desk, to)
        page.goto(desk.address("/more"))
        page.get_by_role("button", name=say("id", "sign_out")).click()
        page.wait_for_url("**/login")
        beside.wait_for_url("**/login?to=**send**")
        for each in (page, beside):
            assert each.evaluate("() => sessionStorage.length") == 0


def test_pages_that_wait_for_back_hold_no_connection(browser: Browser, desk: Desk) -> None:
    """A browser opens six to a server: those of pages that it keeps for "back" go to the next ones."""
    without = ["--disable-back-forward-cache"]
    with launched(browser.browser_type, without=without) as keeping, desk.owner(keeping) as page:
        for path in ("/simulator", "/messages") * 4:
            page.goto(desk.address(path))
            page.get_by_role("heading", level=1).first.wait_for()
        page.go_back(wait_until="commit")
        expect(page.get_by_text(say("id", "sim.live"), exact=True)).to_be_visible()
