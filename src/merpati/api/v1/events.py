"""What happens, as it happens: the log as a stream of server-sent events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.params import HeaderParameter, QueryParameter

from merpati.accounts.key_model import Scope
from merpati.api.live.events import comment
from merpati.api.live.hub import Grant, Hub, KeyUse, Seat
from merpati.api.v1.front import address_of
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.paging import LAST_ID
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.scopes import needed_by
from merpati.api.v1.streaming import EVENTS, EventStream
from merpati.core.errors import Code
from merpati.core.tokens import hash_token

COMMENT_EVERY_S = 15.0
"""So that proxies, and the two ends, see that the other one lives."""


def grant_of(principal: Principal, request: Request[Any, Any, Any]) -> Grant:
    """By what the caller was let in: the stream ends when it holds no more."""
    person = principal.person
    if person is not None:
        return Grant(account=principal.account.id, user=person.owner.id, session=person.session.id)
    token = request.headers["authorization"].partition(" ")[2].strip()
    return Grant(account=principal.account.id, token_hash=hash_token(token), key=_use_of(principal, request))


def _use_of(principal: Principal, request: Request[Any, Any, Any]) -> KeyUse | None:
    needed = needed_by(getattr(request.route_handler, "operation_id", None))
    if principal.key is None or not isinstance(needed, Scope):
        return None
    return KeyUse(scope=needed, devices=principal.devices, address=address_of(request))


@get(
    "/",
    operation_id="followEvents",
    summary="Follow what happens",
    responses={**EVENTS, **refusals(Code.TOO_MANY_STREAMS)},
)
async def get_events(
    request: Request[Principal, Any, Any],
    gateway: TheGateway,
    principal: ThePrincipal,
    after: Annotated[
        int | None, QueryParameter(ge=0, le=LAST_ID, description="The number of the last fact that you know.")
    ] = None,
    last_event_id: Annotated[
        str | None, HeaderParameter(name="Last-Event-ID", description="As `after`, said by browsers.")
    ] = None,
) -> EventStream:
    """Each fact of the account as `event: fact`, once and in order; `id` is its number.

    First comes `event: ready` with the number where the stream begins: read your pages then. `event: reload` says
    that facts are missing (you were more than 5,000 behind, or the log has them no more): read your pages afresh,
    and go on. A comment comes every 15 seconds. The stream ends when you are signed out, when your key
    may no more or reaches other devices than before, or when the server stops.
    """
    seat = gateway.live.join(grant_of(principal, request), _last(last_event_id, after))

    def start(end: Callable[[], None]) -> None:
        seat.on_end = end
        if seat.has_ended:
            end()

    return EventStream(_pieces(gateway.live, seat), on_start=start, on_end=lambda: gateway.live.leave(seat))


def _last(header: str | None, after: int | None) -> int | None:
    """The browser's own word goes first: it is newer than the address that the page opened."""
    if header is not None and header.isascii() and header.isdigit() and int(header) <= LAST_ID:
        return int(header)
    return after


async def _pieces(hub: Hub, seat: Seat) -> AsyncIterator[bytes]:
    while True:
        seat.stream.news.clear()
        piece = hub.take(seat)
        if piece:
            yield piece
        elif piece is None and not await _rung(seat.stream.news):
            yield comment(seat.stream.position)


async def _rung(news: asyncio.Event) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(COMMENT_EVERY_S):
            return await news.wait()
    return False


def events_router() -> Router:
    return Router("/events", route_handlers=[get_events], tags=["Events"])
