"""Keys on their page: made, their secret shown once, and revoked; easy to use on each width and theme."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.desk import Desk, Theme, Width
from tests.browser.test_pages import rest

LOOKS: list[tuple[Width, Theme]] = [("desktop", "light"), ("phone", "dark")]


def make(page: Page, name: str) -> str:
    """Through the form; answers the secret."""
    page.get_by_role("button", name="New key").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("radio", name="Chosen ones").click()
    page.get_by_label("From where").fill("10.0.0.1/8")
    page.get_by_role("button", name="Make key").click()
    expect(page.get_by_text("Choose at least one device.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("radio", name="All devices").click()
    page.get_by_role("button", name="Make key").click()
    expect(page.get_by_text("10.0.0.1/8 is no IP address")).to_be_visible()
    page.get_by_label("From where").fill("127.0.0.1")
    page.get_by_role("button", name="Make key").click()
    secret = page.get_by_test_id("key-secret").inner_text()
    assert violations(page) == []
    page.get_by_role("button", name="Done").click()
    return secret


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_a_key_is_made_and_revoked(browser: Browser, desk: Desk, width: Width, theme: Theme) -> None:
    """What is wrong is said at its field; the secret opens the API, and nothing once the key is revoked."""
    with desk.owner(browser, width=width, theme=theme, language="en") as page:
        page.goto(desk.address("/keys"))
        rest(page)
        name = f"Shop on a {width}"
        secret = make(page, name)
        bearer = {"Authorization": f"Bearer {secret}"}
        address = desk.address("/").partition("/app")[0] + "/api/v1/session"
        assert page.request.get(address, headers=bearer).json()["key"]["name"] == name
        assert secret not in page.content()
        assert violations(page) == []
        card = page.get_by_role("article", name=name)
        card.get_by_role("button", name="Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(card).to_have_count(0)
        assert page.request.get(address, headers=bearer).status == 401
