"""`/status`: where a message is. Source: Fonnte docs, API check message status (deprecated there, still used)."""

from merpati.api.fonnte.endpoint import GET_TOO, Answer, Endpoint, Request
from merpati.api.fonnte.fields import as_int
from merpati.api.fonnte.words import TOKEN_INVALID, status_word
from merpati.api.gateway import Gateway
from merpati.core.errors import Code, Refusal
from merpati.core.ids import MessageId
from merpati.messages.model import MessageState
from merpati.messages.views import message_status


def message_id(request: Request) -> MessageId:
    """The parameter `id`; raises `Refusal` (ID_REQUIRED, MESSAGE_UNKNOWN for what can be no id)."""
    try:
        number = as_int(request.fields.values.get("id"))
    except Refusal:
        raise Refusal(Code.MESSAGE_UNKNOWN) from None
    if number is None:
        raise Refusal(Code.ID_REQUIRED)
    return MessageId(number)


async def _answer(gateway: Gateway, request: Request) -> Answer:
    id_ = message_id(request)
    devices = tuple(device.id for device in request.caller.devices)
    status = await gateway.storage.read(message_status, devices, id_)
    if status is None or status.state is MessageState.RECEIVED:  # Fonnte knows the ids of sent messages alone
        raise Refusal(Code.MESSAGE_UNKNOWN)
    word = status_word(status.state, status.code, status.due_at, request.at)
    return Answer(body={"id": id_, "message_status": word, "status": True})


STATUS = Endpoint(path="/status", answer=_answer, methods=GET_TOO, stranger=TOKEN_INVALID)
