"""`/devices`: the numbers that send; added, changed, connected and paired."""

from typing import Annotated, TypeAlias

from litestar import Router, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from merpati.api.fonnte.add_device import device_number
from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.caution import get_caution, post_end_pause
from merpati.api.v1.days import Zone, today_of
from merpati.api.v1.device_asks import get_groups, post_check, post_groups, post_typing
from merpati.api.v1.device_deletion import delete_device
from merpati.api.v1.device_shapes import (
    AddedAnswer,
    ConnectionAnswer,
    DeviceAnswer,
    SettingsGiven,
    TransportAnswer,
    show_connection,
    show_device,
    show_transport,
)
from merpati.api.v1.device_tokens import post_reveal, post_rotate
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.paging import LAST_ID, USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Given, Instant, maybe
from merpati.api.v1.windows import get_window
from merpati.core.address import parse_phone
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, Address, DeviceId
from merpati.core.tokens import new_device_token
from merpati.devices.actions import (
    NewDevice,
    add_device,
    connect_device,
    disconnect_device,
    set_desired,
)
from merpati.devices.connection import states_before
from merpati.devices.model import ENDED, Device, DeviceState, Settings, written_numbers
from merpati.devices.views import Wanted, search_devices
from merpati.messages.caution import change_device
from merpati.messages.counts import DeviceCounts, count_devices
from merpati.storage.port import Tx
from merpati.transports.port import PairHow

Counted: TypeAlias = tuple[Device, DeviceCounts]
Name: TypeAlias = Annotated[str, Meta(max_length=200, description="2 to 30 characters.", examples=["Toko Utama"])]
_NUMBER = "8 to 15 digits, as people write them; kept as WhatsApp writes it, `6281200004471`."
Number: TypeAlias = Annotated[str, Meta(max_length=40, description=_NUMBER, examples=["0812-0000-4471"])]
InState: TypeAlias = Annotated[DeviceState | None, QueryParameter(name="state", description="In this state.")]
Text: TypeAlias = Annotated[
    str | None, QueryParameter(max_length=200, description="A part of the name or the number.")
]


class DeviceGiven(Given, frozen=True, kw_only=True):
    """A device to add. Without a transport it gets the server's usual one."""

    name: Name
    number: Number
    transport: str | None = None
    settings: SettingsGiven | UnsetType = UNSET


class DeviceChange(Given, frozen=True, kw_only=True):
    """What to change of a device; what is absent stays as it is."""

    name: Name | UnsetType = UNSET
    number: Number | UnsetType = UNSET
    settings: SettingsGiven | UnsetType = UNSET


class PairingGiven(Given, frozen=True, kw_only=True):
    """How to pair: by a QR picture, or by a code, which needs the phone's number."""

    how: PairHow
    phone: Annotated[str, Meta(max_length=40)] | None = None


class PairingAnswer(Answer, frozen=True, kw_only=True):
    """What to scan (the text of the QR picture) or to type, until `expires_at`; null where the network does not
    say. WhatsApp takes a code to type for 160 seconds."""

    how: PairHow
    qr: str | None
    code: str | None
    expires_at: Instant | None


@get("/", operation_id="listDevices", summary="List devices", responses=refusals(Code.CURSOR_INVALID))
async def get_devices(
    gateway: TheGateway,
    principal: ThePrincipal,
    q: Text = None,
    in_state: InState = None,
    transport: FromQuery[str | None] = None,
    zone: Zone = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[DeviceAnswer]:
    """The account's devices, oldest first, each with its day."""
    (after,) = position(cursor, (0,))
    from_at = today_of(gateway, principal, zone)
    wanted = Wanted(text=q or "", state=in_state, transport=transport, among=principal.devices)
    rows = await gateway.storage.read(_list, principal.account.id, wanted, DeviceId(after), limit + 1, from_at)
    return page_of(rows, limit, lambda row: show_device(*row), lambda row: (row[0].id,))


async def _list(
    tx: Tx, account: AccountId, wanted: Wanted, after: DeviceId, limit: int, from_at: Millis
) -> list[Counted]:
    devices = await search_devices(tx, account, wanted, after, limit)
    counts = await count_devices(tx, account, [device.id for device in devices], from_at)
    return [(device, counts[device.id]) for device in devices]


async def answer_device(gateway: Gateway, principal: Principal, device: Device, zone: str | None) -> DeviceAnswer:
    """The device with its open messages and its day."""
    from_at = today_of(gateway, principal, zone)
    counts = await gateway.storage.read(count_devices, device.account, [device.id], from_at)
    return show_device(device, counts[device.id])


@get("/{device_id:int}", operation_id="getDevice", summary="One device", responses=refusals(Code.DEVICE_UNKNOWN))
async def get_device(
    gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int], zone: Zone = None
) -> DeviceAnswer:
    """A device with its settings, its open messages and its day."""
    device = await access.device(gateway, principal, device_id)
    return await answer_device(gateway, principal, device, zone)


