"""`/typing`: show "typing" in a chat. Source: Fonnte docs, typing API; its page does not show the answer."""

from merpati.api.fonnte.endpoint import Answer, Endpoint, Request
from merpati.api.fonnte.fields import as_flag, as_int
from merpati.api.fonnte.params import LONGEST_TYPING_S
from merpati.api.fonnte.target import one_address
from merpati.api.gateway import Gateway
from merpati.core.clock import SECOND_MS
from merpati.core.errors import Code, Refusal


async def _answer(gateway: Gateway, request: Request) -> Answer:
    chat, stop = one_address(request), bool(as_flag(request.fields.values.get("stop")))
    seconds = 0 if stop else _duration_s(request)
    await gateway.sessions.show_typing(request.caller.devices[0], chat, seconds * SECOND_MS)
    return Answer(body={"detail": "typing stopped" if stop else "typing started", "status": True})


def _duration_s(request: Request) -> int:
    seconds = as_int(request.fields.values.get("duration"))
    if seconds is None or not 1 <= seconds <= LONGEST_TYPING_S:
        raise Refusal(Code.INPUT_INVALID, field="duration")
    return seconds


TYPING = Endpoint(path="/typing", answer=_answer, words={Code.TARGET_INVALID: "target invalid"})
