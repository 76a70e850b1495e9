"""`/update-device`: what an owner decides about a device. Source: Fonnte docs, API update device; `inbox`: its
feed of February 2025.

Its page calls for `name` and `device` always, its example leaves `device` out: here what is absent stays as it is.
Opened by the device's token, or by the account's with `device` naming the device. An address that is given but
empty ends that webhook.
"""

import secrets
from collections.abc import Mapping

import msgspec

from merpati.api.fonnte.add_device import device_number
from merpati.api.fonnte.changes import change_on_record
from merpati.api.fonnte.endpoint import Answer, Body, Endpoint, Opens, Request
from merpati.api.fonnte.fields import as_flag, as_line
from merpati.api.fonnte.params import parse_country
from merpati.api.fonnte.words import ON_OFF, TOKEN_INVALID
from merpati.api.gateway import Gateway
from merpati.core.address import HOME_COUNTRY, parse_phone
from merpati.core.errors import Code, Refusal
from merpati.core.ids import EndpointId
from merpati.devices.actions import update_device
from merpati.devices.model import Device, Settings, Source
from merpati.devices.views import find_device_by_number
from merpati.storage.port import Tx
from merpati.webhooks.actions import NewEndpoint, set_endpoint
from merpati.webhooks.model import EndpointKind
from merpati.webhooks.signing import format_secret

_SECRET_BYTES = 32
_FLAGS = {
    "autoread": "autoread",
    "personal": "personal",
    "group": "in_groups",
    "quick": "quick",
    "inbox": "inbox",
    "resend": "resend",
}
"""Parameter -> field of the settings."""
WEBHOOKS = {
    "webhook": EndpointKind.MESSAGE,
    "webhookconnect": EndpointKind.CONNECT,
    "webhookstatus": EndpointKind.STATUS,
    "webhookchaining": EndpointKind.CHAINING,
}


async def _answer(gateway: Gateway, request: Request) -> Answer:
    device = await _device(gateway, request)
    name, settings = request.line("name") or device.name, _settings(request, device.settings)
    number = device_number(request.line("device") or device.number)
    urls = _urls(gateway, request)
    new = {kind: await _new_endpoint(gateway) for kind in urls}

    async def change(tx: Tx) -> Device:
        changed = await update_device(tx, device.id, number, name, settings)
        for kind, url in urls.items():
            await set_endpoint(tx, device.account, device.id, kind, url, new[kind])
        return changed

    changed = await gateway.storage.write(change_on_record, change, lambda changed: request.row(_body(changed)))
    gateway.devices.forget_device(device.id)
    if urls:
        gateway.webhooks_set()
    return Answer(body=_body(changed))


async def _device(gateway: Gateway, request: Request) -> Device:
    """The token's device; with an account's token, the one that `device` names."""
    if request.caller.devices:
        return request.caller.devices[0]
    number = device_number(request.line("device") or "")
    device = await gateway.storage.read(find_device_by_number, number)
    if device is None or device.account != request.caller.account:
        raise Refusal(Code.INPUT_INVALID, field="device")
    return device


def _settings(request: Request, before: Settings) -> Settings:
    values = request.fields.values
    flags = {field: as_flag(values.get(name)) for name, field in _FLAGS.items()}
    changed: dict[str, object] = {field: flag for field, flag in flags.items() if flag is not None}
    if (target := request.line("target")) is not None:
        changed["resend_to"] = parse_phone(target, parse_country(values.get("countrycode")) or HOME_COUNTRY)
    if (source := request.line("source")) is not None:
        changed["source"] = _source(source)
    return msgspec.structs.replace(before, **changed)


def _source(line: str) -> Source:
    try:
        return Source(line.lower())
    except ValueError:
        raise Refusal(Code.INPUT_INVALID, field="source") from None


def _urls(gateway: Gateway, request: Request) -> Mapping[EndpointKind, str]:
    """The addresses that the call gives; raises `Refusal(URL_INVALID)`."""
    values = request.fields.values
    given = {kind: as_line(values[name]) or "" for name, kind in WEBHOOKS.items() if name in values}
    for url in filter(None, given.values()):
        gateway.check_url(url)
    return given


async def _new_endpoint(gateway: Gateway) -> NewEndpoint:
    id_ = EndpointId((await gateway.ids.take("endpoint"))[0])
    return NewEndpoint(id_, gateway.sealer.seal("endpoint", id_, format_secret(secrets.token_bytes(_SECRET_BYTES))))


def _body(device: Device) -> Body:
    flags = {name: ON_OFF[getattr(device.settings, field)] for name, field in _FLAGS.items()}
    words = {"source": device.settings.source.value, "target": device.settings.resend_to}
    shown = {"device": device.number, "name": device.name, **flags, **words}
    return {"detail": "device updated", "status": True, **shown}


UPDATE_DEVICE = Endpoint(path="/update-device", answer=_answer, opens=Opens.EITHER, stranger=TOKEN_INVALID)