@post(
    "/",
    operation_id="addDevice",
    summary="Add a device",
    status_code=201,
    responses=refusals(Code.INPUT_INVALID, Code.EXTRA_MISSING, Code.DEVICE_EXISTS, Code.KEY_DEVICES_CHOSEN),
)
async def post_device(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, data: JSONBody[DeviceGiven]
) -> AddedAnswer:
    """Adds a device, not yet connected. Its token opens Fonnte's API."""
    access.every_device(principal)
    transport = data.transport or gateway.default_transport
    if transport not in gateway.capabilities:
        raise Refusal(Code.INPUT_INVALID, field="transport")
    if (extra := gateway.missing_extras.get(transport)) is not None:
        raise Refusal(Code.EXTRA_MISSING, field="transport", extra=extra)
    id_, token = DeviceId((await gateway.ids.take("device"))[0]), new_device_token()
    new = NewDevice(
        id=id_,
        account=principal.account.id,
        number=_number(data.number),
        name=data.name,
        transport=transport,
        settings=_settings(data.settings, Settings()),
    )
    sealed, from_at = gateway.sealer.seal_token("device", id_, token), today_of(gateway, principal, None)

    async def add(tx: Tx) -> AddedAnswer:
        device = await add_device(tx, new, sealed)
        counts = await count_devices(tx, device.account, [device.id], from_at)
        return AddedAnswer(device=show_device(device, counts[device.id]), token=token)

    return await once.answer(gateway.storage, add)


@patch(
    "/{device_id:int}",
    operation_id="changeDevice",
    summary="Change a device",
    responses=refusals(Code.INPUT_INVALID, Code.DEVICE_UNKNOWN, Code.DEVICE_EXISTS),
)
async def patch_device(
    gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int], data: JSONBody[DeviceChange]
) -> DeviceAnswer:
    """Changes what is given, and nothing else."""
    device = await access.device(gateway, principal, device_id)
    number = _changed_number(device.number, data.number)
    name = data.name if isinstance(data.name, str) else device.name
    settings = _settings(data.settings, device.settings)
    changed = await gateway.storage.write(change_device, device.id, number, name, settings)
    gateway.devices.forget_device(device.id)
    return await answer_device(gateway, principal, changed, None)


def _number(text: str) -> str:
    """As WhatsApp writes it where it can be a phone's, else its digits."""
    return written_numbers(device_number(text))[1]


def _changed_number(before: str, given: str | UnsetType) -> str:
    """What Fonnte's API was given as a name stays what it is as long as it is given back."""
    if isinstance(given, UnsetType) or device_number(given) == before:
        return before
    return _number(given)


def _settings(given: SettingsGiven | UnsetType, before: Settings) -> Settings:
    return given.over(before) if isinstance(given, SettingsGiven) else before


@post(
    "/{device_id:int}/connect",
    operation_id="connectDevice",
    summary="Connect a device",
    status_code=200,
    responses=refusals(Code.DEVICE_UNKNOWN),
)
async def post_connect(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, device_id: FromPath[int]
) -> DeviceAnswer:
    """Keeps the device connected from now on; its state tells how far it is. A session that has ended (`replaced`,
    `failed` …) is begun again with the same keys. May be asked twice."""
    device = await access.device(gateway, principal, device_id)
    await once.write(gateway.storage, set_desired, device.id, True)
    gateway.devices.forget_device(device.id)
    if device.desired and device.state in ENDED:
        await gateway.sessions.restart(device)
    return await answer_device(gateway, principal, await access.device(gateway, principal, device_id), None)


