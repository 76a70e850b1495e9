"""`/qr`: begin pairing, and what the person must scan or type. Source: Fonnte docs, API get QR.

The picture is a bare base64 PNG, as there. `type` is `qr` or `code`; a code needs `whatsapp`, the phone's number.
"""

import asyncio
import base64
import io

import segno

from merpati.api.fonnte.changes import change_on_record
from merpati.api.fonnte.endpoint import Answer, Endpoint, Request
from merpati.api.fonnte.words import TOKEN_INVALID
from merpati.api.gateway import Gateway
from merpati.core.address import parse_phone
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address
from merpati.devices.actions import connect_device
from merpati.transports.port import PairHow

_SCALE = 6
_HOW = {"": PairHow.QR, "qr": PairHow.QR, "code": PairHow.CODE}


async def _answer(gateway: Gateway, request: Request) -> Answer:
    how, phone = _asked(request)
    id_ = request.caller.devices[0].id
    device = await gateway.storage.write(
        change_on_record, lambda tx: connect_device(tx, id_), lambda _: request.row({"status": True})
    )
    text = (await gateway.sessions.pair(device, how, phone)).text
    if how is PairHow.CODE:
        return Answer(body={"code": text, "status": True})
    return Answer(body={"status": True, "url": await asyncio.to_thread(_picture, text)})


def _asked(request: Request) -> tuple[PairHow, Address | None]:
    how = _HOW.get((request.line("type") or "").lower())
    if how is None:
        raise Refusal(Code.INPUT_INVALID, field="type")
    number = request.line("whatsapp")
    if number is None:
        if how is PairHow.CODE:
            raise Refusal(Code.INPUT_INVALID, field="whatsapp")
        return how, None
    return how, parse_phone(number)


def _picture(code: str) -> str:
    picture = io.BytesIO()
    segno.make_qr(code).save(picture, kind="png", scale=_SCALE)
    return base64.b64encode(picture.getvalue()).decode()


QR = Endpoint(
    path="/qr",
    answer=_answer,
    stranger=TOKEN_INVALID,
    words={
        Code.DEVICE_DISCONNECTED: "device is not ready to pair, try again",
        Code.TARGET_INVALID: "input invalid",
    },
)
