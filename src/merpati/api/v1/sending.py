"""`POST /messages`: messages are accepted."""

import random
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import JSONBody

from merpati.api.accepting import LARGE_BYTES, Answered, Call, Quotas, accept_call, accepted, beside
from merpati.api.fonnte.elements import Element
from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.once import Replay
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.send_given import (
    ALONE,
    MOST_SENT_BYTES,
    Reacted,
    SendGiven,
    check_chat,
    reacted,
    read_country,
    read_entries,
    read_params,
    uploaded,
)
from merpati.api.v1.shapes import PREFIX, Answer
from merpati.core.errors import Code, Refusal
from merpati.core.ids import RequestId
from merpati.devices.model import Device
from merpati.log.model import IdempotencyRow, RequestRow
from merpati.messages.model import SendItem
from merpati.messages.planning import Plan
from merpati.messages.targets import read_target

MOST_LOGGED = 500


class AcceptedMessage(Answer, frozen=True, kw_only=True):
    """A message that was accepted."""

    id: int
    to: str


class SentAnswer(Answer, frozen=True, kw_only=True):
    """The messages, in the order of the targets. `batch`: they are made in parts, in a moment."""

    request: int
    batch: int | None
    items: list[AcceptedMessage]


_REFUSALS = (
    Code.DEVICE_UNKNOWN,
    Code.DEVICE_DISCONNECTED,
    Code.TARGET_REQUIRED,
    Code.TARGET_INVALID,
    Code.ROTATOR_UNKNOWN,
    Code.ROTATOR_EMPTY,
    Code.CONTENT_MISSING,
    Code.TEMPLATE_NEEDED,
    Code.GROUP_UNSUPPORTED,
    Code.CHOICES_INVALID,
    Code.SCHEDULE_INVALID,
    Code.DELAY_INVALID,
    Code.UNSUPPORTED,
    *ALONE,
    Code.MESSAGE_UNKNOWN,
    Code.URL_INVALID,
    Code.URL_UNREACHABLE,
    Code.FILE_TYPE,
    Code.FILE_TYPE_HERE,
    Code.CAPTION_UNSUPPORTED,
    Code.TEXT_TOO_LONG,
    Code.FILE_TOO_LARGE,
    Code.FILE_UNKNOWN,
    Code.QUOTA_USED_UP,
    Code.DEVICE_EXPIRED,
)


@post(
    "/",
    operation_id="sendMessages",
    summary="Send messages",
    status_code=202,
    request_max_body_size=MOST_SENT_BYTES,
    responses=refusals(*_REFUSALS),
)
async def post_messages(
    request: Request[Any, Any, Any],
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    data: JSONBody[SendGiven],
) -> Response[SentAnswer]:
    """Accepts messages: what is answered is stored, and is sent as soon as it may be."""
    device = await access.device(gateway, principal, data.device)
    await access.quoted(gateway, principal, data.reply_to)
    answered = await _send(gateway, principal, device, data, once.row, len(await request.body()))
    once.is_kept = True
    if answered.replayed:
        raise Replay(answered.body)
    return Response(msgspec.json.decode(answered.body, type=SentAnswer), status_code=202)


async def _send(
    gateway: Gateway,
    principal: Principal,
    device: Device,
    data: SendGiven,
    key: IdempotencyRow | None,
    size_bytes: int,
) -> Answered:
    account = principal.account.id
    at, large = gateway.clock.now(), size_bytes > LARGE_BYTES
    reaction = await reacted(gateway, principal, device, data.reaction)
    id_ = RequestId((await gateway.ids.take("request"))[0])
    call = Call(
        account=account,
        devices=(device,),
        request=id_,
        at=at,
        elements=[await beside(large, read_element, data, device, reaction)],
        media=await uploaded(gateway, principal, data),
        key=key,
        rng=random.Random(gateway.rng.getrandbits(128)) if large else gateway.rng,
        large=large,
    )

    def show(_items: Sequence[SendItem], plan: Plan, _quotas: Quotas) -> tuple[bytes, RequestRow]:
        answer = SentAnswer(
            request=id_,
            batch=plan.batches[0].id if plan.batches else None,
            items=[AcceptedMessage(id=message, to=to) for message, to in accepted(plan)],
        )
        return msgspec.json.encode(answer), _request_row(call, data, answer)

    return await accept_call(gateway, call, show)


def _request_row(call: Call, data: SendGiven, answer: SentAnswer) -> RequestRow:
    """What the request log keeps: no long value, no more than the first of many ids."""
    given: dict[str, object] = msgspec.to_builtins(data)
    cut = {name: value if len(str(value)) <= MOST_LOGGED else _cut(value) for name, value in given.items()}
    short = msgspec.structs.replace(answer, items=answer.items[:200])
    return RequestRow(
        id=call.request,
        account=call.account,
        device=call.devices[0].id,
        at=call.at,
        method="POST",
        path=f"{PREFIX}/messages",
        params=msgspec.json.encode(cut).decode(),
        answer=msgspec.json.encode(short).decode(),
    )


def _cut(value: object) -> str:
    return f"{str(value)[:MOST_LOGGED]}…"


def read_element(data: SendGiven, device: Device, reaction: Reacted | None) -> Element:
    """What is asked, as the core takes it; raises `Refusal` for the first target that is none."""
    if data.connect_only and not device.connected:
        raise Refusal(Code.DEVICE_DISCONNECTED)
    country = read_country(data)
    targets = tuple(read_target(to, values, country) for to, values in read_entries(data))
    if not targets:
        raise Refusal(Code.TARGET_REQUIRED, field="targets")
    check_chat(reaction, targets)
    return Element(read_params(data, reaction), targets, (device.id,) * len(targets))
