"""`/add-device`: one more device of the account. Source: Fonnte docs, API add device."""

import re

from merpati.api.fonnte.changes import change_on_record
from merpati.api.fonnte.endpoint import Answer, Body, Endpoint, Opens, Request
from merpati.api.fonnte.fields import as_flag
from merpati.api.fonnte.words import ON_OFF, UNKNOWN_USER
from merpati.api.gateway import Gateway
from merpati.core.ids import DeviceId
from merpati.core.tokens import mask_token, new_device_token
from merpati.devices.actions import NewDevice, add_device
from merpati.devices.model import Device, Settings, WebhookWay

_FLAGS = {"autoread": "autoread", "personal": "personal", "group": "in_groups"}
_PUNCTUATION = re.compile(r"[\s+\-.()]+")


def device_number(text: str) -> str:
    """A number as people write it, without what is no digit of it."""
    return _PUNCTUATION.sub("", text)


async def _answer(gateway: Gateway, request: Request) -> Answer:
    id_, token = DeviceId((await gateway.ids.take("device"))[0]), new_device_token()
    new = NewDevice(
        id=id_,
        account=request.caller.account,
        number=device_number(request.line("device") or ""),
        name=request.line("name") or "",
        transport=gateway.default_transport,
        settings=Settings(
            autoread=_flag(request, "autoread"),
            personal=_flag(request, "personal"),
            in_groups=_flag(request, "group"),
            webhook_way=WebhookWay.FONNTE,
        ),
    )
    sealed = gateway.sealer.seal_token("device", id_, token)
    device = await gateway.storage.write(
        change_on_record,
        lambda tx: add_device(tx, new, sealed),
        lambda device: request.row(_body(device, mask_token(token))),
    )
    gateway.devices.forget_device(id_)
    return Answer(body=_body(device, token))


def _flag(request: Request, name: str) -> bool:
    return bool(as_flag(request.fields.values.get(name)))


def _body(device: Device, token: str) -> Body:
    return {
        "autoread": ON_OFF[device.settings.autoread],
        "device": device.number,
        "group": ON_OFF[device.settings.in_groups],
        "name": device.name,
        "personal": ON_OFF[device.settings.personal],
        "status": True,
        "token": token,
    }


ADD_DEVICE = Endpoint(path="/add-device", answer=_answer, opens=Opens.ACCOUNT, stranger=UNKNOWN_USER)
