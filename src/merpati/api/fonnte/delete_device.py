"""`/delete-device`: first without `otp`, which sends the owner a code by WhatsApp, then with it.

Source: Fonnte docs, API delete device. Its page does not show the answer to the first call: that is ours.
"""

import secrets
from collections.abc import Sequence

from merpati.accounts.model import Owner
from merpati.accounts.views import owners
from merpati.api.accepting import Call, Quotas, accept_call
from merpati.api.deleting import take_away
from merpati.api.fonnte.elements import Element
from merpati.api.fonnte.endpoint import Answer, Body, Endpoint, Request, encode_body
from merpati.api.fonnte.params import SendParams
from merpati.api.gateway import Gateway
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address
from merpati.devices.deletion_codes import Verdict, drop_code, hash_code, judge_code, keep_code
from merpati.devices.model import Device
from merpati.locale import LANGUAGES, sentence
from merpati.log.model import RequestRow
from merpati.messages.model import SendItem, Target
from merpati.messages.planning import Plan

_DIGITS = 6
_SHOWN_DIGITS = 4
_REFUSED = {
    Verdict.WRONG: Code.CODE_WRONG,
    Verdict.UNASKED: Code.CODE_UNASKED,
    Verdict.LOCKED: Code.CODE_LOCKED,
}


async def _answer(gateway: Gateway, request: Request) -> Answer:
    device, code = request.caller.devices[0], request.line("otp")
    return await _delete(gateway, device, code) if code else await _send_code(gateway, request, device)


async def _delete(gateway: Gateway, device: Device, code: str) -> Answer:
    judged = await gateway.storage.write(judge_code, device.id, hash_code(device.id, code))
    if judged.verdict is not Verdict.RIGHT:
        raise Refusal(_REFUSED[judged.verdict], seconds=judged.seconds)
    await take_away(gateway, device)
    return Answer(body={"detail": f"device {device.number} successfully deleted", "status": True})


async def _send_code(gateway: Gateway, request: Request, device: Device) -> Answer:
    owner = await _owner_of(gateway, device)
    if not device.connected:
        raise Refusal(Code.DEVICE_DISCONNECTED)
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    await gateway.storage.write(keep_code, device.id, hash_code(device.id, code))
    body: Body = {"detail": f"otp sent to {_masked(owner.phone or '')}", "status": True}

    def show(_items: Sequence[SendItem], _plan: Plan, _quotas: Quotas) -> tuple[bytes, RequestRow]:
        return encode_body(body), request.row(body)

    try:
        await accept_call(gateway, _call(gateway, request, device, owner, code), show)
    except Refusal:
        await gateway.storage.write(drop_code, device.id)
        raise
    return Answer(body=body)


async def _owner_of(gateway: Gateway, device: Device) -> Owner:
    """Who is told the code; raises `Refusal(PHONE_MISSING)`."""
    for owner in await gateway.storage.read(owners):
        if owner.account == device.account and owner.phone:
            return owner
    raise Refusal(Code.PHONE_MISSING)


def _call(gateway: Gateway, request: Request, device: Device, owner: Owner, code: str) -> Call:
    language = str(owner.language) if owner.language in LANGUAGES else LANGUAGES[0]
    text = sentence("device.deletion_code", language, name=device.name, code=code)
    target = Target(Address(owner.phone or ""), ())
    element = Element(SendParams(message=text, secret=code), (target,), (device.id,))
    return Call(
        account=device.account,
        devices=(device,),
        request=request.id,
        at=request.at,
        elements=[element],
        rng=gateway.rng,
        free=True,
    )


def _masked(phone: str) -> str:
    """The last digits are enough to know which phone to look at."""
    return "*" * (len(phone) - _SHOWN_DIGITS) + phone[-_SHOWN_DIGITS:]


DELETE_DEVICE = Endpoint(
    path="/delete-device",
    answer=_answer,
    stranger="invalid device",
    words={
        Code.CODE_TOO_SOON: "please wait {seconds} seconds before requesting new otp",
        Code.CODE_UNASKED: "otp haven't requested",
        Code.CODE_LOCKED: "delete failed. try again in {seconds} seconds",
        Code.CODE_WRONG: "incorrect OTP",
        Code.PHONE_MISSING: "the account has no whatsapp number to send the otp to",  # ours
    },
)
