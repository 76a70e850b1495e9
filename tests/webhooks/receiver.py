"""A webhook receiver on loopback: keeps every call, and answers what the test wants."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

from tests.egress.servers import raw_server, read_request

DEADLINE_S = 20.0


class Got(NamedTuple):
    """One call as it arrived."""

    path: str
    event: str
    body: dict[str, Any]
    headers: dict[str, str]
    raw: bytes

    @property
    def seq(self) -> int:
        return int(self.event.split("-")[1])


Answer = Callable[[Got], str | None]
"""The status line's rest and headers ("503 Busy", "429 Slow\r\nRetry-After: 7"); None: never answer."""


class Receiver:
    """Everything that arrived, in order, and how to answer it."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answer: Answer = lambda _got: "200 OK"
        self.port = 0
        self._taken: list[bool] = []
        self._arrived = asyncio.Condition()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def passed(self, path: str = "/") -> list[int]:
        """Numbers of the facts that were taken, in order of arrival; repeats are dropped, as a receiver does."""
        yes = (got for got, taken in zip(self.got, self._taken, strict=True) if taken and got.path == path)
        return list(dict.fromkeys(got.seq for got in yes))

    def events(self, path: str = "/") -> list[int]:
        """Numbers of the facts that arrived, repeats too."""
        return [got.seq for got in self.got if got.path == path]

    async def until(self, what: Callable[[], bool]) -> None:
        """Wait until this holds; looked at after each call."""
        async with asyncio.timeout(DEADLINE_S), self._arrived:
            await self._arrived.wait_for(what)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        while True:
            head, raw = await read_request(reader)
            lines = head.split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
            }
            got = Got(lines[0].split(" ")[1], headers["webhook-id"], json.loads(raw), headers, raw)
            answer = self.answer(got)
            self.got.append(got)
            self._taken.append(answer is not None and answer.startswith("2"))
            async with self._arrived:
                self._arrived.notify_all()
            if answer is None:
                await reader.read(-1)
                return
            writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()


@contextlib.asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    async with raw_server(receiver.serve, port=port) as receiver.port:
        yield receiver
