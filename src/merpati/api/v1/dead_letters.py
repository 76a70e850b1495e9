"""`/webhooks/…/dead-letters`: what an address did not get, told after all or forgotten."""

from litestar import Response, Router, delete, get, post
from litestar.params import FromPath

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.paging import LAST_ID, USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.problems import refusals
from merpati.api.v1.webhook_shapes import DeadLetterAnswer, show_dead_letter
from merpati.core.errors import Code, Refusal
from merpati.webhooks.actions import drop_dead_letter, replay_dead_letter
from merpati.webhooks.model import DeadLetter, Endpoint, EndpointState
from merpati.webhooks.views import dead_letters_of, find_dead_letter


@get(
    "/{id:int}/dead-letters",
    operation_id="listDeadLetters",
    summary="What it did not get",
    responses=refusals(Code.WEBHOOK_UNKNOWN, Code.CURSOR_INVALID),
)
async def get_dead_letters(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[DeadLetterAnswer]:
    """Newest first."""
    endpoint = await access.webhook(gateway, principal, id)
    at, first = position(cursor, (LAST_ID, LAST_ID))
    found = await gateway.storage.read(dead_letters_of, endpoint.id, (at, first), limit + 1)
    return page_of(found, limit, show_dead_letter, lambda letter: (letter.at, letter.first))


@post(
    "/{id:int}/dead-letters/{n:int}/replay",
    operation_id="replayDeadLetter",
    summary="Tell it after all",
    status_code=204,
    responses=refusals(Code.WEBHOOK_UNKNOWN, Code.DEAD_LETTER_UNKNOWN, Code.WEBHOOK_OFF),
)
async def post_replay(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    id: FromPath[int],  # noqa: A002 — the name in the path
    n: FromPath[int],
) -> None:
    """In order, beside what is new; what the log has forgotten comes back as a dead letter."""
    endpoint = check_active(await access.webhook(gateway, principal, id))
    letter = await _letter(gateway, endpoint, n)
    await once.answer(
        gateway.storage,
        lambda tx: replay_dead_letter(tx, endpoint.account, endpoint.id, letter.device, letter.first),
    )
    gateway.webhooks_set()


@delete(
    "/{id:int}/dead-letters/{n:int}",
    operation_id="dropDeadLetter",
    summary="Forget it",
    responses=refusals(Code.WEBHOOK_UNKNOWN, Code.DEAD_LETTER_UNKNOWN),
)
async def delete_dead_letter(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
    n: FromPath[int],
) -> Response[None]:
    """Nobody is told of these facts any more."""
    endpoint = await access.webhook(gateway, principal, id)
    letter = await _letter(gateway, endpoint, n)
    await gateway.storage.write(drop_dead_letter, endpoint.account, endpoint.id, letter.device, letter.first)
    return Response(None, status_code=204)


async def _letter(gateway: Gateway, endpoint: Endpoint, n: int) -> DeadLetter:
    found = await gateway.storage.read(find_dead_letter, endpoint.id, n) if 0 <= n <= LAST_ID else None
    if found is None:
        raise Refusal(Code.DEAD_LETTER_UNKNOWN)
    return found


def check_active(endpoint: Endpoint) -> Endpoint:
    """Itself; raises `Refusal(WEBHOOK_OFF)`."""
    if endpoint.state is not EndpointState.ACTIVE:
        raise Refusal(Code.WEBHOOK_OFF)
    return endpoint


def dead_letters_router() -> Router:
    return Router(
        "/webhooks", route_handlers=[get_dead_letters, post_replay, delete_dead_letter], tags=["Webhooks"]
    )
