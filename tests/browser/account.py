"""What happens to an account behind its owner's back: through the API, as another browser of the owner does it."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from playwright.sync_api import APIRequestContext, Browser, FilePayload

from merpati.core.clock import SystemClock
from merpati.storage.port import Storage
from merpati.storage.sqlite import SqliteStorage
from tests.browser.desk import Desk
from tests.browser.waiting import until

T = TypeVar("T")
FAR = "2030-05-04T02:30:00Z"


class Account:
    """A session of the owner, or of who signs in so, without pages."""

    def __init__(self, desk: Desk, browser: Browser, as_: tuple[str, str] | None = None) -> None:
        self.desk, self._browser = desk, browser
        self._request: APIRequestContext = browser.new_context().request
        self._headers: dict[str, str] = {}
        login, password = as_ or (desk.demo["owner"]["email"], desk.demo["owner"]["password"])
        told = self.ask("POST", "/session", {"login": login, "password": password})
        self._headers["X-CSRF-Token"] = told["csrf_token"]

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 — JSON
        """The answer's JSON; an answer that refuses fails the test."""
        answer = self._request.fetch(
            f"{self.desk.demo['url']}/api/v1{path}", method=method, data=body, headers=self._headers
        )
        assert answer.ok, (method, path, answer.status, answer.text())
        return answer.json() if answer.text() else None

    def another(self) -> "Account":
        """Another session of the same owner."""
        return Account(self.desk, self._browser)

    def devices(self) -> dict[str, int]:
        """Ids by name."""
        return {each["name"]: each["id"] for each in self.ask("GET", "/devices")["items"]}

    def send(self, device: int, to: str, text: str = "Halo", **more: object) -> int:
        """Accept a message; answers its id."""
        body = {"device": device, "targets": to, "text": text, **more}
        return int(self.ask("POST", "/messages", body)["items"][0]["id"])

    def upload(self, name: str, content: bytes) -> int:
        """Keep a file to send; answers its id."""
        file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        answer = self._request.post(
            f"{self.desk.demo['url']}/api/v1/files", multipart={"file": file}, headers=self._headers
        )
        assert answer.ok, answer.text()
        return int(answer.json()["id"])

    def person(self, number: str, **more: object) -> str:
        """Somebody new in the simulated network; a phone that is on, unless `more` says something else."""
        self.ask("POST", "/simulator/people", {"number": number, "name": f"Orang {number[-3:]}", **more})
        return number

    def webhooks_are_told(self) -> None:
        """Until nothing waits to be told."""
        assert until(lambda: not any(each["waiting"] for each in self.ask("GET", "/webhooks")["items"]))

    def pair(self, device: int) -> None:
        """The device's phone scans its code."""
        code = self.ask("POST", f"/devices/{device}/pairing", {"how": "qr"})["qr"]
        self.ask("POST", "/simulator/scan", {"device": device, "code": code})

    def write(self, change: Callable[[Storage], Awaitable[T]]) -> T:
        """Change the database as another part of the gateway would: for what no call can bring about."""

        async def run() -> T:
            storage = await SqliteStorage.open(self.desk.data / "merpati.db", SystemClock())
            try:
                return await change(storage)
            finally:
                await storage.close()

        # the test's own thread has the event loop of the browser's driver
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, run()).result()
