"""Who receives the webhooks: it writes down every call, and can be down or in a bad mood."""

import asyncio

from aiohttp import web

from merpati.core.ids import Address
from tests.faults.evidence import Call
from tests.faults.gateway import free_port
from tests.faults.process import now


class Receiver:
    """`open` and `close` as often as one likes; the port and what was heard stay."""

    def __init__(self) -> None:
        self.port = free_port()
        self.calls: list[Call] = []
        self.refuse_next: dict[Address, int] = {}
        """How many of a device's next calls are answered 500."""
        self.hanging = 0
        """Calls that wait for an answer since `hang`."""
        self._answers = asyncio.Event()
        self._answers.set()
        self._runner: web.AppRunner | None = None

    def hang(self) -> None:
        """Take every call from now on, and answer none until `go_on`."""
        self._answers.clear()

    def go_on(self) -> None:
        """Answer all again, those that wait too. May run twice."""
        self._answers.set()

    def url(self, device: Address) -> str:
        return f"http://127.0.0.1:{self.port}/status/{device}"

    async def open(self) -> None:
        app = web.Application()
        app.router.add_post("/status/{device}", self._hear)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()

    async def close(self) -> None:
        """Down: who calls is refused the connection. May run twice."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _hear(self, request: web.Request) -> web.Response:
        device, body = Address(request.match_info["device"]), await request.read()
        if not self._answers.is_set():
            self.hanging += 1
            await self._answers.wait()
        refused = self.refuse_next.get(device, 0)
        self.refuse_next[device] = max(refused - 1, 0)
        status = 500 if refused else 200
        self.calls.append(Call(now(), device, request.headers["webhook-id"], body, status))
        return web.Response(status=status)
