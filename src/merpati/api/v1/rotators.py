"""`/rotators`: several recipients under one name, of which one is drawn each time."""

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.paging import USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.problems import refusals
from merpati.api.v1.rotator_shapes import RotatorAnswer, RotatorForm, read_rotator, show_rotator
from merpati.core.errors import Code
from merpati.core.ids import RotatorId
from merpati.rotators.actions import add_rotator, change_rotator, delete_rotator
from merpati.rotators.views import list_rotators
from merpati.storage.port import Tx


@get("/", operation_id="listRotators", summary="Rotators", responses=refusals(Code.CURSOR_INVALID))
async def get_rotators(
    gateway: TheGateway, principal: ThePrincipal, cursor: Cursor = None, limit: Limit = USUAL
) -> Page[RotatorAnswer]:
    """By number, each with its members."""
    (after,) = position(cursor, (0,))
    found = await gateway.storage.read(list_rotators, principal.account.id, after, limit + 1)
    return page_of(found, limit, show_rotator, lambda rotator: (rotator.n,))


@post("/", operation_id="addRotator", summary="Add a rotator", responses=refusals(Code.TARGET_INVALID))
async def post_rotator(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, data: JSONBody[RotatorForm]
) -> RotatorAnswer:
    """It is a target at once, by its `target`. A number that was given is never given again."""
    id_, content = RotatorId((await gateway.ids.take("rotator"))[0]), read_rotator(data)

    async def add(tx: Tx) -> RotatorAnswer:
        return show_rotator(await add_rotator(tx, id_, principal.account.id, content))

    return await once.answer(gateway.storage, add)


@get("/{id:int}", operation_id="getRotator", summary="One rotator", responses=refusals(Code.ROTATOR_UNKNOWN))
async def get_rotator(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> RotatorAnswer:
    """With its members, and who has had a turn in this round."""
    return show_rotator(await access.rotator(gateway, principal, id))


@put(
    "/{id:int}",
    operation_id="changeRotator",
    summary="Change a rotator",
    responses=refusals(Code.ROTATOR_UNKNOWN, Code.TARGET_INVALID),
)
async def put_rotator(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
    data: JSONBody[RotatorForm],
) -> RotatorAnswer:
    """It is what the body says from now on. The round goes on: who stays keeps the turn that was had."""
    known = await access.rotator(gateway, principal, id)
    return show_rotator(await gateway.storage.write(change_rotator, known.id, read_rotator(data)))


@delete(
    "/{id:int}", operation_id="deleteRotator", summary="Delete a rotator", responses=refusals(Code.ROTATOR_UNKNOWN)
)
async def delete_one_rotator(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> Response[None]:
    """Whoever still sends to it is refused."""
    known = await access.rotator(gateway, principal, id)
    await gateway.storage.write(delete_rotator, known.id)
    return Response(None, status_code=204)


def rotators_router() -> Router:
    handlers = [get_rotators, post_rotator, get_rotator, put_rotator, delete_one_rotator]
    return Router("/rotators", route_handlers=handlers, tags=["Rotators"])
