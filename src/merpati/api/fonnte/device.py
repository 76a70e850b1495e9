"""`/device`: the profile of the token's device. Source: Fonnte docs, API device profile.

There are no packages here: every device may do everything, so the name of Fonnte's largest one is shown.
"""

from merpati.api.fonnte.endpoint import GET_TOO, Answer, Endpoint, Request
from merpati.api.fonnte.quota import shown_quota
from merpati.api.fonnte.words import CONNECTED, PACKAGE, TOKEN_INVALID, written_date
from merpati.api.gateway import Gateway
from merpati.messages.counts import count_messages


async def _answer(gateway: Gateway, request: Request) -> Answer:
    device = request.caller.devices[0]
    counts = await gateway.storage.read(count_messages, [device.id])
    return Answer(
        body={
            "attachment": True,
            "device": device.number,
            "device_status": CONNECTED[device.connected],
            "expired": written_date(device.expires_at),
            "messages": counts.get(device.id, 0),
            "name": device.name,
            "package": PACKAGE,
            "quota": str(shown_quota(device)),
            "status": True,
        }
    )


DEVICE = Endpoint(path="/device", answer=_answer, methods=GET_TOO, stranger=TOKEN_INVALID)