@post(
    "/{device_id:int}/disconnect",
    operation_id="disconnectDevice",
    summary="Disconnect a device",
    status_code=200,
    responses=refusals(Code.DEVICE_UNKNOWN, Code.DEVICE_ALREADY_DISCONNECTED),
)
async def post_disconnect(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, device_id: FromPath[int]
) -> DeviceAnswer:
    """Ends the device's session and keeps it off; its messages wait."""
    device = await access.device(gateway, principal, device_id)
    await once.write(gateway.storage, disconnect_device, device.id)
    await gateway.sessions.disconnect(await access.device(gateway, principal, device_id))
    gateway.devices.forget_device(device.id)
    return await answer_device(gateway, principal, await access.device(gateway, principal, device_id), None)


@post(
    "/{device_id:int}/pairing",
    operation_id="pairDevice",
    summary="Pair a device with a phone",
    status_code=200,
    responses=refusals(
        Code.DEVICE_UNKNOWN, Code.DEVICE_ALREADY_CONNECTED, Code.DEVICE_DISCONNECTED, Code.INPUT_INVALID
    ),
)
async def post_pairing(
    gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int], data: JSONBody[PairingGiven]
) -> PairingAnswer:
    """Begins pairing, and waits for what the person must scan or type. Beginning again starts over."""
    device = await access.device(gateway, principal, device_id)
    phone = _phone(data)
    wanted = await gateway.storage.write(connect_device, device.id)
    gateway.devices.forget_device(device.id)
    shown = await gateway.sessions.pair(wanted, data.how, phone)
    by_code = data.how is PairHow.CODE
    return PairingAnswer(
        how=data.how,
        qr=None if by_code else shown.text,
        code=shown.text if by_code else None,
        expires_at=maybe(shown.expires_at),
    )


def _phone(given: PairingGiven) -> Address | None:
    try:
        phone = parse_phone(given.phone) if given.phone else None
    except Refusal:
        raise Refusal(Code.INPUT_INVALID, field="phone") from None
    if given.how is PairHow.CODE and phone is None:
        raise Refusal(Code.INPUT_INVALID, field="phone")
    return phone


@get(
    "/{device_id:int}/connections",
    operation_id="listConnections",
    summary="A device's connection log",
    responses=refusals(Code.DEVICE_UNKNOWN, Code.CURSOR_INVALID),
)
async def get_connections(
    gateway: TheGateway,
    principal: ThePrincipal,
    device_id: FromPath[int],
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[ConnectionAnswer]:
    """The states that the device's session came into, newest first."""
    device = await access.device(gateway, principal, device_id)
    at, n = position(cursor, (LAST_ID, LAST_ID))
    rows = await gateway.storage.read(states_before, device.id, (at, n), limit + 1)
    return page_of(rows, limit, lambda row: show_connection(row[0], device), lambda row: (row[0].at, row[1]))


@get("/", operation_id="listTransports", summary="The ways to WhatsApp")
async def get_transports(gateway: TheGateway) -> list[TransportAnswer]:
    """What a device may be connected by, and what each can do: for forms."""
    return [
        show_transport(name, able, default=name == gateway.default_transport)
        for name, able in gateway.capabilities.items()
        if name not in gateway.missing_extras
    ]


def devices_router() -> Router:
    return Router(
        "/devices",
        route_handlers=[
            get_devices,
            get_device,
            post_device,
            patch_device,
            delete_device,
            post_connect,
            post_disconnect,
            post_pairing,
            get_connections,
            get_window,
            get_caution,
            post_end_pause,
            get_groups,
            post_groups,
            post_check,
            post_typing,
            post_reveal,
            post_rotate,
        ],
        tags=["Devices"],
    )


def transports_router() -> Router:
    return Router("/transports", route_handlers=[get_transports], tags=["Devices"])
