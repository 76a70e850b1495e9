"""The server's end: what is being answered is finished, what never ends is cut off."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from merpati.api.fonnte.door import Handler
from merpati.api.server import Server, listen, make_server

Send = Callable[[dict[str, Any]], Any]


class Slow:
    """An application that answers when it is let go."""

    def __init__(self) -> None:
        self.asked, self.go_on, self.was_cut = asyncio.Event(), asyncio.Event(), False

    async def __call__(self, _scope: object, _receive: object, send: Send) -> None:
        self.asked.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.was_cut = True
            raise
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})


@contextlib.asynccontextmanager
async def asking(app: Handler, stop_timeout_s: int) -> AsyncIterator[tuple[Server, "asyncio.Task[None]", Any]]:
    """A server, its run, and the answer to a call that it has taken."""
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    server = make_server(app, stop_timeout_s=stop_timeout_s)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await server.ready.wait()
    async with aiohttp.ClientSession() as client:
        yield server, running, asyncio.create_task(_text(client, url))


async def _text(client: aiohttp.ClientSession, url: str) -> str:
    async with client.get(url) as answer:
        return await answer.text()


async def test_what_is_being_answered_is_finished() -> None:
    """Then it ends, and takes nothing more."""
    app = Slow()
    async with asyncio.timeout(20), asking(app, 15) as (server, running, answer):
        await app.asked.wait()
        server.stop()
        app.go_on.set()
        assert await answer == "done"
        await running
    assert not app.was_cut


async def test_what_never_ends_is_cut_off() -> None:
    """After its time."""
    app = Slow()
    async with asyncio.timeout(20), asking(app, 1) as (server, running, answer):
        await app.asked.wait()
        server.stop()
        assert await answer == "Internal Server Error"
        await running
    assert app.was_cut
