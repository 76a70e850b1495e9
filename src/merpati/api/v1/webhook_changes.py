"""`/webhooks`: addresses of one's own, made, changed and deleted; the address of a device changes here too."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.webhook_shapes import WebhookAnswer, WebhookChange, WebhookGiven, show_webhook
from merpati.api.v1.webhooks import new_endpoint
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId, EndpointId
from merpati.devices.views import find_devices
from merpati.storage.port import Tx
from merpati.webhooks.actions import Wanted, add_endpoint, change_endpoint, remove_endpoint
from merpati.webhooks.model import Endpoint, EndpointState
from merpati.webhooks.views import find_endpoint, standing_of

T = TypeVar("T")
_REFUSED = (
    Code.DEVICE_UNKNOWN,
    Code.URL_INVALID,
    Code.INPUT_INVALID,
    Code.KEY_DEVICES_CHOSEN,
    Code.KEY_SCOPE_MISSING,
)


@post(
    "/", operation_id="addWebhook", summary="Add an address", responses=refusals(*_REFUSED, Code.TOO_MANY_WEBHOOKS)
)
async def post_webhook(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, data: JSONBody[WebhookGiven]
) -> WebhookAnswer:
    """It is told what happens from now on. Each address has an order, a secret and waiting facts of its own."""
    access.told_tokens(principal, data.kinds)
    gateway.check_url(data.url)
    new = await new_endpoint(gateway)
    wanted = Wanted(
        name=data.name,
        kinds=tuple(data.kinds),
        devices=await _devices(gateway, principal, data.devices),
        url=data.url,
        key_sealed=_seal(gateway, new.id, data.secret_key),
        is_on=data.on,
    )

    async def add(tx: Tx) -> WebhookAnswer:
        await add_endpoint(tx, principal.account.id, wanted, new)
        return await _shown(tx, new.id)

    answer = await once.answer(gateway.storage, add)
    gateway.webhooks_set()
    return answer


@get("/{id:int}", operation_id="getWebhook", summary="One address", responses=refusals(Code.WEBHOOK_UNKNOWN))
async def get_webhook(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> WebhookAnswer:
    """With how it is doing."""
    return await _show(gateway, (await access.webhook(gateway, principal, id)).id)


@patch(
    "/{id:int}",
    operation_id="changeWebhook",
    summary="Change an address",
    responses=refusals(*_REFUSED, Code.WEBHOOK_UNKNOWN, Code.WEBHOOK_OF_DEVICE),
)
async def patch_webhook(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
    data: JSONBody[WebhookChange],
) -> WebhookAnswer:
    """What waits is tried again at once, at the address that it has now.

    Switched off, it forgets what waits; switched on again, it is told what happens from then on. The device and the
    kind of a device's own address stay.
    """
    known = await access.webhook(gateway, principal, id)
    if known.is_slot and not (data.kinds is UNSET and data.devices is UNSET):
        raise Refusal(Code.WEBHOOK_OF_DEVICE)
    if data.url is not UNSET:
        gateway.check_url(data.url)
    if not (data.url is UNSET and data.kinds is UNSET and data.devices is UNSET):
        access.told_tokens(principal, known.kinds if data.kinds is UNSET else data.kinds)
    await gateway.storage.write(change_endpoint, known.id, await _change(gateway, principal, known.id, data))
    gateway.webhooks_set()
    return await _show(gateway, known.id)


async def _change(
    gateway: Gateway, principal: Principal, id_: EndpointId, data: WebhookChange
) -> Callable[[Endpoint], Wanted]:
    """What the endpoint is to be, by what it is when that is stored: what is left out stays as it is then."""
    devices = UNSET if data.devices is UNSET else await _devices(gateway, principal, data.devices)
    key_sealed = UNSET if data.secret_key is UNSET else _seal(gateway, id_, data.secret_key)

    def wanted(known: Endpoint) -> Wanted:
        return Wanted(
            name=_or(data.name, known.name),
            kinds=known.kinds if data.kinds is UNSET else tuple(data.kinds),
            devices=_or(devices, known.devices),
            url=_or(data.url, known.url),
            key_sealed=_or(key_sealed, known.key_sealed),
            is_on=_or(data.on, known.state is EndpointState.ACTIVE),
        )

    return wanted


def _or(given: T | UnsetType, known: T) -> T:
    return known if given is UNSET else given


@delete(
    "/{id:int}",
    operation_id="deleteWebhook",
    summary="Delete an address",
    responses=refusals(Code.WEBHOOK_UNKNOWN),
)
async def delete_webhook(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> Response[None]:
    """It is told no more, also not what waits."""
    known = await access.webhook(gateway, principal, id)
    await gateway.storage.write(remove_endpoint, known.id)
    gateway.webhooks_set()
    return Response(None, status_code=204)


async def _devices(gateway: Gateway, principal: Principal, ids: Sequence[int]) -> tuple[DeviceId, ...]:
    if not ids:
        access.every_device(principal)
    wanted = [DeviceId(id_) for id_ in ids if id_ in access.IDS and principal.reaches(id_)]
    found = await gateway.storage.read(find_devices, wanted)
    known = {id_ for id_, device in found.items() if device.account == principal.account.id}
    if len(wanted) != len(ids) or not known.issuperset(wanted):
        raise Refusal(Code.DEVICE_UNKNOWN, field="devices")
    return tuple(wanted)


def _seal(gateway: Gateway, id_: EndpointId, secret_key: str) -> str:
    return gateway.sealer.seal("endpoint", id_, secret_key) if secret_key else ""


async def _show(gateway: Gateway, id_: EndpointId) -> WebhookAnswer:
    return await gateway.storage.read(_shown, id_)


async def _shown(tx: Tx, id_: EndpointId) -> WebhookAnswer:
    found = await find_endpoint(tx, id_)
    if found is None:  # deleted meanwhile
        raise Refusal(Code.WEBHOOK_UNKNOWN)
    return show_webhook(await standing_of(tx, found))


def webhook_changes_router() -> Router:
    handlers = [post_webhook, get_webhook, patch_webhook, delete_webhook]
    return Router("/webhooks", route_handlers=handlers, tags=["Webhooks"])
