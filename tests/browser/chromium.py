"""A real Chromium: MERPATI_TEST_CHROMIUM, else one that the system has, else the one that Playwright installed."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, BrowserType, sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Its path; None: Playwright's own, where it is installed."""
    named = os.environ.get("MERPATI_TEST_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for as long as the block runs. Raises `LookupError` where the machine has none."""
    with sync_playwright() as playwright:
        path = find_chromium()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            raise LookupError(
                "no Chromium: install one (Debian: chromium-headless-shell), or set MERPATI_TEST_CHROMIUM"
            )
        with launched(playwright.chromium) as browser:
            yield browser


@contextlib.contextmanager
def launched(kind: BrowserType, *, without: Sequence[str] = ()) -> Iterator[Browser]:
    """One more browser, started without these of Playwright's usual arguments; closed at the end of the block.

    Its letters are as wide without a window as in one.
    """
    args = ["--font-render-hinting=none", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    browser = kind.launch(executable_path=find_chromium(), args=args, ignore_default_args=list(without))
    try:
        yield browser
    finally:
        browser.close()
