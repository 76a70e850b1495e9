"""`/webhooks`: the addresses that are told what happened, how they are doing, and what they did not get."""

import secrets
from collections.abc import Iterable

from litestar import Router, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, structs

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.dead_letters import check_active
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.paging import LAST_ID, USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import instant, maybe
from merpati.api.v1.webhook_shapes import (
    CallAnswer,
    RotateSecretGiven,
    SecretAnswer,
    TrialAnswer,
    WebhooksAnswer,
    WebhooksForm,
    show_webhook,
)
from merpati.core.clock import HOUR_MS, Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId, EndpointId
from merpati.devices.views import devices_of, find_device, sealed_device_token
from merpati.storage.port import Tx
from merpati.webhooks.actions import (
    NewEndpoint,
    rotate_secret,
    set_endpoint,
    try_now,
)
from merpati.webhooks.bodies import body_of
from merpati.webhooks.model import Call, Card, Endpoint, EndpointKind, secrets_in_force
from merpati.webhooks.signing import SECRET_BYTES, format_secret
from merpati.webhooks.trial import TRIED, Known, call_with_sample
from merpati.webhooks.views import (
    Standing,
    list_calls,
    list_endpoints,
    list_told,
    standing_of,
)

MASKED = "********"


async def _standings(tx: Tx, known: Iterable[Endpoint]) -> list[Standing]:
    return [await standing_of(tx, each) for each in known]


async def _list(tx: Tx, principal: Principal) -> list[Standing]:
    known = await list_endpoints(tx, principal.account.id)
    return await _standings(tx, (each for each in known if each.hears_only(principal.devices)))


@get("/", operation_id="listWebhooks", summary="Where what is told")
async def get_webhooks(gateway: TheGateway, principal: ThePrincipal) -> WebhooksAnswer:
    """Each address with how it is doing."""
    found = await gateway.storage.read(_list, principal)
    return WebhooksAnswer(items=[show_webhook(each) for each in found])


@put(
    "/devices/{id:int}/webhooks",
    operation_id="setWebhooks",
    summary="Set addresses",
    responses=refusals(Code.DEVICE_UNKNOWN, Code.URL_INVALID, Code.KEY_SCOPE_MISSING),
)
async def set_webhooks(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
    data: JSONBody[WebhooksForm],
) -> WebhooksAnswer:
    """What waits for an address that changes goes to the new one, at once."""
    device = await access.device(gateway, principal, id)
    given = {EndpointKind(name): url for name, url in structs.asdict(data).items() if url is not UNSET}
    access.told_tokens(principal, (kind for kind, url in given.items() if url))
    for url in filter(None, given.values()):
        gateway.check_url(url)
    new = {kind: await new_endpoint(gateway) for kind in given}

    async def change(tx: Tx) -> list[Standing]:
        for kind, url in given.items():
            await set_endpoint(tx, device.account, device.id, kind, url, new[kind])
        known = await list_endpoints(tx, device.account)
        return await _standings(tx, (each for each in known if each.is_slot and each.device == device.id))

    found = await gateway.storage.write(change)
    gateway.webhooks_set()
    return WebhooksAnswer(items=[show_webhook(each) for each in found])


async def new_endpoint(gateway: Gateway) -> NewEndpoint:
    id_ = EndpointId((await gateway.ids.take("endpoint"))[0])
    return NewEndpoint(id_, _new_secret(gateway, id_)[1])


def _new_secret(gateway: Gateway, id_: EndpointId) -> tuple[str, str]:
    """A secret, and it sealed."""
    secret = format_secret(secrets.token_bytes(SECRET_BYTES))
    return secret, gateway.sealer.seal("endpoint", id_, secret)


