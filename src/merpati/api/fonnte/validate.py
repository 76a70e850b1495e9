"""`/validate`: which numbers are on WhatsApp. Source: Fonnte docs, API validate number (at most 500 at a time)."""

from merpati.api.fonnte.endpoint import Answer, Endpoint, Request
from merpati.api.fonnte.target import phones
from merpati.api.fonnte.words import TOKEN_INVALID
from merpati.api.gateway import Gateway
from merpati.core.errors import Code, Refusal

MOST_NUMBERS = 500


async def _answer(gateway: Gateway, request: Request) -> Answer:
    numbers = phones(request)
    if len(numbers) > MOST_NUMBERS:
        raise Refusal(Code.TARGET_INVALID, target=numbers[MOST_NUMBERS])
    checked = await gateway.sessions.check(request.caller.devices[0], numbers)
    return Answer(
        body={
            "not_registered": [each.number for each in checked if not each.registered],
            "registered": [each.number for each in checked if each.registered],
            "status": True,
        }
    )


VALIDATE = Endpoint(
    path="/validate",
    answer=_answer,
    stranger=TOKEN_INVALID,
    words={Code.TARGET_INVALID: "target invalid", Code.DEVICE_DISCONNECTED: "device disconnected"},
)
