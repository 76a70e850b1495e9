"""A file from somebody's own disk: chosen, sent, and on the phone that it went to."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.api.files import PNG
from tests.browser.account import Account
from tests.browser.axe import violations
from tests.browser.desk import Desk, Width
from tests.browser.waiting import until
from tests.browser.words import say
from tests.messages.pictures import picture

PASTE = """content => {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), each => each.charCodeAt(0));
    data.items.add(new File([bytes], "image.png", {type: "image/png"}));
    const how = {clipboardData: data, bubbles: true, cancelable: true};
    document.body.dispatchEvent(new ClipboardEvent("paste", how));
}"""


def begin(page: Page, desk: Desk, language: str, to: str, text: str) -> None:
    page.goto(desk.address("/send"))
    page.get_by_label(say(language, "send.targets"), exact=True).fill(to)
    page.get_by_label(say(language, "send.text"), exact=True).fill(text)


def choose(page: Page, language: str, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=say(language, "send.choose_file")).click()
    chooser.value.set_files(file)


@pytest.mark.parametrize(("language", "width"), [("id", "desktop"), ("en", "phone")])
def test_a_chosen_file_reaches_the_phone(
    browser: Browser, desk: Desk, tmp_path: Path, language: str, width: Width
) -> None:
    """With its name and its caption; a file that cannot be sent is said to be one, and costs nothing written."""
    person, bill, script = desk.demo["people"][0], tmp_path / f"Tagihan {language}.pdf", tmp_path / "skrip.pdf"
    bill.write_bytes(b"%PDF-1.7 the price of everything")
    script.write_bytes(b"\x7fELF\x02\x01\x01\0" * 10)
    with desk.owner(browser, width=width, language=language) as page:
        begin(page, desk, language, f"{person}|Siti", f"Halo {{name}}, {language}")
        page.get_by_role("radio", name=say(language, "send.kind_file")).click()
        send = page.get_by_role("button", name=say(language, "send.send_n.one", n=1))
        choose(page, language, script)
        expect(page.get_by_role("alert")).to_contain_text("skrip.pdf")
        expect(send).to_be_disabled()
        choose(page, language, bill)
        expect(page.get_by_text(say(language, "send.file_is_document"))).to_be_visible()
        assert violations(page) == []
        send.click()
        expect(page.get_by_text(say(language, "state.read"))).to_be_visible(timeout=20_000)
        page.goto(desk.address(f"/simulator?person={person}&device=1"))
        line = page.get_by_role("listitem").filter(has_text=f"Halo Siti, {language}")
        expect(line).to_contain_text(bill.name)


def is_seen(image: Locator) -> bool:
    """Whether the browser has the picture, and shows it."""
    expect(image).to_be_visible()
    return bool(until(lambda: image.evaluate("it => it.complete && it.naturalWidth > 0")))


@pytest.mark.parametrize(("language", "width"), [("id", "desktop"), ("en", "phone")])
def test_a_picture_is_seen_before_it_is_sent_and_afterwards(
    browser: Browser, desk: Desk, account: Account, tmp_path: Path, language: str, width: Width
) -> None:
    """Also when the page was loaded anew in between: then it is the server's small one that is shown."""
    chosen, text = tmp_path / "toko.jpg", f"Seperti ini, {language}"
    chosen.write_bytes(picture())
    with desk.owner(browser, width=width, language=language) as page:
        begin(page, desk, language, desk.demo["people"][0], text)
        page.get_by_role("radio", name=say(language, "send.kind_file")).click()
        choose(page, language, chosen)
        expect(page.get_by_text(f"{say(language, 'send.file_is_image')} ·")).to_be_visible()
        assert is_seen(page.get_by_role("img", name=chosen.name))
        page.reload()
        preview = page.get_by_role("img", name=chosen.name)
        assert is_seen(preview)
        assert (preview.get_attribute("src") or "").endswith("/thumbnail")
        assert violations(page) == []
        page.get_by_role("button", name=say(language, "send.send_n.one", n=1)).click()
        expect(page.get_by_text(say(language, "state.read"))).to_be_visible(timeout=20_000)
        sent = next(each for each in account.ask("GET", "/messages")["items"] if each["text"] == text)
        page.goto(desk.address(f"/messages/{sent['id']}"))
        assert is_seen(page.get_by_role("img", name=say(language, "send.file_is_image")))
        assert violations(page) == []


def test_a_picture_that_nobody_can_read_is_shown_as_a_file(browser: Browser, desk: Desk, account: Account) -> None:
    """Its type and its size; no broken picture, and nothing fails."""
    file = account.upload("rusak.png", picture("PNG")[:300])
    id_ = account.send(1, desk.demo["people"][0], "Rusak", file=file)
    with desk.owner(browser) as page:
        page.goto(desk.address(f"/messages/{id_}"))
        expect(page.get_by_text("image/png")).to_be_visible()
        expect(page.get_by_role("img", name=say("id", "send.file_is_image"))).to_be_hidden()


def test_a_draft_waits_with_its_pasted_picture(browser: Browser, desk: Desk) -> None:
    """Somebody looks something up on another page, and comes back to what they wrote; the file may be taken off."""
    with desk.owner(browser) as page:
        begin(page, desk, "id", desk.demo["people"][1], "Seperti di gambar")
        page.evaluate(PASTE, base64.b64encode(PNG).decode())
        expect(page.get_by_text(f"{say('id', 'send.file_is_image')} ·")).to_be_visible()
        page.get_by_role("link", name=say("id", "menu.devices")).click()
        page.get_by_role("link", name=say("id", "menu.send")).click()
        expect(page.get_by_label(say("id", "send.caption"), exact=True)).to_have_value("Seperti di gambar")
        remove = page.get_by_role("button", name=say("id", "send.remove_file", name="image.png"))
        remove.click()
        expect(remove).to_be_hidden()
        expect(page.get_by_role("button", name=say("id", "send.choose_file"))).to_be_focused()