@get(
    "/{id:int}/calls",
    operation_id="listCalls",
    summary="The calls made",
    responses=refusals(Code.WEBHOOK_UNKNOWN, Code.CURSOR_INVALID),
)
async def get_calls(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[CallAnswer]:
    """Newest first, as long as the log is kept; of very many calls only some."""
    endpoint = await access.webhook(gateway, principal, id)
    at, seq = position(cursor, (LAST_ID, LAST_ID))
    calls = await gateway.storage.read(list_calls, endpoint.id, (at, seq), limit + 1)
    known = await gateway.storage.read(list_told, endpoint, calls)
    told = {seq: entry for seq, entry in known.items() if principal.reaches(entry.device)}
    cards = {device: await _card(gateway, device) for device in {entry.device for entry in told.values()}}

    def show(call: Call) -> CallAnswer:
        entry = told.get(call.seq)
        card = cards[entry.device] if entry is not None else None
        body = body_of(entry, card, MASKED if endpoint.key_sealed else "") if entry and card else None
        return CallAnswer(
            at=instant(Millis(call.at)),
            fact=call.seq,
            kind=entry.kind if entry is not None else None,
            attempt=call.attempt,
            status=call.status or None,
            ms=call.took_ms,
            error=call.error or None,
            body=body.decode() if body is not None else None,
        )

    return page_of(calls, limit, show, lambda call: (call.at, call.seq))


async def _card(gateway: Gateway, id_: DeviceId) -> Card | None:
    """What bodies say of the device, the token masked; None when it is gone."""
    device = await gateway.storage.read(find_device, id_)
    return Card(device.number, MASKED, link=gateway.links.link) if device is not None else None


@post(
    "/{id:int}/reveal-secret",
    operation_id="revealSecret",
    summary="Show the secret",
    status_code=200,
    responses=refusals(Code.WEBHOOK_UNKNOWN),
)
async def reveal_secret(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> SecretAnswer:
    """What signs the calls, and what rides in them."""
    endpoint = await access.webhook(gateway, principal, id)
    olds = (old.until for old in endpoint.old_secrets if old.until > gateway.clock.now())
    return SecretAnswer(
        secret=gateway.sealer.unseal("endpoint", endpoint.id, endpoint.secret_sealed),
        secret_key=_secret_key(gateway, endpoint) or None,
        old_valid_until=maybe(max(olds, default=None)),
    )


def _secret_key(gateway: Gateway, endpoint: Endpoint) -> str:
    sealed = endpoint.key_sealed
    return gateway.sealer.unseal("endpoint", endpoint.id, sealed) if sealed else ""


@post(
    "/{id:int}/rotate-secret",
    operation_id="rotateSecret",
    summary="Make another secret",
    status_code=200,
    responses=refusals(Code.WEBHOOK_UNKNOWN),
)
async def post_rotate_secret(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    id: FromPath[int],  # noqa: A002 — the name in the path
    data: JSONBody[RotateSecretGiven],
) -> SecretAnswer:
    """Calls are signed with it within two seconds, and with the old one too as long as is asked: then the header
    `webhook-signature` has one signature for each, with a space between."""
    endpoint = await access.webhook(gateway, principal, id)
    secret, sealed = _new_secret(gateway, endpoint.id)

    async def rotate(tx: Tx) -> SecretAnswer:
        until = await rotate_secret(tx, endpoint.id, sealed, data.overlap_hours * HOUR_MS)
        return SecretAnswer(
            secret=secret,
            secret_key=_secret_key(gateway, endpoint) or None,
            old_valid_until=instant(until) if data.overlap_hours else None,
        )

    answer = await once.answer(gateway.storage, rotate)
    gateway.webhooks_set()
    return answer


@post(
    "/{id:int}/test",
    operation_id="testWebhook",
    summary="Call it once",
    status_code=200,
    responses=refusals(Code.WEBHOOK_UNKNOWN, Code.WEBHOOK_UNTOLD),
)
async def test_webhook(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> TrialAnswer:
    """With a sample, signed as always; `webhook-id` begins with `test-`. Takes up to fifteen seconds."""
    endpoint = await access.webhook(gateway, principal, id)
    if not TRIED.intersection(endpoint.kinds):
        raise Refusal(Code.WEBHOOK_UNTOLD)
    card, now = await _sample_card(gateway, endpoint), gateway.clock.now()
    signing = [gateway.sealer.unseal("endpoint", endpoint.id, each) for each in secrets_in_force(endpoint, now)]
    known = Known(signing=signing, secret_key=_secret_key(gateway, endpoint))
    call = await call_with_sample(gateway.egress, endpoint, known, card, now)
    return TrialAnswer(status=call.status or None, ms=call.took_ms, error=call.error or None)


async def _sample_card(gateway: Gateway, endpoint: Endpoint) -> Card:
    """Of the first device that it hears; a sample's, when there is none."""
    known = await gateway.storage.read(devices_of, endpoint.account)
    heard = next((each for each in known if endpoint.hears_device(each.id)), None)
    sealed = await gateway.storage.read(sealed_device_token, heard.id) if heard is not None else None
    if heard is None or sealed is None:
        return Card("6281234567890", "sample-token", link=gateway.links.link)
    return Card(heard.number, gateway.sealer.unseal("device", heard.id, sealed), link=gateway.links.link)


@post(
    "/{id:int}/try-now",
    operation_id="tryWebhookNow",
    summary="Try again now",
    status_code=204,
    responses=refusals(Code.WEBHOOK_UNKNOWN, Code.WEBHOOK_OFF),
)
async def post_try_now(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> None:
    """What waits is told at once, as if nothing had failed before."""
    endpoint = check_active(await access.webhook(gateway, principal, id))
    await once.answer(gateway.storage, lambda tx: try_now(tx, endpoint.id))
    gateway.webhooks_set()


def webhooks_router() -> Router:
    handlers = [
        get_webhooks,
        get_calls,
        reveal_secret,
        post_rotate_secret,
        test_webhook,
        post_try_now,
    ]
    return Router("/webhooks", route_handlers=handlers, tags=["Webhooks"])


def device_webhooks_router() -> Router:
    return Router("/", route_handlers=[set_webhooks], tags=["Webhooks"])
