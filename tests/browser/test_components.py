"""The page of components: every one of them in every state can be used by everybody."""

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import violations
from tests.browser.desk import Desk, Theme, Width


@pytest.mark.parametrize("width", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_component_is_hard_to_use(browser: Browser, desk: Desk, width: Width, theme: Theme) -> None:
    """Contrast, names, roles and order, on both widths and themes; nothing scrolls sideways."""
    with desk.visitor(browser, width=width, theme=theme) as page:
        page.goto(desk.address("/components"))
        page.get_by_role("heading", name="Jejak").wait_for()
        assert violations(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_dialog_holds_the_keyboard_and_gives_it_back(browser: Browser, desk: Desk) -> None:
    """Opened and closed by keys alone, the focus is where it was."""
    with desk.visitor(browser) as page:
        page.goto(desk.address("/components"))
        opener = page.get_by_role("button", name="dialog")
        opener.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        assert violations(page) == []
        for _ in range(6):
            page.keyboard.press("Tab")
            assert dialog.evaluate("(it) => it.contains(document.activeElement)")
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        assert opener.evaluate("(it) => it === document.activeElement")
