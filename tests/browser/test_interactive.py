"""A number of the official API: its shop writes buttons and a list, and a customer presses instead of typing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.account import Account
from tests.browser.axe import violations
from tests.browser.desk import Desk, Width
from tests.browser.waiting import until
from tests.browser.words import say

NUMBER = "6281100000301"


@pytest.fixture(scope="module")
def official(account: Account) -> Iterator[int]:
    """A connected device."""
    body = {"name": "Resmi", "number": NUMBER, "transport": "simulator_official"}
    device: int = account.ask("POST", "/devices", body)["device"]["id"]
    account.pair(device)
    yield device


def choose(page: Page, language: str, kind: str) -> None:
    """What is to be pressed, on the page to send."""
    page.get_by_role("radio", name=say(language, "send.kind_interactive"), exact=True).click()
    page.get_by_role("radio", name=say(language, f"interactive.kind_{kind}"), exact=True).click()


def field(page: Page, language: str, key: str, **values: object) -> None:
    value = values.pop("value")
    page.get_by_label(say(language, f"interactive.{key}", **values), exact=True).fill(str(value))


@pytest.mark.parametrize(("language", "width"), [("id", "desktop"), ("en", "phone")])
def test_a_shop_writes_buttons_and_a_customer_presses_one(
    browser: Browser, desk: Desk, account: Account, official: int, language: str, width: Width
) -> None:
    """The preview shows them as they are written; what was pressed is in the history."""
    person = desk.demo["people"][0]
    with desk.owner(browser, width=width, language=language) as page:
        page.goto(desk.address(f"/send?device={official}"))
        page.get_by_label(say(language, "send.targets"), exact=True).fill(f"{person}|Siti")
        page.get_by_label(say(language, "send.text"), exact=True).fill("Jadi pesan, {name}?")
        choose(page, language, "buttons")
        field(page, language, "button_n", n=1, value="Jadi")
        field(page, language, "button_n", n=2, value="Lain kali")
        preview = page.locator("section", has=page.get_by_role("heading", name=say(language, "preview.title")))
        expect(preview.get_by_text("Jadi pesan, Siti?")).to_be_visible()
        expect(preview.get_by_text("Lain kali")).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name=say(language, "send.send_n.one", n=1)).click()
        expect(page.get_by_text(say(language, "state.read"))).to_be_visible(timeout=20_000)

        page.goto(desk.address(f"/simulator?person={person}&device={official}"))
        page.get_by_role("log").get_by_role("button", name="Lain kali").last.click()
        expect(page.get_by_role("log").get_by_text("Lain kali")).not_to_have_count(1)
        assert until(lambda: len(chosen(account, official)) > 0)
        page.goto(desk.address(f"/messages/{chosen(account, official)[0]}"))
        panel = page.get_by_role("complementary")
        expect(panel.get_by_text("Lain kali").first).to_be_visible()


def chosen(account: Account, device: int) -> list[int]:
    """The messages that came by pressing, newest first."""
    items = account.ask("GET", f"/messages?device={device}&direction=in")["items"]
    return [each["id"] for each in items if each["content"] == "choice"]


def test_a_list_is_opened_on_the_phone_and_a_row_is_chosen(
    browser: Browser, desk: Desk, account: Account, official: int
) -> None:
    """With sections; its rows stand below the button that opens them."""
    person = desk.demo["people"][1]
    with desk.owner(browser) as page:
        page.goto(desk.address(f"/send?device={official}"))
        page.get_by_label(say("id", "send.targets"), exact=True).fill(person)
        page.get_by_label(say("id", "send.text"), exact=True).fill("Pilih paket")
        choose(page, "id", "menu")
        field(page, "id", "open", value="Lihat paket")
        field(page, "id", "row_n", n=1, value="Hemat")
        field(page, "id", "description_n", n=1, value="10 rb sebulan")
        page.get_by_role("button", name=say("id", "interactive.divide")).click()
        field(page, "id", "section_n", n=1, value="Teks saja")
        field(page, "id", "section_n", n=2, value="Lengkap")
        page.get_by_label(say("id", "interactive.row_n", n=1), exact=True).last.fill("Super")
        page.get_by_role("button", name=say("id", "send.send_n.one", n=1)).click()
        expect(page.get_by_text(say("id", "state.read"))).to_be_visible(timeout=20_000)

        page.goto(desk.address(f"/simulator?person={person}&device={official}"))
        log = page.get_by_role("log")
        log.get_by_role("button", name="Lihat paket").click()
        log.get_by_role("button", name="Super").click()
        expect(log.get_by_role("button", name="Super")).to_have_count(0)
        assert until(lambda: "Super" in [shown["choice"]["title"] for shown in all_chosen(account, official)])


def all_chosen(account: Account, device: int) -> list[dict[str, dict[str, str]]]:
    return [account.ask("GET", f"/messages/{id_}") for id_ in chosen(account, device)]


def test_only_a_device_that_has_buttons_offers_them(
    browser: Browser, desk: Desk, account: Account, official: int
) -> None:
    """And it offers no poll; when another device is chosen, what it has not is a text again."""
    linked = account.devices()["Toko"]
    with desk.owner(browser) as page:
        page.goto(desk.address(f"/send?device={official}"))
        buttons = page.get_by_role("radio", name=say("id", "send.kind_interactive"), exact=True)
        poll = page.get_by_role("radio", name=say("id", "send.kind_poll"), exact=True)
        buttons.click()
        expect(poll).to_have_count(0)
        page.goto(desk.address(f"/send?device={linked}"))
        expect(poll).to_be_visible()
        expect(buttons).to_have_count(0)
        expect(page.get_by_role("radio", name=say("id", "send.kind_text"), exact=True)).to_be_checked()


def test_what_people_share_is_seen_and_the_window_is_told(
    browser: Browser, desk: Desk, account: Account, official: int
) -> None:
    """A card and a reaction, on the phone and in the history; until when one may write, where one looks before."""
    person = desk.demo["people"][2]
    say_as = f"/simulator/people/{person}/messages"
    with desk.owner(browser, width="phone") as page:
        page.goto(desk.address(f"/send?device={official}"))
        page.get_by_label(say("id", "send.targets"), exact=True).fill(person)
        page.get_by_label(say("id", "send.text"), exact=True).fill("Halo")
        expect(page.get_by_text(say("id", "window.unknown"))).to_be_visible()

        card = {"name": "Bengkel Jaya", "phones": ["+62 812-0000-1111"]}
        shared = account.ask("POST", say_as, {"device": official, "contacts": [card]})
        account.ask("POST", say_as, {"device": official, "reaction": {"line": shared["id"], "emoji": "👍"}})
        assert until(lambda: len(account.ask("GET", f"/messages?device={official}&number={person}")["items"]) == 2)
        rows = account.ask("GET", f"/messages?device={official}&number={person}")["items"]
        for row, text in zip(rows, ("👍", "Bengkel Jaya"), strict=True):
            page.goto(desk.address(f"/messages/{row['id']}"))
            expect(page.get_by_text(text).last).to_be_visible()
            expect(page.get_by_text(say("id", "window.open", until="").rstrip(". "))).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name=say("id", "shared.react"), exact=True).click()
        page.get_by_role("button", name=say("id", "shared.react_with", emoji="🙏")).click()
        expect(page.get_by_text(say("id", "shared.reaction_sent"))).to_be_visible()

        page.goto(desk.address(f"/send?device={official}"))
        page.get_by_label(say("id", "send.targets"), exact=True).fill(person)
        page.get_by_role("radio", name=say("id", "send.kind_contact"), exact=True).click()
        page.get_by_label(say("id", "send.contact_name"), exact=True).fill("Pak Kurir")
        page.get_by_label(say("id", "send.contact_phone"), exact=True).fill("+62 813-2222")
        page.get_by_role("button", name=say("id", "send.send_n.one", n=1)).click()
        expect(page.get_by_text(say("id", "state.read"))).to_be_visible(timeout=20_000)

        page.goto(desk.address(f"/simulator?person={person}&device={official}"))
        log = page.get_by_role("log")
        for seen in ("+62 812-0000-1111", "🙏", "Pak Kurir"):
            expect(log.get_by_text(seen)).to_be_visible()
        log.get_by_role("button", name=say("id", "shared.react"), exact=True).last.click()
        log.get_by_role("button", name=say("id", "shared.react_with", emoji="😂")).click()
        expect(log.get_by_text("😂").last).to_be_visible()


def test_a_simulated_number_is_added_as_one_of_the_official_api(browser: Browser, desk: Desk) -> None:
    """The dialog says what that means."""
    with desk.owner(browser) as page:
        page.goto(desk.address("/devices"))
        page.get_by_role("button", name=say("id", "devices.add")).first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(say("id", "devices.name"), exact=True).fill("Resmi dua")
        dialog.get_by_label(say("id", "devices.number"), exact=True).fill("6281100000302")
        dialog.get_by_role("radio", name=say("id", "transport.as_simulator_official")).click()
        expect(dialog.get_by_text(say("id", "transport.hint_simulator_official"))).to_be_visible()
        dialog.get_by_role("button", name=say("id", "devices.add")).click()
        expect(page.get_by_role("heading", name="Resmi dua")).to_be_visible()
        expect(page.get_by_text(say("id", "transport.official"), exact=True).first).to_be_visible()
