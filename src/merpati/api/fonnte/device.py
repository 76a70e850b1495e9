"""`/device`: the profile of the token's device. Source: Fonnte docs, API device profile.

Quota, end and package are what the operator set (`merpati device plan`). A device without a plan may do everything,
so the name of Fonnte's largest package is shown.
"""

from merpati.api.fonnte.endpoint import GET_TOO, Answer, Endpoint, Request
from merpati.api.fonnte.quota import shown_quota
from merpati.api.fonnte.words import CONNECTED, PACKAGE, TOKEN_INVALID, written_date
from merpati.api.gateway import Gateway
from merpati.devices.model import Device
from merpati.devices.views import find_device
from merpati.messages.counts import count_messages
from merpati.storage.port import Tx


async def _read(tx: Tx, known: Device) -> tuple[Device, int]:
    """The device as it is now, as its quota changes with each call; and how many messages it was asked to send."""
    device = await find_device(tx, known.id) or known
    return device, (await count_messages(tx, [device.id])).get(device.id, 0)


async def _answer(gateway: Gateway, request: Request) -> Answer:
    device, messages = await gateway.storage.read(_read, request.caller.devices[0])
    return Answer(
        body={
            "attachment": True,
            "device": device.number,
            "device_status": CONNECTED[device.connected],
            "expired": written_date(device.expires_at),
            "messages": messages,
            "name": device.name,
            "package": device.package or PACKAGE,
            "quota": str(shown_quota(device)),
            "status": True,
        }
    )


DEVICE = Endpoint(path="/device", answer=_answer, methods=GET_TOO, stranger=TOKEN_INVALID)
