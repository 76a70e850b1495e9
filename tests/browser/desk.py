"""A demo as a process of its own, and the people who look at its pages."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page

Width = Literal["desktop", "phone"]
Theme = Literal["light", "dark"]
SIZES: dict[Width, tuple[int, int]] = {"desktop": (1280, 800), "phone": (390, 844)}
LOCALES = {"id": "id-ID", "en": "en-GB"}
WITHIN_MS = 30_000
"""For what a page shows at once: a machine that is busy with other tests may take its time."""


class Desk:
    """A running demo: its address, its owner, its devices and people. It obeys `settings`, and no environment."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data, self._settings = data, settings
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self.demo: dict[str, Any] = {}

    def start(self) -> None:
        """Start it, on the port that it had before."""
        words = ("demo", "--json", "--port", str(self._port), "--data", str(self.data))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MERPATI_")}
        environment |= {f"MERPATI_{name.upper()}": value for name, value in self._settings.items()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "merpati", *words], stdout=subprocess.PIPE, env=environment
        )
        assert self._process.stdout is not None
        self.demo = json.loads(self._process.stdout.readline())
        self._port = int(self.demo["url"].rpartition(":")[2])

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it by this signal, and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.communicate(timeout=20)
            self._process = None

    def address(self, path: str = "/") -> str:
        return f"{self.demo['url']}/app{path}"

    @contextlib.contextmanager
    def visitor(
        self, browser: Browser, *, width: Width = "desktop", theme: Theme = "light", language: str = "id"
    ) -> Iterator[Page]:
        """A browser of its own, not signed in; an error on its page fails the test."""
        wide, high = SIZES[width]
        context = browser.new_context(
            viewport={"width": wide, "height": high},
            color_scheme=theme,
            locale=LOCALES[language],
            timezone_id="Asia/Jakarta",
            reduced_motion="reduce",
        )
        page, errors = context.new_page(), list[str]()
        page.set_default_timeout(WITHIN_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        try:
            yield page
        finally:
            context.close()
        assert errors == []

    def sign_in(self, page: Page) -> None:
        """As the owner: a session for this browser, then the home page. The form has tests of its own."""
        owner = self.demo["owner"]
        answer = page.context.request.post(
            f"{self.demo['url']}/api/v1/session", data={"login": owner["email"], "password": owner["password"]}
        )
        assert answer.ok, answer.text()
        page.goto(self.address("/"))
        page.get_by_role("heading", level=1).first.wait_for(state="attached")

    @contextlib.contextmanager
    def owner(
        self, browser: Browser, *, width: Width = "desktop", theme: Theme = "light", language: str = "id"
    ) -> Iterator[Page]:
        """The owner's browser, signed in and on the home page."""
        with self.visitor(browser, width=width, theme=theme, language=language) as page:
            self.sign_in(page)
            yield page
