"""`/devices/{id}/official`: a device that is a number of Meta's Cloud API."""

from functools import partial

from litestar import Router, get, post, put
from litestar.params import FromPath, JSONBody

from merpati.api.gateway import Gateway
from merpati.api.meta import address_of
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.official_shapes import NumberAnswer, OfficialAnswer, OfficialGiven, show_number, show_official
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.template_shapes import TemplatesAnswer, show_templates
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId
from merpati.devices.actions import set_desired
from merpati.devices.model import Device
from merpati.transports.official import CLOUD_API, Given

_ANY = (Code.DEVICE_UNKNOWN, Code.NOT_OFFICIAL)
_ASKED = (Code.META_UNREACHABLE, Code.META_TOKEN_REFUSED, Code.META_PERMISSION_MISSING)
_SET = (*_ANY, Code.OFFICIAL_NOT_SET_UP)


async def _official(gateway: Gateway, principal: Principal, device_id: int) -> Device:
    device = await access.device(gateway, principal, device_id)
    if device.transport != CLOUD_API:
        raise Refusal(Code.NOT_OFFICIAL)
    return device


async def _shown(gateway: Gateway, device: DeviceId) -> OfficialAnswer:
    found = await gateway.official.find(device)
    if found is None:
        raise Refusal(Code.OFFICIAL_NOT_SET_UP)
    return show_official(found, address_of(gateway, device))


@get("/", operation_id="getOfficial", summary="How an official number is set up", responses=refusals(*_SET))
async def get_official(gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int]) -> OfficialAnswer:
    """As it is stored here; Meta is not asked."""
    device = await _official(gateway, principal, device_id)
    return await _shown(gateway, device.id)


@put(
    "/",
    operation_id="setOfficial",
    summary="Set an official number up",
    responses=refusals(
        *_ANY,
        *_ASKED,
        Code.INPUT_INVALID,
        Code.META_NUMBER_UNKNOWN,
        Code.META_BUSINESS_UNKNOWN,
        Code.META_NUMBER_ELSEWHERE,
        Code.META_SECRET_WRONG,
        Code.META_NUMBER_TAKEN,
    ),
)
async def put_official(
    gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int], data: JSONBody[OfficialGiven]
) -> OfficialAnswer:
    """Asks Meta whether ids, token and secret belong together; if so the device is that number, and connects.

    Again, with another token, is how a token is replaced. What Meta refuses changes nothing.
    """
    device = await _official(gateway, principal, device_id)
    given = Given(
        number_id=data.number_id.strip(),
        business_id=data.business_id.strip(),
        token=(data.token or "").strip(),
        app_secret=(data.app_secret or "").strip(),
    )
    want = partial(set_desired, id_=device.id, desired=True)  # refused where it was deleted while Meta was asked
    await gateway.official.set_up(device.id, device.account, given, also=want)
    gateway.devices.forget_device(device.id)
    if device.desired:
        await gateway.sessions.restart(device)
    return await _shown(gateway, device.id)


@post(
    "/tell-address",
    operation_id="tellAddress",
    summary="Give Meta the webhook's address",
    status_code=200,
    responses=refusals(*_SET, *_ASKED, Code.META_ADDRESS_REFUSED),
)
async def post_address(gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int]) -> OfficialAnswer:
    """Has Meta post what concerns this number to `webhook_url`, whatever the app's own address is.

    Meta asks the address its challenge before it answers, so this proves that Meta reaches this server.
    """
    device = await _official(gateway, principal, device_id)
    await gateway.official.tell_address(device.id, address_of(gateway, device.id))
    return await _shown(gateway, device.id)


@get(
    "/number",
    operation_id="getOfficialNumber",
    summary="What Meta says of an official number",
    responses=refusals(*_SET, *_ASKED, Code.META_NUMBER_UNKNOWN),
)
async def get_number(gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int]) -> NumberAnswer:
    """Its name, quality and limits, asked of Meta now."""
    device = await _official(gateway, principal, device_id)
    return show_number(await gateway.official.number_now(device.id))


@get(
    "/templates",
    operation_id="listTemplates",
    summary="An official number's templates",
    responses=refusals(*_SET, Code.TEMPLATES_UNREAD),
)
async def get_templates(gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int]) -> TemplatesAnswer:
    """As they were last read, by name; Meta is not asked."""
    device = await _official(gateway, principal, device_id)
    reading = await gateway.official.templates(device.id)
    if reading is None:
        raise Refusal(Code.TEMPLATES_UNREAD)
    return show_templates(reading)


@post(
    "/templates/read",
    operation_id="readTemplates",
    summary="Read an official number's templates",
    status_code=200,
    responses=refusals(*_SET, *_ASKED, Code.META_BUSINESS_UNKNOWN),
)
async def post_templates(gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int]) -> TemplatesAnswer:
    """Asks Meta for those of the number's WhatsApp Business account, and keeps them. They are made in WhatsApp
    Manager."""
    device = await _official(gateway, principal, device_id)
    return show_templates(await gateway.official.read_templates(device.id))


def official_router() -> Router:
    return Router(
        "/devices/{device_id:int}/official",
        route_handlers=[get_official, put_official, post_address, get_number, get_templates, post_templates],
        tags=["Official"],
    )
