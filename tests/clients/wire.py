"""Requests as bytes, on one connection, and the answers to them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from tests.api.harness import Api


class Reply(msgspec.Struct, frozen=True):
    """What a request was answered."""

    line: str
    headers: dict[str, str]
    """Names in small letters."""
    body: dict[str, Any]
    went_on: bool
    """It was told to go on (100) before."""


class Wire:
    """A connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def ask(self, request: bytes) -> Reply:
        """The answer to these bytes."""
        self.writer.write(request)
        await self.writer.drain()
        async with asyncio.timeout(10):
            return await self.reply()

    async def reply(self) -> Reply:
        """The next answer."""
        head = await self._head()
        went_on = head.startswith("HTTP/1.1 100")
        head = await self._head() if went_on else head
        line, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in lines)}
        body = await self._reader.readexactly(int(headers["content-length"]))
        return Reply(line, headers, json.loads(body), went_on)

    async def leave(self) -> str:
        """The line that says whether to go on."""
        async with asyncio.timeout(10):
            return (await self._head()).strip()

    async def ended(self) -> bool:
        """Whether the other side closed, and nothing came before."""
        async with asyncio.timeout(10):
            return await self._reader.read() == b""

    async def _head(self) -> str:
        return (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")


@contextlib.asynccontextmanager
async def connected(api: Api) -> AsyncIterator[Wire]:
    """A connection to the API."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
