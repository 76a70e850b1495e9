"""Signing in and out, a session that ends under one's hands, a server that goes away and comes back."""

import signal

from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.browser.words import say


def test_a_wrong_password_is_refused_in_words(browser: Browser, desk: Desk) -> None:
    """And what was typed stays, but for the password's field being the one to mend."""
    with desk.visitor(browser) as page:
        page.goto(desk.address("/login"))
        page.get_by_label(say("id", "login.login")).fill(desk.demo["owner"]["email"])
        page.get_by_label(say("id", "login.password")).fill("bukan ini")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label(say("id", "login.login"))).to_have_value(desk.demo["owner"]["email"])


def test_a_page_asks_to_sign_in_and_leads_back(browser: Browser, desk: Desk) -> None:
    """A link that somebody sent opens after signing in."""
    with desk.visitor(browser) as page:
        page.goto(desk.address("/messages?state=failed"))
        page.wait_for_url("**/login?**")
        owner = desk.demo["owner"]
        page.get_by_label(say("id", "login.login")).fill(owner["email"])
        page.get_by_label(say("id", "login.password")).fill(owner["password"])
        page.keyboard.press("Enter")
        page.wait_for_url("**/messages?state=failed")


def test_a_session_ended_elsewhere_ends_here(browser: Browser, desk: Desk) -> None:
    """Two browsers: one ends the other's session, whose next step asks to sign in."""
    with desk.owner(browser) as here, desk.owner(browser) as there:
        there.goto(desk.address("/settings"))
        expect(there.get_by_label(say("id", "settings.name"))).to_be_visible()
        here.goto(desk.address("/settings"))
        here.get_by_role("button", name=say("id", "sessions.end_others")).click()
        expect(here.get_by_role("button", name=say("id", "sessions.end_others"))).to_have_count(0)
        there.get_by_label(say("id", "settings.name")).fill("Bu Rini")
        there.get_by_role("button", name=say("id", "save"), exact=True).click()
        there.wait_for_url("**/login?**")


def test_a_server_that_was_killed_is_missed_and_found_again(browser: Browser, desk: Desk) -> None:
    """The page says since when it is away, and goes on by itself."""
    with desk.owner(browser) as page:
        desk.end(signal.SIGKILL)
        lost = page.get_by_text(say("id", "offline.text"))
        expect(lost).to_be_visible(timeout=15_000)
        desk.start()
        expect(lost).to_be_hidden(timeout=20_000)


def test_the_language_is_the_users_own(browser: Browser, desk: Desk) -> None:
    """Chosen once, it is in force in the next browser too."""
    with desk.owner(browser) as page:
        page.goto(desk.address("/settings"))
        page.get_by_role("radio", name="English").click()
        expect(page.get_by_role("heading", name=say("en", "settings.preferences"))).to_be_visible()
    with desk.owner(browser) as page:
        expect(page.get_by_role("link", name=say("en", "menu.history"))).to_be_visible()
        page.goto(desk.address("/settings"))
        page.get_by_role("radio", name="Indonesia").click()
        expect(page.get_by_role("heading", name=say("id", "settings.preferences"))).to_be_visible()


def test_the_palette_leads_anywhere_by_keys_alone(browser: Browser, desk: Desk) -> None:
    """Ctrl K, a few letters, Enter."""
    with desk.owner(browser) as page:
        page.keyboard.press("Control+k")
        page.keyboard.type("Perangk")
        chosen = page.locator("[data-command-item][data-selected]")
        expect(chosen).to_have_text(say("id", "menu.devices"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/devices")
