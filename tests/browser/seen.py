"""What a page shows."""

from playwright.sync_api import Page


def seen(page: Page, region: str = "#main") -> list[str]:
    """Words, names, states and the fields' values, as who does not see the page is told them, line by line."""
    return [line for each in page.locator(region).all() for line in each.aria_snapshot().splitlines()]
