"""`/webhooks/…/replays`: facts of before, told once more under their ids."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.days import USUAL_ZONE, day_of
from merpati.api.v1.dead_letters import check_active
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.paging import LAST_ID
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Given, GivenInstant, Instant, maybe, millis
from merpati.core.errors import Code, Refusal
from merpati.storage.port import Tx
from merpati.webhooks.model import AskedReplay, Endpoint
from merpati.webhooks.replays import ask_replay, find_range, list_replays, plan_replay, stop_replay

_REFUSED = (
    Code.WEBHOOK_UNKNOWN,
    Code.WEBHOOK_OFF,
    Code.LOG_FORGOT,
    Code.REPLAY_TOO_LONG,
    Code.INPUT_INVALID,
)


class ReplayGiven(Given, frozen=True, kw_only=True):
    """Which facts: by number (`first`, `last`; `first` alone is one fact), by time (`from`, up to before `to`), or
    a day (`day`, in `zone`: else the user's, else Asia/Jakarta). One of the three."""

    first: Annotated[int, Meta(ge=1, le=LAST_ID)] | None = None
    last: Annotated[int, Meta(ge=1, le=LAST_ID)] | None = None
    start: GivenInstant | None = msgspec.field(default=None, name="from")
    to: GivenInstant | None = None
    day: date | None = None
    zone: Annotated[str, Meta(max_length=60)] | None = None


class ReplayPlanAnswer(Answer, frozen=True, kw_only=True):
    """The facts `first` to `last` of the account; `facts` of them are told to this address."""

    first: int
    last: int
    facts: int


class ReplayAnswer(Answer, frozen=True, kw_only=True):
    """A replay under way; `n` names it. `next` is the fact whose turn it is.

    `facts`: how many it had in all; null: those of a dead letter, which nobody counted.
    """

    n: int
    first: int
    last: int
    next: int
    facts: int | None
    asked_at: Instant | None


class ReplaysAnswer(Answer, frozen=True, kw_only=True):
    """By their first fact. One that is done is here no more."""

    items: list[ReplayAnswer]


@post(
    "/{id:int}/replays/preview",
    operation_id="previewReplay",
    summary="Count a replay",
    status_code=200,
    responses=refusals(*_REFUSED),
)
async def post_preview(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
    data: JSONBody[ReplayGiven],
) -> ReplayPlanAnswer:
    """How many facts that would be; nothing is told."""
    endpoint = check_active(await access.webhook(gateway, principal, id))
    first, last = await _range(gateway, principal, endpoint, data)
    plan = await gateway.storage.read(plan_replay, endpoint, first, last)
    return ReplayPlanAnswer(first=plan.first, last=plan.last, facts=plan.facts)


@post(
    "/{id:int}/replays",
    operation_id="addReplay",
    summary="Tell facts once more",
    responses=refusals(*_REFUSED, Code.REPLAY_RUNNING, Code.REPLAY_EMPTY),
)
async def post_replay(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    id: FromPath[int],  # noqa: A002 — the name in the path
    data: JSONBody[ReplayGiven],
) -> ReplayAnswer:
    """In the log's order, beside what is new, under the ids of the first time: who drops known ids drops them.

    One at a time for an address, and up to 100,000 facts.
    """
    endpoint = check_active(await access.webhook(gateway, principal, id))
    first, last = await _range(gateway, principal, endpoint, data)

    async def ask(tx: Tx) -> ReplayAnswer:
        return _show(await ask_replay(tx, endpoint.id, first, last))

    answer = await once.answer(gateway.storage, ask)
    gateway.webhooks_set()
    return answer


async def _range(gateway: Gateway, principal: Principal, endpoint: Endpoint, data: ReplayGiven) -> tuple[int, int]:
    """Raises `Refusal` (INPUT_INVALID, LOG_FORGOT)."""
    ways = (data.first is not None, data.start is not None and data.to is not None, data.day is not None)
    if sum(ways) != 1:
        raise Refusal(Code.INPUT_INVALID, field="first")
    if data.first is not None:
        return data.first, data.first if data.last is None else data.last
    if data.day is not None:
        start, end = day_of(data.day, data.zone or _zone(principal))
    else:
        assert data.start is not None and data.to is not None
        start, end = millis(data.start), millis(data.to)
    return await gateway.storage.read(find_range, endpoint.account, start, end)


def _zone(principal: Principal) -> str:
    return principal.person.owner.time_zone if principal.person else USUAL_ZONE


@get(
    "/{id:int}/replays",
    operation_id="listReplays",
    summary="Replays under way",
    responses=refusals(Code.WEBHOOK_UNKNOWN),
)
async def get_replays(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> ReplaysAnswer:
    """How far each is."""
    endpoint = await access.webhook(gateway, principal, id)
    return ReplaysAnswer(items=[_show(each) for each in await gateway.storage.read(list_replays, endpoint.id)])


@delete(
    "/{id:int}/replays/{n:int}",
    operation_id="stopReplay",
    summary="Stop a replay",
    responses=refusals(Code.WEBHOOK_UNKNOWN, Code.REPLAY_UNKNOWN),
)
async def delete_replay(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
    n: FromPath[int],
) -> Response[None]:
    """What it has not told yet is not told again. That of a dead letter does not come back either."""
    endpoint = await access.webhook(gateway, principal, id)
    if not any(each.row.first == n for each in await gateway.storage.read(list_replays, endpoint.id)):
        raise Refusal(Code.REPLAY_UNKNOWN)
    await gateway.storage.write(stop_replay, endpoint.id, n)
    gateway.webhooks_set()
    return Response(None, status_code=204)


def _show(asked: AskedReplay) -> ReplayAnswer:
    row = asked.row
    return ReplayAnswer(
        n=row.first,
        first=row.first,
        last=row.last,
        next=row.next,
        facts=asked.facts or None,
        asked_at=maybe(asked.row.asked_at),
    )


def replays_router() -> Router:
    handlers = [post_preview, post_replay, get_replays, delete_replay]
    return Router("/webhooks", route_handlers=handlers, tags=["Webhooks"])
