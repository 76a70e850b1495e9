"""`/disconnect`: end the device's session. Source: Fonnte docs, API disconnect device (failures in `detail`)."""

from merpati.api.fonnte.changes import change_on_record
from merpati.api.fonnte.endpoint import Answer, Body, Endpoint, Request
from merpati.api.fonnte.words import TOKEN_INVALID
from merpati.api.gateway import Gateway
from merpati.devices.actions import disconnect_device


async def _answer(gateway: Gateway, request: Request) -> Answer:
    id_ = request.caller.devices[0].id
    body: Body = {"detail": "device disconnected", "status": True}
    device = await gateway.storage.write(
        change_on_record, lambda tx: disconnect_device(tx, id_), lambda _: request.row(body)
    )
    await gateway.sessions.disconnect(device)
    gateway.devices.forget_device(id_)
    return Answer(body=body)


DISCONNECT = Endpoint(path="/disconnect", answer=_answer, stranger=TOKEN_INVALID, failure_key="detail")
