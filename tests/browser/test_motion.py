"""Who wants no motion gets none."""

from playwright.sync_api import Browser

from tests.browser.desk import Desk
from tests.browser.test_pages import PAGES, rest
from tests.browser.words import say

WATCH = """
window.moved = [];
for (const kind of ["animationstart", "transitionrun"])
  addEventListener(kind, (event) => moved.push(`${kind} ${event.target.outerHTML.slice(0, 80)}`), true);
"""
MOVES = """() => [
  ...moved,
  ...document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime > 1).map(String),
]"""


def test_nothing_moves_for_who_wants_no_motion(browser: Browser, desk: Desk) -> None:
    """No animation or transition begins on any page, nor by what opens there."""
    with desk.owner(browser) as page:
        page.context.add_init_script(WATCH)
        for path in PAGES:
            page.goto(desk.address(path))
            rest(page)
            page.mouse.move(640, 400)
            assert page.evaluate(MOVES) == [], path
        page.goto(desk.address("/devices"))
        page.get_by_role("button", name=say("id", "devices.add")).click()
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Toko", exact=True).click()
        page.get_by_role("complementary").get_by_role("radio", name=say("id", "menu.settings")).click()
        page.get_by_role("switch").first.click()
        assert page.evaluate(MOVES) == []
