"""`/keys`: what programs are let in with. For people alone: no key makes or changes one."""

from collections.abc import Collection

from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody

from merpati.accounts.keys import change_key, keys_of, make_key, revoke_key, rotate_key
from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.key_shapes import (
    KeyAnswer,
    KeyChange,
    KeyGiven,
    MadeKeyAnswer,
    RotatedKeyAnswer,
    RotateKeyGiven,
    read_change,
    read_grants,
    show_key,
)
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.paging import LAST_ID, USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.core.clock import HOUR_MS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId, KeyId
from merpati.core.tokens import new_key
from merpati.devices.views import devices_of
from merpati.storage.port import Tx

_REFUSALS = (Code.PERSON_REQUIRED, Code.NETWORK_INVALID, Code.KEY_EXPIRY_PAST, Code.DEVICE_UNKNOWN)


@get(
    "/",
    operation_id="listKeys",
    summary="List keys",
    responses=refusals(Code.PERSON_REQUIRED, Code.CURSOR_INVALID),
)
async def get_keys(
    gateway: TheGateway, principal: ThePrincipal, cursor: Cursor = None, limit: Limit = USUAL
) -> Page[KeyAnswer]:
    """The account's keys, newest first; those that have expired too, until they are revoked."""
    (below,) = position(cursor, (LAST_ID,))
    found = await gateway.storage.read(keys_of, principal.account.id, below, limit + 1)
    now = gateway.clock.now()
    return page_of(found, limit, lambda key: show_key(key, now), lambda key: (key.id,))


@post(
    "/",
    operation_id="makeKey",
    summary="Make a key",
    status_code=201,
    responses=refusals(*_REFUSALS, Code.TOO_MANY_KEYS),
)
async def post_key(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, data: JSONBody[KeyGiven]
) -> MadeKeyAnswer:
    """For one program; give it no more than that needs. The secret is in this answer alone."""
    grants = read_grants(data)
    await _check_devices(gateway, principal, grants.devices or ())
    id_, secret = KeyId((await gateway.ids.take("key"))[0]), new_key()

    async def make(tx: Tx) -> MadeKeyAnswer:
        key = await make_key(tx, id_, principal.account.id, grants, secret)
        return MadeKeyAnswer(key=show_key(key, tx.now), secret=secret)

    answer = await once.answer(gateway.storage, make)
    gateway.keys.forget_key(id_)
    return answer


async def _check_devices(gateway: Gateway, principal: Principal, wanted: Collection[DeviceId]) -> None:
    """Raises `Refusal(DEVICE_UNKNOWN)` where one of them is not the account's."""
    if wanted and len(await gateway.storage.read(devices_of, principal.account.id, wanted)) < len(wanted):
        raise Refusal(Code.DEVICE_UNKNOWN, field="devices")


@get(
    "/{id:int}",
    operation_id="getKey",
    summary="One key",
    responses=refusals(Code.PERSON_REQUIRED, Code.KEY_UNKNOWN),
)
async def get_key(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> KeyAnswer:
    """What it may do, and when it was last used."""
    return show_key(await access.key(gateway, principal, id), gateway.clock.now())


@patch(
    "/{id:int}",
    operation_id="changeKey",
    summary="Change a key",
    responses=refusals(*_REFUSALS, Code.KEY_UNKNOWN),
)
async def patch_key(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
    data: JSONBody[KeyChange],
) -> KeyAnswer:
    """Changes what is given; its secret stays. In force at once here, within two seconds in other processes; what
    streams to it closes where it may no more."""
    known, change = await access.key(gateway, principal, id), read_change(data)
    if isinstance(change.devices, frozenset):
        await _check_devices(gateway, principal, change.devices - (known.grants.devices or frozenset()))
    changed = await gateway.storage.write(change_key, known.account, known.id, change)
    gateway.keys.forget_key(known.id)
    return show_key(changed, gateway.clock.now())


@post(
    "/{id:int}/rotate",
    operation_id="rotateKey",
    summary="Give a key another secret",
    status_code=200,
    responses=refusals(Code.PERSON_REQUIRED, Code.KEY_UNKNOWN),
)
async def post_rotate(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    id: FromPath[int],  # noqa: A002 — the name in the path
    data: JSONBody[RotateKeyGiven],
) -> RotatedKeyAnswer:
    """The present secret goes on working as long as is asked, so that the program can be changed without a gap."""
    known, secret = await access.key(gateway, principal, id), new_key()

    async def rotate(tx: Tx) -> RotatedKeyAnswer:
        rotated = await rotate_key(tx, known.account, known.id, secret, data.overlap_hours * HOUR_MS)
        return RotatedKeyAnswer(key=show_key(rotated, tx.now), secret=secret)

    answer = await once.answer(gateway.storage, rotate)
    gateway.keys.forget_key(known.id)
    return answer


@delete(
    "/{id:int}",
    operation_id="revokeKey",
    summary="Revoke a key",
    responses=refusals(Code.PERSON_REQUIRED, Code.KEY_UNKNOWN),
)
async def delete_key(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> Response[None]:
    """All its secrets are worth nothing any more: at once here, within two seconds in other processes. What streams
    to it closes within five seconds."""
    known = await access.key(gateway, principal, id)
    await gateway.storage.write(revoke_key, known.account, known.id)
    gateway.keys.forget_key(known.id)
    return Response(None, status_code=204)


def keys_router() -> Router:
    return Router(
        "/keys",
        route_handlers=[get_keys, post_key, get_key, patch_key, post_rotate, delete_key],
        tags=["Keys"],
    )
