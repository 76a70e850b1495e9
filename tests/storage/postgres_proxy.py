"""A socket in front of a PostgreSQL server that cuts a connection, or stands still, at a named moment."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

SOCKET = ".s.PGSQL.5432"


class Cut(Enum):
    """When the connection breaks."""

    NEVER = "never"
    BEFORE_COMMIT = "COMMIT was sent and does not arrive"
    AFTER_COMMIT = "COMMIT arrives and its answer does not"


class Proxy:
    """`cut` holds for the next COMMIT of any connection; then it is NEVER again."""

    def __init__(self, dsn: str, folder: Path) -> None:
        parts = urlsplit(dsn)
        query = dict(parse_qsl(parts.query))
        self.server = Path(query["host"]) / SOCKET
        self.dsn = parts._replace(query=urlencode({**query, "host": str(folder)})).geturl()
        self.cut = Cut.NEVER
        self.cuts = 0
        self.still = asyncio.Event()
        """Set while nothing goes either way, on any connection."""
        self._moving = asyncio.Event()
        self._moving.set()
        self._packets_left = 0

    def stand_still(self, packets: int = 0) -> None:
        """As if the process behind were paused: now, or when it has sent so many packets more."""
        self._packets_left = packets
        if not packets:
            self._moving.clear()
            self.still.set()

    def go_on(self) -> None:
        """As if that process were woken."""
        self._packets_left = 0
        self.still.clear()
        self._moving.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until an end closes it or it is cut."""
        from_server, to_server = await asyncio.open_unix_connection(self.server)
        answering = asyncio.create_task(self._copy(from_server, writer))
        try:
            while data := await reader.read(65536):
                await self._moving.wait()
                cut = self.cut if b"COMMIT" in data else Cut.NEVER
                if cut is not Cut.NEVER:
                    self.cut = Cut.NEVER
                    self.cuts += 1
                    answering.cancel()
                    await asyncio.wait({answering})
                if cut is Cut.BEFORE_COMMIT:
                    return
                to_server.write(data)
                await to_server.drain()
                if self._packets_left:
                    self.stand_still(self._packets_left - 1)
                if cut is Cut.AFTER_COMMIT:
                    await from_server.read(1)  # the server has committed
                    return
        except ConnectionError:
            return
        finally:
            answering.cancel()
            for end in (writer, to_server):
                end.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._moving.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return
        writer.close()


@asynccontextmanager
async def proxy_of(dsn: str) -> AsyncIterator[Proxy]:
    """A proxy of the server of `dsn`, which is reached by a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="merpati-proxy-"))
    proxy = Proxy(dsn, folder)
    server = await asyncio.start_unix_server(proxy.serve, folder / SOCKET)
    try:
        yield proxy
    finally:
        server.close()
        shutil.rmtree(folder)
