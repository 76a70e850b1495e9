"""A browser's `EventSource`: it reads events off a real connection, and comes back with the last id."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import aiohttp

from tests.api.v1.browser import Browser

DEADLINE_S = 20.0


class Event(NamedTuple):
    name: str
    id: str
    data: Any


class Follower:
    """What one stream says."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.last = ""
        self.events: list[Event] = []
        self.facts: list[int] = []
        self.comments = 0

    @contextlib.asynccontextmanager
    async def connected(self, path: str = "/events", **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """The open connection; `read` takes from it."""
        sent = {**self._browser.headers, **headers}
        if self._browser.cookie:
            sent["Cookie"] = f"merpati_session={self._browser.cookie}"
        if self.last:
            sent["Last-Event-ID"] = self.last
        address = f"{self._browser.url}/api/v1{path}"
        async with self._browser.client.get(address, headers=sent, timeout=NO_END) as answer:
            yield answer

    async def read(self, answer: aiohttp.ClientResponse, until: Callable[[], bool]) -> None:
        """Events, until it is so or the stream ends."""
        async with asyncio.timeout(DEADLINE_S):
            lines: list[str] = []
            while not until():
                line = (await answer.content.readline()).decode()
                if not line:
                    return
                if line != "\n":
                    lines.append(line.rstrip("\n"))
                else:
                    self._hear(lines)
                    lines = []

    def _hear(self, lines: list[str]) -> None:
        fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
        self.comments += any(line.startswith(":") for line in lines)
        self.last = fields.get("id", self.last)
        if "data" in fields:
            event = Event(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
            self.events.append(event)
            self.facts += [event.data["seq"]] if event.name == "fact" else []


NO_END = aiohttp.ClientTimeout(total=None, sock_read=None)
