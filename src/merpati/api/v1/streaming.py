"""Answers without an end: server-sent events, written as they come, until the reader or we have enough."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from litestar import Response
from litestar.openapi.datastructures import ResponseSpec

from merpati.api.fonnte.door import Handler, Receive, Scope, Send

MEDIA_TYPE = "text/event-stream"
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
"""The last one is for a proxy in front, which would keep events back otherwise."""
SEND_WITHIN_S = 30.0
"""A reader that takes nothing for so long is gone, or had better come back."""
END_WITHIN_S = 0.5

EVENTS = {
    200: ResponseSpec(
        str, description="Events, until the connection ends.", media_type=MEDIA_TYPE, generate_examples=False
    )
}
"""`responses` of a handler that answers with `EventStream`."""


class EventStream(Response[bytes]):
    """Sends what `pieces` yields. `on_start` is given what ends it, from anywhere; `on_end` is called once, whoever
    ended it."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        *,
        on_start: Callable[[Callable[[], None]], None],
        on_end: Callable[[], None],
    ) -> None:
        super().__init__(b"", media_type=MEDIA_TYPE)
        self._pieces, self._on_start, self._on_end = pieces, on_start, on_end

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 — Litestar's
        return cast("Handler", self._answer)

    async def _answer(self, _scope: Scope, receive: Receive, send: Send) -> None:
        pump = asyncio.ensure_future(self._pump(send))
        gone = asyncio.ensure_future(_wait_for_the_end(receive))

        running = {pump, gone}

        def end() -> None:
            for task in running:
                task.cancel()

        self._on_start(end)
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._on_end()
            end()
            await asyncio.wait(running)
            running.clear()  # who was given `end` is in the frames of `pump`: a circle that keeps the request
        if not pump.cancelled() and (error := pump.exception()) is not None:
            raise error
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_WITHIN_S):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        with contextlib.suppress(TimeoutError):
            async for piece in self._pieces:
                async with asyncio.timeout(SEND_WITHIN_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _wait_for_the_end(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
