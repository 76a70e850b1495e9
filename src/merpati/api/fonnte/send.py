"""`/send`: messages are accepted. Source: Fonnte docs, API send message; send message by url (GET)."""

import asyncio
import random
from collections.abc import Sequence
from urllib.parse import urlsplit

from merpati.api.accepting import LARGE_BYTES, Answered, Call, Quotas, accept_call, accepted, beside, recall
from merpati.api.fonnte.elements import read_elements
from merpati.api.fonnte.endpoint import GET_TOO, Answer, Body, Endpoint, Request, encode_body
from merpati.api.fonnte.fields import as_line
from merpati.api.fonnte.keys import KeysInProgress, hash_body, key_of
from merpati.api.fonnte.quota import quota_body
from merpati.api.fonnte.words import IN_QUEUE, NOTES, SCHEDULED, WAITING
from merpati.api.gateway import Gateway
from merpati.core.errors import Code, Refusal
from merpati.log.model import IdempotencyRow, RequestRow
from merpati.messages.model import Note, SendItem
from merpati.messages.planning import Plan


def send_endpoint() -> Endpoint:
    """The row of `/send`; it holds the keys in progress of this process."""
    keys = KeysInProgress()

    async def answer(gateway: Gateway, request: Request) -> Answer:
        with keys.holding(request.caller.account, key_of(request)):
            return await _send(gateway, request)

    return Endpoint(path="/send", answer=answer, methods=GET_TOO, tells_request=True)


async def _send(gateway: Gateway, request: Request) -> Answer:
    if not request.fields.values and request.fields.upload is None:
        raise Refusal(Code.BODY_INVALID)
    key = await _key_row(request)
    if key is not None and (known := await recall(gateway, key)) is not None:
        return _answer(known, None)
    call = await _call(gateway, request, key)
    if call.upload is not None and request.fields.values.get("data"):
        raise Refusal(Code.INPUT_INVALID, field="file")

    def show(items: Sequence[SendItem], plan: Plan, quotas: Quotas) -> tuple[bytes, RequestRow]:
        body = _body(request, items, plan, quotas)
        return encode_body(body), request.row(body)

    return _answer(await accept_call(gateway, call, show), _redirect(request))


async def _call(gateway: Gateway, request: Request, key: IdempotencyRow | None) -> Call:
    devices = tuple(each for each in request.caller.devices if not each.has_ended(request.at))
    devices = devices or request.caller.devices
    large = request.fields.size_bytes > LARGE_BYTES
    # drawing from the machine costs a microsecond: a large call draws a seed
    rng = random.Random(gateway.rng.getrandbits(128)) if large else gateway.rng
    return Call(
        account=request.caller.account,
        devices=devices,
        request=request.id,
        at=request.at,
        elements=await beside(large, read_elements, request.fields.values, devices, rng),
        upload=request.fields.upload,
        key=key,
        rng=rng,
        large=large,
    )


def _answer(answered: Answered, redirect: str | None) -> Answer:
    return Answer(body=answered.body, redirect=None if answered.replayed else redirect, replayed=answered.replayed)


async def _key_row(request: Request) -> IdempotencyRow | None:
    key = key_of(request)
    if key is None:
        return None
    hash_ = await asyncio.to_thread(hash_body, request)
    return IdempotencyRow(account=request.caller.account, key=key, body_hash=hash_, answer="", at=request.at)


def _body(request: Request, items: Sequence[SendItem], plan: Plan, quotas: Quotas) -> Body:
    messages = accepted(plan)
    scheduled = all(not item.sequence and (item.schedule_at or 0) > request.at for item in items)
    notes: set[Note] = {note for item in items for note in item.options.notes}
    return {
        "detail": "; ".join([SCHEDULED if scheduled else IN_QUEUE, *(NOTES[note] for note in sorted(notes))]),
        "id": [id_ for id_, _ in messages],
        "process": WAITING if scheduled else "pending",
        "quota": quota_body(request.caller.devices, (device for item in items for device in item.devices), quotas),
        "requestid": request.id,
        "status": True,
        "target": [target for _, target in messages],
    }


def _redirect(request: Request) -> str | None:
    """Where a browser goes after a GET that succeeded; a refusal is shown, so that somebody sees it."""
    url = as_line(request.fields.values.get("redirect")) if request.method == "GET" else None
    return url if url and urlsplit(url).scheme in ("http", "https") else None
