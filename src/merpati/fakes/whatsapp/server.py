"""The fake's sockets: the proxy, and behind it TLS with the WebSocket and the files."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from aiohttp import web

from merpati.core.clock import Clock, SystemClock
from merpati.fakes.whatsapp.certificates import new_noise_identity, new_tls
from merpati.fakes.whatsapp.faults import CUTTING, Fault, On
from merpati.fakes.whatsapp.media import HOST
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.pointing import Pointing
from merpati.fakes.whatsapp.proxy import LOOPBACK, open_proxy
from merpati.fakes.whatsapp.serving import Serving
from merpati.fakes.whatsapp.wire import Wire

MB = 1_000_000
MOST_BYTES = 120 * MB


class FakeWhatsapp:
    """A network that can be reached; `pointing` says how."""

    def __init__(self, network: Network, folder: Path) -> None:
        self.network = network
        self._tls, self._identity = new_tls(), new_noise_identity()
        self._authority = folder / "authority.pem"
        self._authority.write_bytes(self._tls.authority)
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._proxy: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pointing(self) -> Pointing:
        return Pointing(
            proxy=f"http://{LOOPBACK}:{self._port}", authority=self._authority, root=self._identity.root.hex()
        )

    async def open(self, port: int = 0) -> None:
        """Listen; again on the same port after `close`."""
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_get("/ws/chat", self._chat)
        app.router.add_post("/{kind:mms/.*}", self._upload)
        app.router.add_get("/{path:.*}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, 0, ssl_context=self._tls.context()).start()
        inner = self._runner.addresses[0][1]
        self._proxy = await open_proxy(inner, port or self._port, self.network.reached.append)
        self._port = self._proxy.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Cut everybody and stop listening; phones, keys and what waits stay."""
        for wire in list(self.network.wires):
            wire.cut()
        if self._proxy is not None:
            self._proxy.close()
        if self._runner is not None:
            await self._runner.cleanup()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=MOST_BYTES, autoping=True)
        await socket.prepare(request)
        wire = Wire(socket, request)
        self.network.wires.append(wire)
        try:
            await Serving(self.network, wire, self._spawn).run(self._identity)
        finally:
            self.network.wires.remove(wire)
            self.network.changed()
        return socket

    # -- files --

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        network = self.network
        rule = network.faults.strike(On.UPLOAD)
        if rule is not None and rule.fault in CUTTING and request.transport is not None:
            request.transport.abort()
        await network.faults.pause(rule)
        if rule is not None and rule.fault is Fault.REFUSE:
            return web.Response(status=rule.code)
        path = network.media.keep(await request.read())
        return web.json_response({"url": f"https://{HOST}{path}", "direct_path": path, "handle": ""})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        rule = self.network.faults.strike(On.DOWNLOAD)
        await self.network.faults.pause(rule)
        if rule is not None and rule.fault is Fault.REFUSE:
            return web.Response(status=rule.code)
        file = self.network.media.find(request.path)
        return web.Response(status=404) if file is None else web.Response(body=file)


@contextlib.asynccontextmanager
async def open_whatsapp(clock: Clock | None = None, *, port: int = 0) -> AsyncIterator[FakeWhatsapp]:
    """A fake on loopback, until the end of the block; port 0: any. Raises `OSError` when the port is taken."""
    with tempfile.TemporaryDirectory(prefix="merpati-fake-whatsapp-") as folder:
        fake = FakeWhatsapp(Network(clock or SystemClock()), Path(folder))
        await fake.open(port)
        try:
            yield fake
        finally:
            await fake.close()
