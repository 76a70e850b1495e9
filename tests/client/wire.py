"""A TCP proxy that loses answers: the request arrives, and the connection is cut when the answer comes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit


class Wire:
    """`losing` answers are lost from now on; `requests` counts what went to the server."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._host, self._port = parts.hostname, parts.port
        self.url, self.losing, self.requests = "", 0, 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until an end closes it or it is cut."""
        answers, requests = await asyncio.open_connection(self._host, self._port)
        back = asyncio.create_task(self._carry_back(answers, writer))
        try:
            while data := await reader.read(65536):
                self.requests += data.count(b" HTTP/1.1\r\n")
                requests.write(data)
        except ConnectionError:
            pass
        finally:
            requests.close()
            await back

    async def _carry_back(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await answers.read(65536):
                if self.losing:
                    self.losing -= 1
                    break
                writer.write(data)
        writer.close()


@contextlib.asynccontextmanager
async def laid(server: str) -> AsyncIterator[Wire]:
    """A wire to this server, at an address of its own."""
    wire, carrying = Wire(server), set[asyncio.Task[None]]()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        carrying.add(task)
        await wire.carry(reader, writer)

    listener = await asyncio.start_server(carry, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        listener.close()
        if carrying:
            await asyncio.wait(carrying)
