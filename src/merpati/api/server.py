"""The HTTP server of the process: uvicorn with httptools, and limits on what comes before a body."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Generator, Sequence
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from merpati.api.fonnte.door import Handler

MOST_HEAD_BYTES = 65_536
MOST_HEADERS = 100
KEEP_ALIVE_S = 75
LOOK_S = 0.005
"""How often is looked, at the end, whether the last answers are given."""


def new_loop() -> asyncio.AbstractEventLoop:
    """The event loop that a process serves on: uvloop's, where there is one (ADR 10)."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


class HeadTooLarge(Exception):
    """Too many headers, or too long a path; the parser turns it into 400."""


class _Parser(httptools.HttpRequestParser):
    """Reads a request over again as HTTP/1.1 when it offers another protocol.

    Java's HttpClient offers HTTP/2 with every first request (`Upgrade: h2c`). Who declines answers in HTTP/1.1
    (RFC 9110, 7.8); httptools, made for WebSockets, ends the request there instead and drops its body.
    """

    def __init__(self, protocol: "LimitedProtocol") -> None:
        super().__init__(protocol)
        self._protocol = protocol

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]  # bytes are what comes
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if not self.offers_protocol():
                raise
            self._protocol.read_over(data[offer.args[0] :])

    def offers_protocol(self) -> bool:
        """The request whose head was read; CONNECT is another thing, and nothing that we do."""
        return bool(self.should_upgrade()) and self.get_method() != b"CONNECT"


_OFFER = frozenset({b"upgrade", b"connection", b"http2-settings"})


class LimitedProtocol(HttpToolsProtocol):
    """Closes connections whose request line and headers are too large, too many, or too slow to come."""

    parser: _Parser

    head_timeout_s = 30.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 — handed on as they come
        super().__init__(*args, **kwargs)
        self._renew_parser()
        self._in_head, self._head_bytes = True, 0
        self._has_begun = True
        """Some of a head has come, or must come now; false while a request is answered and before the next one."""
        self._too_slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows it to Transport
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data) if self._in_head else 0
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            if self._head_bytes > MOST_HEAD_BYTES:
                self.send_400_response("Request headers too large.")
            elif self._has_begun and self._too_slow is None:
                self._watch()

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes, self._has_begun = True, 0, True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MOST_HEAD_BYTES:
            raise HeadTooLarge

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > MOST_HEADERS:
            raise HeadTooLarge

    def on_headers_complete(self) -> None:
        if self.parser.offers_protocol():
            return
        self._in_head = self._has_begun = False
        self._unwatch()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self.parser.offers_protocol():
            return
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def read_over(self, rest: bytes) -> None:
        """The same request once more, as if it had offered nothing; `rest` is what came after its head."""
        lines = [b"%s: %s" % header for header in self.headers if header[0] not in _OFFER]
        lines += [b"connection: close"] if not self.parser.should_keep_alive() else []
        head = b"%s %s HTTP/1.1\r\n%s\r\n\r\n" % (self.parser.get_method(), self.url, b"\r\n".join(lines))
        self._renew_parser()
        self.parser.feed_data(head + rest)

    def _renew_parser(self) -> None:
        self.parser = _Parser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's

    def _watch(self) -> None:
        self._too_slow = self.loop.call_later(self.head_timeout_s, self.transport.close)

    def _unwatch(self) -> None:
        if self._too_slow is not None:
            self._too_slow.cancel()
            self._too_slow = None


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: the application decides when to stop, by `stop`.

    uvicorn itself looks ten times a second whether it is to end, whether connections are closed, and whether tasks
    are done, one after the other; this one ends as soon as it can.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End in order: what is being answered is finished first, within `stop_timeout_s`."""
        self.should_exit = True
        self._stopping.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Once a second the date of the answers is another one."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 (nothing tells)
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def make_server(
    app: Handler,
    *,
    stop_timeout_s: int = 10,
    protocol: type[LimitedProtocol] = LimitedProtocol,
    trusted_proxies: Sequence[str] = (),
) -> Server:
    """A server for this application; `serve(sockets=[…])` runs it, `stop` ends it in order.

    A caller's address is the socket's; where that is one of `trusted_proxies` (`Config.trusted_proxies`), the one
    that the proxy names in `X-Forwarded-For`.
    """
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=stop_timeout_s,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
    )
    return Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; raises `OSError` when the port is taken. Port 0: any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2_048)


def url_of(host: str, port: int) -> str:
    """The address of what listens there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.asynccontextmanager
async def serving(
    app: Handler,
    listener: socket.socket,
    protocol: type[LimitedProtocol] = LimitedProtocol,
    trusted_proxies: Sequence[str] = (),
) -> AsyncIterator[Server]:
    """The server, running while the block runs; requests on their way are finished."""
    server = make_server(app, protocol=protocol, trusted_proxies=trusted_proxies)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.ready.wait()
        yield server
    finally:
        server.stop()
        await running
