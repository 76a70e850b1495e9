"""`/delete-message`: take a message back before it is sent. Source: Fonnte docs, API delete message."""

from merpati.api.fonnte.changes import change_on_record
from merpati.api.fonnte.endpoint import Answer, Body, Endpoint, Request
from merpati.api.fonnte.status import message_id
from merpati.api.fonnte.words import too_late
from merpati.api.gateway import Gateway
from merpati.messages.changes import cancel_message


async def _answer(gateway: Gateway, request: Request) -> Answer:
    id_ = message_id(request)
    account, devices = request.caller.account, [device.id for device in request.caller.devices]
    body: Body = {"detail": f"message {id_} successfully deleted", "status": True}
    await gateway.storage.write(
        change_on_record, lambda tx: cancel_message(tx, account, devices, id_), lambda _: request.row(body)
    )
    return Answer(body=body)


DELETE_MESSAGE = Endpoint(path="/delete-message", answer=_answer, words=too_late("delete"))
