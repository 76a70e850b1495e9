"""The story by the keyboard alone: every step is reached by Tab, seen where it is, and the focus is never lost."""

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.account import FAR, Account
from tests.browser.desk import Desk
from tests.browser.words import say

MOST_STEPS = 60
HAS_FOCUS = "(it) => it === document.activeElement"
IS_SEEN = """() => {
  const it = document.activeElement;
  const hasRing = (one) => {
    const style = getComputedStyle(one);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  };
  return it === document.body || it.role === 'dialog' || hasRing(it) || hasRing(it.closest('label') ?? it);
}"""
IS_SOMEWHERE = "() => document.activeElement !== document.body"


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until it has the focus, which can be seen on every step there."""
    wanted.wait_for()
    for _ in range(MOST_STEPS):
        if wanted.evaluate(HAS_FOCUS):
            return
        page.keyboard.press(key)
        assert page.evaluate(IS_SEEN), page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)")
    raise AssertionError(f"{wanted} is not reached")


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    tab_to(page, wanted)
    page.keyboard.press(key)


def fill(page: Page, wanted: Locator, text: str) -> None:
    tab_to(page, wanted)
    page.keyboard.insert_text(text)


def keeps_focus(page: Page) -> None:
    page.wait_for_function(IS_SOMEWHERE, timeout=3_000)


def sign_in(page: Page, desk: Desk) -> None:
    owner = desk.demo["owner"]
    page.goto(desk.address("/login"))
    fill(page, page.get_by_label(say("id", "login.login")), owner["email"])
    fill(page, page.get_by_label(say("id", "login.password")), owner["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def test_a_device_is_added_and_connected_by_keys(browser: Browser, desk: Desk) -> None:
    """A dialog, a panel beside the list, a code: and what vanishes under the focus leaves it in the panel."""
    with desk.visitor(browser) as page:
        sign_in(page, desk)
        press(page, page.get_by_role("navigation").get_by_role("link", name=say("id", "menu.devices")))
        add = page.get_by_role("button", name=say("id", "devices.add")).first
        press(page, add)
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        expect(add).to_be_focused()
        page.keyboard.press("Enter")
        fill(page, dialog.get_by_label(say("id", "devices.name"), exact=True), "Cabang Solo")
        fill(page, dialog.get_by_label(say("id", "devices.number"), exact=True), "6281100000201")
        page.keyboard.press("Enter")
        panel = page.get_by_role("complementary", name=say("id", "devices.details"))
        panel.get_by_role("heading", name="Cabang Solo").wait_for()
        keeps_focus(page)
        press(page, panel.get_by_role("button", name=say("id", "connect.begin"), exact=True))
        scan = panel.get_by_role("button", name=say("id", "connect.scan"))
        scan.wait_for()
        keeps_focus(page)
        press(page, scan)
        expect(panel.get_by_text(say("id", "standing.connected"), exact=True)).to_be_visible()
        expect(panel.get_by_role("link", name=say("id", "send.title"))).to_be_visible()
        keeps_focus(page)
        page.keyboard.press("Escape")
        panel.wait_for(state="detached")
        keeps_focus(page)


def test_a_message_is_sent_read_and_taken_back_by_keys(browser: Browser, desk: Desk) -> None:
    """From the form to the history; a row opens its panel, and Escape leads back to the row."""
    account = Account(desk, browser)
    held = account.send(account.devices()["Toko"], desk.demo["people"][1], "Ditahan dulu", schedule=FAR)
    with desk.visitor(browser) as page:
        sign_in(page, desk)
        press(page, page.get_by_role("navigation").get_by_role("link", name=say("id", "menu.send")))
        fill(page, page.get_by_label(say("id", "send.targets"), exact=True), desk.demo["people"][0])
        fill(page, page.get_by_label(say("id", "send.text"), exact=True), "Dengan papan ketik")
        press(page, page.get_by_role("button", name=say("id", "send.send_n.one", n=1)))
        expect(page.get_by_role("heading", name=say("id", "sent.title.one", n=1))).to_be_visible()
        keeps_focus(page)
        press(page, page.get_by_role("link", name=say("id", "history.title")).last)
        row = page.locator(f"#message-{held}")
        press(page, page.get_by_role("row").filter(has_text="Dengan papan ketik").get_by_role("button"))
        panel = page.get_by_role("complementary", name=say("id", "message.details"))
        expect(panel.get_by_text("Dengan papan ketik")).to_be_visible()
        expect(panel).to_be_focused()
        page.keyboard.press("Escape")
        panel.wait_for(state="detached")
        expect(page.get_by_role("row").filter(has_text="Dengan papan ketik").get_by_role("button")).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(row).to_be_focused()
        page.keyboard.press("Enter")
        reschedule = panel.get_by_role("button", name=say("id", "action.reschedule"))
        press(page, reschedule)
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
        expect(reschedule).to_be_focused()
        press(page, panel.get_by_role("button", name=say("id", "action.cancel"), exact=True))
        expect(panel.get_by_text(say("id", "state.cancelled")).first).to_be_visible()
        expect(panel.get_by_role("button", name=say("id", "action.cancel"), exact=True)).to_have_count(0)
        keeps_focus(page)


def test_the_palette_tells_which_entry_is_chosen(browser: Browser, desk: Desk) -> None:
    """To who does not see it: the field names the entry, and what Enter does is what it named."""
    with desk.owner(browser) as page:
        page.keyboard.press("Control+k")
        field = page.get_by_role("dialog").get_by_role("combobox")
        expect(field).to_be_focused()
        for key, chosen in (
            ("ArrowDown", None),
            ("End", say("id", "sign_out")),
            ("Home", None),
        ):
            page.keyboard.press(key)
            expect_chosen(page, field, chosen)
        field.fill(say("id", "menu.webhooks"))
        expect_chosen(page, field, say("id", "menu.webhooks"))
        field.fill("tidak ada di sini")
        expect_chosen(page, field, say("id", "palette.search", text="tidak ada di sini"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/messages?q=tidak*")


def expect_chosen(page: Page, field: Locator, name: str | None) -> None:
    """The entry that is marked for the eye is the one that the field names."""
    options = page.get_by_role("option", selected=True)
    expect(options).to_have_count(1)
    if name is not None:
        expect(options).to_have_accessible_name(name)
    expect(field).to_have_attribute("aria-activedescendant", options.get_attribute("id") or "")
