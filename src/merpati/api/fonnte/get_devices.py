"""`/get-devices`: every device of the account, with its token. Source: Fonnte docs, API get devices."""

from merpati.api.fonnte.endpoint import GET_TOO, Answer, Body, Endpoint, Opens, Request
from merpati.api.fonnte.quota import shown_quota
from merpati.api.fonnte.words import CONNECTED, ON_OFF, PACKAGE, UNKNOWN_USER, unix_text
from merpati.api.gateway import Gateway
from merpati.core.ids import AccountId
from merpati.devices.model import Device
from merpati.devices.views import devices_of, sealed_device_token
from merpati.messages.counts import count_messages
from merpati.storage.port import Tx


async def _read(tx: Tx, account: AccountId) -> tuple[list[tuple[Device, str]], int]:
    """The devices with their sealed tokens, and how many messages they were asked to send."""
    devices = await devices_of(tx, account)
    sealed = [(device, await sealed_device_token(tx, device.id) or "") for device in devices]
    return sealed, sum((await count_messages(tx, [device.id for device in devices])).values())


async def _answer(gateway: Gateway, request: Request) -> Answer:
    devices, messages = await gateway.storage.read(_read, request.caller.account)
    return Answer(
        body={
            "connected": sum(device.connected for device, _ in devices),
            "data": [_entry(gateway, device, sealed) for device, sealed in devices],
            "devices": len(devices),
            "messages": messages,
            "status": True,
            "type": "device",
        }
    )


def _entry(gateway: Gateway, device: Device, sealed: str) -> Body:
    return {
        "autoread": ON_OFF[device.settings.autoread],
        "device": device.number,
        "expired": unix_text(device.expires_at),
        "name": device.name,
        "package": device.package or PACKAGE,
        "quota": str(shown_quota(device)),
        "status": CONNECTED[device.connected],
        "token": gateway.sealer.unseal("device", device.id, sealed),
    }


GET_DEVICES = Endpoint(
    path="/get-devices", answer=_answer, opens=Opens.ACCOUNT, methods=GET_TOO, stranger=UNKNOWN_USER
)
