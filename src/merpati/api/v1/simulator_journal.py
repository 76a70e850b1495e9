"""The simulated network's journal as a stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from litestar import Request, get

from merpati.api.gateway import Gateway
from merpati.api.v1.events import COMMENT_EVERY_S, grant_of
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.simulator_reach import acting, numbers_of, phones_of
from merpati.api.v1.simulator_shapes import show_happening
from merpati.api.v1.streaming import EVENTS, EventStream
from merpati.core.errors import Code
from merpati.transports.phones import Happening, NetworkGone, Phones

MOST_WAITING = 500
"""A reader that is further behind is told to reload."""
_RELOAD = b"event: reload\ndata: {}\n\n"
_COMMENT = b":\n\n"


@get(
    "/events",
    operation_id="followSimulator",
    summary="Follow the network",
    responses={**EVENTS, **refusals(Code.SIMULATOR_CLOSED, Code.TOO_MANY_STREAMS)},
)
async def follow_network(
    request: Request[Principal, Any, Any], gateway: TheGateway, principal: ThePrincipal
) -> EventStream:
    """The journal from now on: `event: happening` with what it is about.

    `event: ready` comes first, `event: reload` when some were missed; the stream ends with the network.
    """
    phones = phones_of(gateway)
    with acting():
        await phones.everyone()
    seat = gateway.live.join(grant_of(principal, request), None)

    def start(end: Callable[[], None]) -> None:
        seat.on_end = end
        if seat.has_ended:
            end()

    pieces = _pieces(gateway, principal, phones)
    return EventStream(pieces, on_start=start, on_end=lambda: gateway.live.leave(seat))


async def _pieces(gateway: Gateway, principal: Principal, phones: Phones) -> AsyncIterator[bytes]:
    numbers = await numbers_of(gateway, principal)
    waiting: asyncio.Queue[Happening | None] = asyncio.Queue()
    reader = asyncio.ensure_future(_read(phones, waiting))
    try:
        yield b"event: ready\ndata: {}\n\n"
        while True:
            try:
                async with asyncio.timeout(COMMENT_EVERY_S):
                    happening = await waiting.get()
            except TimeoutError:
                yield _COMMENT
                continue
            if happening is None:
                return
            if waiting.qsize() >= MOST_WAITING:
                _drop(waiting)
                yield _RELOAD
            elif happening.device and happening.device not in numbers:
                numbers = await numbers_of(gateway, principal)
            if not happening.device or happening.device in numbers:
                yield b"event: happening\ndata: %s\n\n" % msgspec.json.encode(show_happening(happening, numbers))
    finally:
        reader.cancel()
        await asyncio.wait([reader])


async def _read(phones: Phones, waiting: "asyncio.Queue[Happening | None]") -> None:
    with contextlib.suppress(NetworkGone):
        async with phones.watch() as journal:
            async for happening in journal:
                if waiting.qsize() < 2 * MOST_WAITING:
                    waiting.put_nowait(happening)
    waiting.put_nowait(None)


def _drop(waiting: "asyncio.Queue[Happening | None]") -> None:
    while waiting.qsize():
        waiting.get_nowait()
