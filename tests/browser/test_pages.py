"""Every page, on both widths, in both themes and languages: everybody can use it, nothing scrolls sideways."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import violations
from tests.browser.desk import Desk, Theme, Width

PAGES = (
    "/",
    "/send",
    "/messages",
    "/devices",
    "/requests",
    "/rotators",
    "/keys",
    "/webhooks",
    "/simulator",
    "/settings",
    "/more",
    "/nowhere",
)
LOOKS: list[tuple[Width, Theme, str]] = [("desktop", "dark", "en"), ("phone", "light", "id")]
"""Each width, theme and language once; `test_states` has the other pairs."""


def rest(page: Page) -> None:
    """Until the page has read what it shows."""
    page.get_by_role("heading", level=1).first.wait_for(state="attached")
    page.wait_for_function("() => !document.querySelector('[role=status] .sr-only')")


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_no_page_is_hard_to_use(browser: Browser, desk: Desk, width: Width, theme: Theme, language: str) -> None:
    """Signed in, with a message, devices and people there."""
    with desk.owner(browser, width=width, theme=theme, language=language) as page:
        for path in PAGES:
            page.goto(desk.address(path))
            rest(page)
            assert violations(page) == [], path
            assert not scrolls_sideways(page), path


def test_no_page_scrolls_sideways_on_a_phone_in_english(browser: Browser, desk: Desk) -> None:
    """Words are of other lengths there."""
    with desk.owner(browser, width="phone", theme="dark", language="en") as page:
        for path in PAGES:
            page.goto(desk.address(path))
            rest(page)
            assert not scrolls_sideways(page), path


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_the_sign_in_page_is_not_hard_to_use(
    browser: Browser, desk: Desk, width: Width, theme: Theme, language: str
) -> None:
    """The first that anybody sees."""
    with desk.visitor(browser, width=width, theme=theme, language=language) as page:
        page.goto(desk.address("/login"))
        page.get_by_role("heading", level=1).wait_for()
        assert violations(page) == []
