"""`/consumers`: events for programs that fetch them, for whom the server keeps how far they are."""

import asyncio
import contextlib
from typing import Annotated, Any, TypeAlias

from litestar import Request, Response, Router, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from merpati.api.gateway import Gateway
from merpati.api.live.events import PERSONAL, show_fact
from merpati.api.live.hub import Hub, Seat
from merpati.api.v1 import access
from merpati.api.v1.events import grant_of
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.paging import LAST_ID
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Given, Instant, instant, maybe
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.log import consumers
from merpati.log.model import Consumer, ConsumerName
from merpati.log.readers import find_head
from merpati.storage.port import Tx

LONGEST_NAME = 64
LONGEST_WAIT_S, MOST_AT_ONCE, USUAL_AT_ONCE = 30, 500, 100
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_")

Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=MOST_AT_ONCE, description="Events at once.")]
Wait: TypeAlias = Annotated[
    int, QueryParameter(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait when there is nothing.")
]
After: TypeAlias = Annotated[
    int | None, QueryParameter(ge=0, le=LAST_ID, description="Read from here, not from where the consumer is.")
]


class LostAnswer(Answer, frozen=True, kw_only=True):
    """Events `first` to `last` that the log forgot before they were fetched."""

    first: int
    last: int


class FetchedAnswer(Answer, frozen=True, kw_only=True):
    """Events in order, as `/events` tells them. Acknowledge `upto` when you are done with them.

    `lost` is null unless the log forgot events before they were fetched; it stays until they are acknowledged.
    """

    items: list[dict[str, Any]]
    upto: int
    head: int
    lost: LostAnswer | None


class ConsumerAnswer(Answer, frozen=True, kw_only=True):
    """Everything up to `position` is done with; `head` is the account's newest event."""

    name: str
    position: int
    head: int
    lost: LostAnswer | None
    created_at: Instant
    acked_at: Instant | None


class ConsumersAnswer(Answer, frozen=True, kw_only=True):
    """By name."""

    items: list[ConsumerAnswer]


class AckGiven(Given, frozen=True, kw_only=True):
    """The number up to which everything is done with."""

    seq: Annotated[int, Meta(ge=0, le=LAST_ID)]


def _name(principal: Principal, name: str) -> ConsumerName:
    if not 0 < len(name) <= LONGEST_NAME or not _LETTERS.issuperset(name):
        raise Refusal(Code.INPUT_INVALID, field="name")
    return ConsumerName(principal.account.id, access.uploader(principal), name)


@get(
    "/{name:str}/events",
    operation_id="fetchEvents",
    summary="Fetch events",
    responses=refusals(Code.INPUT_INVALID, Code.TOO_MANY_CONSUMERS, Code.TOO_MANY_STREAMS),
)
async def get_events(
    request: Request[Principal, Any, Any],
    gateway: TheGateway,
    principal: ThePrincipal,
    name: FromPath[str],
    limit: Limit = USUAL_AT_ONCE,
    wait: Wait = 0,
    after: After = None,
) -> FetchedAnswer:
    """Those after the consumer's position; the first call makes the consumer, at the log's head.

    Fetching moves nothing: `ack` does. With `after` it only reads, and makes no consumer.
    """
    named = _name(principal, name)
    if after is None:
        after = (await _opened(gateway, named)).position
    answer = await _fetch(gateway, principal, after, limit)
    if answer.items or answer.lost or not wait:
        return answer
    seat = gateway.live.join(grant_of(principal, request), answer.upto)
    try:
        await _news(gateway.live, seat, wait)
    finally:
        gateway.live.leave(seat)
    return answer if seat.has_ended else await _fetch(gateway, principal, after, limit)


async def _opened(gateway: Gateway, name: ConsumerName) -> Consumer:
    """Only the first call writes."""
    with contextlib.suppress(Refusal):
        return await gateway.storage.read(consumers.find_consumer, name)
    new = (await gateway.ids.take("consumer"))[0]
    return await gateway.storage.write(consumers.open_consumer, name, new)


async def _news(hub: Hub, seat: Seat, wait_s: int) -> None:
    """Until there is something that this seat may see, its right ends, or the time is over."""
    seat.on_end = seat.stream.news.set
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            while not seat.has_ended:
                seat.stream.news.clear()
                piece = hub.take(seat)
                if piece is None:
                    await seat.stream.news.wait()
                elif piece and b"event: ready" not in piece[:80]:
                    return


async def _fetch(gateway: Gateway, principal: Principal, after: int, limit: int) -> FetchedAnswer:
    found = await gateway.storage.read(consumers.fetch_facts, principal.account.id, after, principal.devices, limit)
    user = principal.person.owner.id if principal.person is not None else None
    items = [show_fact(each) for each in found.entries]
    seen = [each for each in items if each["kind"] not in PERSONAL or each.get("user") == user]
    return FetchedAnswer(items=seen, upto=found.upto, head=found.head, lost=_lost(found.lost))


@post(
    "/{name:str}/ack",
    operation_id="ackEvents",
    summary="Be done with events",
    status_code=200,
    responses=refusals(Code.CONSUMER_UNKNOWN, Code.ACK_BEYOND, Code.INPUT_INVALID),
)
async def post_ack(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, name: FromPath[str], data: JSONBody[AckGiven]
) -> ConsumerAnswer:
    """Everything up to `seq`. Forward only: a lower number changes nothing, one that does not exist is refused."""
    named = _name(principal, name)

    async def ack(tx: Tx) -> ConsumerAnswer:
        return await _show(tx, await consumers.ack_facts(tx, named, data.seq))

    return await once.answer(gateway.storage, ack)


@get("/", operation_id="listConsumers", summary="Who fetches events")
async def get_consumers(gateway: TheGateway, principal: ThePrincipal) -> ConsumersAnswer:
    """With how far each is. A key that reaches chosen devices has consumers of its own."""

    async def look(tx: Tx) -> list[ConsumerAnswer]:
        known = await consumers.list_consumers(tx, principal.account.id, access.uploader(principal))
        return [await _show(tx, each) for each in known]

    return ConsumersAnswer(items=await gateway.storage.read(look))


@delete(
    "/{name:str}",
    operation_id="deleteConsumer",
    summary="Forget a consumer",
    responses=refusals(Code.CONSUMER_UNKNOWN, Code.INPUT_INVALID),
)
async def delete_one(gateway: TheGateway, principal: ThePrincipal, name: FromPath[str]) -> Response[None]:
    """Where it was is forgotten: of that name one begins at the log's head."""
    await gateway.storage.write(consumers.delete_consumer, _name(principal, name))
    return Response(None, status_code=204)


async def _show(tx: Tx, consumer: Consumer) -> ConsumerAnswer:
    head = await find_head(tx, consumer.name.account)
    return ConsumerAnswer(
        name=consumer.name.name,
        position=consumer.position,
        head=head,
        lost=_lost(await consumers.find_lost(tx, consumer.name.account, consumer.position, head)),
        created_at=instant(Millis(consumer.created_at)),
        acked_at=maybe(consumer.acked_at),
    )


def _lost(lost: tuple[int, int] | None) -> LostAnswer | None:
    return LostAnswer(first=lost[0], last=lost[1]) if lost is not None else None


def consumers_router() -> Router:
    handlers = [get_events, post_ack, get_consumers, delete_one]
    return Router("/consumers", route_handlers=handlers, tags=["Events"])
