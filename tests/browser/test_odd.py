"""What a person meets only when something is odd: twice the same, a refusal, a broken address, very long words."""

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.account import Account
from tests.browser.desk import Desk
from tests.browser.test_pages import rest
from tests.browser.words import say

LONG = "panjang" * 8


def send(page: Page, desk: Desk, to: str) -> str:
    """Send the same text as ever; answers which message it became."""
    page.goto(desk.address("/send"))
    page.get_by_label(say("id", "send.targets"), exact=True).fill(to)
    page.get_by_label(say("id", "send.text"), exact=True).fill("Sama")
    page.get_by_role("button", name=say("id", "send.send_n.one", n=1)).click()
    page.wait_for_url("**/send?**sent=**")
    return page.url


def test_the_same_text_sent_twice_is_two_messages(browser: Browser, desk: Desk) -> None:
    """The key of the first call is not the second's."""
    with desk.owner(browser) as page:
        first, second = (send(page, desk, desk.demo["people"][0]) for _ in range(2))
        assert first != second


def test_a_refused_form_says_what_is_wrong(browser: Browser, desk: Desk) -> None:
    """Beside the field, and there alone."""
    with desk.owner(browser) as page:
        page.goto(desk.address("/devices"))
        page.get_by_role("button", name=say("id", "devices.add")).first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(say("id", "devices.name"), exact=True).fill("Toko")
        number = dialog.get_by_label(say("id", "devices.number"), exact=True)
        number.fill("123")
        dialog.get_by_role("button", name=say("id", "devices.add")).click()
        expect(number).to_have_attribute("aria-invalid", "true")
        expect(dialog.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("to", ["http://[", "/app/login"])
def test_an_address_to_go_back_to_that_is_none_leads_home(browser: Browser, desk: Desk, to: str) -> None:
    """Who signed in does not stay on the form."""
    with desk.visitor(browser) as page:
        page.goto(desk.address(f"/login?to={to}"))
        page.get_by_label(say("id", "login.login")).fill(desk.demo["owner"]["email"])
        page.get_by_label(say("id", "login.password")).fill(desk.demo["owner"]["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(desk.address(""))


NOTHING = [
    *("/webhooks/999", "/messages/99999", "/requests/99999", "/devices/99999"),
    *("/webhooks/abc", "/messages/a", "/requests/1e1", "/devices/0x1"),
]


@pytest.mark.parametrize("path", NOTHING)
def test_an_address_that_names_nothing_says_so(browser: Browser, desk: Desk, path: str) -> None:
    """With a way back to the list."""
    with desk.owner(browser) as page:
        page.goto(desk.address(path))
        expect(page.get_by_text(say("id", "not_found.text"))).to_be_visible()
        expect(page.get_by_role("button", name=say("id", "offline.retry"))).to_have_count(0)
        page.get_by_role("link", name=say("id", "back"), exact=True).last.click()
        page.wait_for_url(desk.address(path.rpartition("/")[0]))


def test_a_time_that_is_typed_stays_when_the_message_moves(browser: Browser, desk: Desk) -> None:
    """Somebody else gave it another one meanwhile."""
    owner = Account(desk, browser)
    device = next(iter(owner.devices().values()))
    message = owner.send(device, desk.demo["people"][0], schedule="2030-01-01T00:00:00Z")
    with desk.owner(browser) as page:
        page.goto(desk.address(f"/messages/{message}"))
        page.get_by_role("button", name=say("id", "action.reschedule")).click()
        typed = page.get_by_label(say("id", "action.new_time"))
        typed.fill("2030-05-04T09:30")
        with page.expect_response(f"**/api/v1/messages/{message}") as read:
            owner.ask("POST", f"/messages/{message}/reschedule", {"at": "2031-01-01T00:00:00Z"})
        assert read.value.json()["schedule_at"].startswith("2031")
        page.evaluate("() => new Promise(requestAnimationFrame)")
        expect(typed).to_have_value("2030-05-04T09:30")


def test_a_year_of_six_digits_sends_nothing(browser: Browser, desk: Desk) -> None:
    """Browsers know such years, and the form says that this one is too far."""
    with desk.owner(browser) as page:
        page.goto(desk.address("/send"))
        page.get_by_label(say("id", "send.targets"), exact=True).fill(desk.demo["people"][0])
        page.get_by_label(say("id", "send.text"), exact=True).fill("Kapan-kapan")
        page.get_by_label(say("id", "send.schedule"), exact=True).check()
        at = page.get_by_label(say("id", "action.new_time"))
        at.fill("122026-12-31T00:00")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.method + request.url))
        page.get_by_role("button", name=say("id", "send.schedule_n.one", n=1)).click()
        assert at.evaluate("it => it.validity.rangeOverflow")
        assert not [each for each in asked if each.startswith("POST") and each.endswith("/messages")]


def test_long_words_do_not_widen_a_phone(browser: Browser, desk: Desk) -> None:
    """A poll, a rotator, a person's name, what a browser calls itself."""
    owner = Account(desk, browser)
    poll = {"name": LONG, "choices": [f"a{LONG}", f"b{LONG}"]}
    message = owner.send(next(iter(owner.devices().values())), desk.demo["people"][0], LONG, poll=poll)
    owner.ask("POST", "/rotators", {"name": LONG, "kind": "full", "members": []})
    owner.ask("PATCH", "/me", {"name": LONG})
    known = {"login": desk.demo["owner"]["email"], "password": desk.demo["owner"]["password"]}
    odd = browser.new_context(user_agent="x" * 200)
    assert odd.request.post(f"{desk.demo['url']}/api/v1/session", data=known).ok
    with desk.owner(browser, width="phone") as page:
        for path in ("/", f"/messages/{message}", "/rotators", "/settings"):
            page.goto(desk.address(path))
            rest(page)
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), path


def test_the_recovery_codes_are_shown_once_two_steps_are_on(browser: Browser, desk: Desk) -> None:
    """All ten. Signing in takes a code then, and who has none goes back: so it is the last test of the file."""
    with desk.owner(browser) as page:
        page.goto(desk.address("/settings"))
        page.get_by_role("button", name=say("id", "totp.enable")).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(say("id", "totp.password")).fill(desk.demo["owner"]["password"])
        dialog.get_by_role("button", name=say("id", "totp.next")).click()
        secret = dialog.locator("p.code").inner_text()
        dialog.get_by_label(say("id", "login.code")).fill(pyotp.TOTP(secret).now())
        dialog.get_by_role("button", name=say("id", "totp.next")).click()
        expect(dialog.get_by_role("listitem")).to_have_count(10)
    with desk.visitor(browser) as page:
        page.goto(desk.address("/login"))
        login = page.get_by_label(say("id", "login.login"))
        login.fill(desk.demo["owner"]["email"])
        page.get_by_label(say("id", "login.password")).fill(desk.demo["owner"]["password"])
        page.keyboard.press("Enter")
        expect(page.get_by_label(say("id", "login.code"))).to_be_visible()
        page.get_by_role("button", name=say("id", "back"), exact=True).click()
        expect(login).to_have_value(desk.demo["owner"]["email"])
