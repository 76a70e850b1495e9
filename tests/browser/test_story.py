"""The story of the first pages: sign in, add a device, connect it by a code, send, watch, read why one is held."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.desk import Desk, Width
from tests.browser.words import say

CASES = [("id", "desktop", "6281100000101"), ("en", "phone", "6281100000102")]


def add_device(page: Page, language: str, name: str, number: str) -> None:
    """By the dialog; its own page opens then."""
    page.get_by_role("button", name=say(language, "devices.add")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(say(language, "devices.name"), exact=True).fill(name)
    dialog.get_by_label(say(language, "devices.number"), exact=True).fill(number)
    dialog.get_by_role("button", name=say(language, "devices.add")).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def connect(page: Page, language: str) -> None:
    """By the code on the page, which the simulated phone scans."""
    page.get_by_role("button", name=say(language, "connect.begin"), exact=True).click()
    page.get_by_role("button", name=say(language, "connect.scan")).click()
    panel = page.get_by_role("complementary", name=say(language, "devices.details"))
    expect(panel.get_by_text(say(language, "standing.connected"), exact=True)).to_be_visible(timeout=10_000)
    expect(page.get_by_role("link", name=say(language, "send.title"))).to_be_visible()


def write(page: Page, language: str, to: str, text: str) -> None:
    page.get_by_label(say(language, "send.targets"), exact=True).fill(to)
    page.get_by_label(say(language, "send.text"), exact=True).fill(text)


@pytest.mark.parametrize(("language", "width", "number"), CASES)
def test_a_new_device_sends_and_its_message_is_seen_to_arrive(
    browser: Browser, desk: Desk, language: str, width: Width, number: str
) -> None:
    """From the empty form to "read", without a word of the terminal."""
    person = desk.demo["people"][0]
    with desk.owner(browser, width=width, language=language) as page:
        page.goto(desk.address("/devices"))
        add_device(page, language, f"Cabang {language}", number)
        connect(page, language)
        page.get_by_role("link", name=say(language, "send.title")).click()
        write(page, language, f"{person}|Siti", "Halo {name}, pesanan Anda siap.")
        expect(page.get_by_text("Halo Siti, pesanan Anda siap.")).to_be_visible()
        page.get_by_role("button", name=say(language, "send.send_n.one", n=1)).click()
        expect(page.get_by_text(say(language, "state.read"))).to_be_visible(timeout=20_000)
        assert violations(page) == []
        page.get_by_role("link", name=re.compile("Siti")).click()
        expect(page.get_by_text("Halo Siti, pesanan Anda siap.").last).to_be_visible()


def test_a_held_message_says_why_and_goes_when_told_to(browser: Browser, desk: Desk) -> None:
    """Its schedule is told; "send now" ends the wait, and the page follows by itself."""
    with desk.owner(browser) as page:
        page.goto(desk.address("/send"))
        write(page, "id", desk.demo["people"][1], "Besok ya")
        page.get_by_label(say("id", "send.schedule"), exact=True).check()
        page.get_by_label(say("id", "action.new_time")).fill("2030-05-04T09:30")
        page.get_by_role("button", name=say("id", "send.schedule_n.one", n=1)).click()
        page.get_by_role("link", name=re.compile("0810")).first.click()
        expect(page.get_by_text(say("id", "why.question"))).to_be_visible()
        expect(page.get_by_text("4 Mei 2030").first).to_be_visible()
        page.get_by_role("button", name=say("id", "action.send_now")).click()
        expect(page.get_by_role("complementary", name=say("id", "message.details"))).to_contain_text(
            say("id", "state.read"), timeout=20_000
        )


def test_a_message_of_a_device_that_is_off_says_what_is_safe(browser: Browser, desk: Desk) -> None:
    """What happened, what is safe, and the way to the repair."""
    with desk.owner(browser) as page:
        page.goto(desk.address("/devices"))
        add_device(page, "id", "Gudang lama", "6281100000109")
        page.goto(desk.address("/send"))
        page.get_by_label(say("id", "send.device")).select_option(
            label=re.compile("Gudang lama").pattern + " · 0811-0000-0109"
        )
        write(page, "id", desk.demo["people"][2], "Menunggu")
        page.get_by_role("button", name=say("id", "send.send_n.one", n=1)).click()
        page.get_by_role("link", name=re.compile("0810")).first.click()
        expect(page.get_by_text(say("id", "why.device", device="Gudang lama"))).to_be_visible()
        page.get_by_role("link", name=say("id", "why.device_open")).click()
        expect(page.get_by_role("heading", name="Gudang lama")).to_be_visible()


def test_a_device_is_deleted_with_what_waited(browser: Browser, desk: Desk) -> None:
    """The dialog says what goes, asks for the password, and its messages say why they never left."""
    owner = desk.demo["owner"]
    with desk.owner(browser) as page:
        page.goto(desk.address("/devices"))
        add_device(page, "id", "Kios tutup", "6281100000119")
        address = page.url
        page.goto(desk.address("/send"))
        page.get_by_label(say("id", "send.device")).select_option(label="Kios tutup · 0811-0000-0119")
        write(page, "id", desk.demo["people"][0], "Tidak sempat")
        page.get_by_role("button", name=say("id", "send.send_n.one", n=1)).click()
        page.get_by_role("link", name=re.compile("0810")).first.click()
        expect(page.get_by_text(say("id", "why.question"))).to_be_visible()
        message = page.url
        page.goto(address)
        page.get_by_role("radio", name=say("id", "menu.settings")).click()
        page.get_by_role("button", name=say("id", "device.delete")).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text(say("id", "device.delete_waiting.one", n=1))).to_be_visible()
        dialog.get_by_label(say("id", "device.delete_password")).fill("salah")
        dialog.get_by_role("button", name=say("id", "device.delete"), exact=True).click()
        expect(dialog.get_by_text("Kata sandi", exact=False).last).to_be_visible()
        assert violations(page) == []
        dialog.get_by_label(say("id", "device.delete_password")).fill(owner["password"])
        dialog.get_by_role("button", name=say("id", "device.delete"), exact=True).click()
        expect(page.get_by_text(say("id", "device.deleted", name="Kios tutup"))).to_be_visible()
        expect(page.get_by_role("button", name="Kios tutup")).to_have_count(0)
        page.goto(message)
        panel = page.get_by_role("complementary", name=say("id", "message.details"))
        expect(panel).to_contain_text(say("id", "state.cancelled"))
        expect(panel.get_by_text(say("id", "message.device_deleted"))).to_be_visible()
