"""What a person or a program does to one message: take it back, move it, send it now or again."""

import random
from typing import Annotated

from litestar import post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from merpati.api.v1 import access
from merpati.api.v1.message_shapes import MessageAnswer
from merpati.api.v1.messages import answer_message
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Given, GivenInstant, millis
from merpati.core.clock import DAY_MS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import MessageId
from merpati.devices.views import find_device
from merpati.messages.changes import Reschedule, cancel_message, reschedule_message, resend_message
from merpati.messages.model import DelayRange
from merpati.messages.own_changes import change_own, draft_of
from merpati.messages.planning import draw_ref
from merpati.transports.cards import Edit, Revoke

_rng = random.SystemRandom()
FURTHEST_MS = 3_653 * DAY_MS
_TOO_LATE = (
    Code.MESSAGE_UNKNOWN,
    Code.MESSAGE_PROCESSING,
    Code.MESSAGE_SENT,
    Code.MESSAGE_FAILED,
    Code.MESSAGE_CANCELLED,
    Code.EXPIRED,
    Code.OUTCOME_UNKNOWN,
)


class RescheduleGiven(Given, frozen=True, kw_only=True):
    """When the message is to go; a time that has passed is now."""

    at: GivenInstant


class ResendGiven(Given, frozen=True, kw_only=True):
    """Of an uncertain message, which may have arrived: whether it may arrive twice."""

    accept_twice: bool = False


class EditGiven(Given, frozen=True, kw_only=True):
    """What the message is to say."""

    text: Annotated[str, Meta(min_length=1, max_length=60_000)]


@post(
    "/{message_id:int}/cancel",
    operation_id="cancelMessage",
    summary="Cancel a message",
    status_code=200,
    responses=refusals(*_TOO_LATE),
)
async def post_cancel(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, message_id: FromPath[int]
) -> MessageAnswer:
    """Takes a queued message back: it is never sent, unless somebody sends it again."""
    message = await access.message(gateway, principal, message_id)
    await once.write(gateway.storage, cancel_message, message.account, [message.device], message.id)
    return await answer_message(gateway, principal, message_id)


@post(
    "/{message_id:int}/reschedule",
    operation_id="rescheduleMessage",
    summary="Move a message",
    status_code=200,
    responses=refusals(Code.SCHEDULE_INVALID, *_TOO_LATE),
)
async def post_reschedule(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    message_id: FromPath[int],
    data: JSONBody[RescheduleGiven],
) -> MessageAnswer:
    """Gives a queued message another time, and no delay after that."""
    at = millis(data.at)
    if at > gateway.clock.now() + FURTHEST_MS:
        raise Refusal(Code.SCHEDULE_INVALID, field="at")
    return await _move(gateway, principal, once, message_id, at)


@post(
    "/{message_id:int}/send-now",
    operation_id="sendMessageNow",
    summary="Send a message now",
    status_code=200,
    responses=refusals(*_TOO_LATE),
)
async def post_send_now(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, message_id: FromPath[int]
) -> MessageAnswer:
    """Ends what a queued message waits for by time: it goes when its device may send, and it is its turn."""
    return await _move(gateway, principal, once, message_id, gateway.clock.now())


async def _move(gateway: TheGateway, principal: ThePrincipal, once: TheOnce, id_: int, at: int) -> MessageAnswer:
    message = await access.message(gateway, principal, id_)
    asked = Reschedule(schedule_at=at, delay=DelayRange(0, 0))
    await once.write(gateway.storage, reschedule_message, message.account, [message.device], message.id, asked)
    answer = await answer_message(gateway, principal, id_)
    gateway.wake(message.device, at)
    return answer


@post(
    "/{message_id:int}/resend",
    operation_id="resendMessage",
    summary="Send a message again",
    status_code=200,
    responses=refusals(
        Code.MESSAGE_UNKNOWN, Code.MESSAGE_WAITING, Code.MESSAGE_SENT, Code.OUTCOME_UNKNOWN, Code.DEVICE_DELETED
    ),
)
async def post_resend(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    message_id: FromPath[int],
    data: JSONBody[ResendGiven],
) -> MessageAnswer:
    """Queues a message again that failed, expired, was cancelled, or is uncertain."""
    message = await access.message(gateway, principal, message_id)
    place = MessageId((await gateway.ids.take("message"))[0])
    await once.write(
        gateway.storage,
        resend_message,
        message.account,
        [message.device],
        message.id,
        place,
        accept_twice=data.accept_twice,
    )
    gateway.wake(message.device, gateway.clock.now())
    return await answer_message(gateway, principal, message_id)


_CHANGING = (
    Code.MESSAGE_UNKNOWN,
    Code.CHANGE_UNSUPPORTED,
    Code.CHANGE_IMPOSSIBLE,
    Code.CHANGE_TOO_LATE,
    Code.DEVICE_DELETED,
)


@post(
    "/{message_id:int}/edit",
    operation_id="editMessage",
    summary="Edit a message that was sent",
    status_code=200,
    responses=refusals(Code.TEXT_TOO_LONG, *_CHANGING),
)
async def post_edit(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    message_id: FromPath[int],
    data: JSONBody[EditGiven],
) -> MessageAnswer:
    """Queues other words for a text, which WhatsApp takes for 15 minutes after it was sent. The edit is a message
    of its own in the history; when WhatsApp has it, the message says the new words, and keeps the old ones."""
    return await _change(gateway, principal, once, message_id, Edit(text=data.text))


@post(
    "/{message_id:int}/revoke",
    operation_id="revokeMessage",
    summary="Delete a message for everyone",
    status_code=200,
    responses=refusals(*_CHANGING),
)
async def post_revoke(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, message_id: FromPath[int]
) -> MessageAnswer:
    """Queues its deletion on everybody's phone, which WhatsApp takes for two days. The history keeps it, marked."""
    return await _change(gateway, principal, once, message_id, Revoke())


async def _change(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, id_: int, content: Edit | Revoke
) -> MessageAnswer:
    message = await access.message(gateway, principal, id_)
    device = await gateway.storage.read(find_device, message.device)
    if device is None:
        raise Refusal(Code.DEVICE_DELETED)
    caps, now = gateway.capabilities[device.transport], gateway.clock.now()
    if isinstance(content, Edit) and len(content.text) > caps.max_text:
        raise Refusal(Code.TEXT_TOO_LONG, field="text", most=caps.max_text)
    new = MessageId((await gateway.ids.take("message"))[0])
    draft = draft_of(new, message, content, draw_ref(_rng), now)
    await once.write(gateway.storage, change_own, draft, message.id, caps)
    gateway.wake(message.device, now)
    return await answer_message(gateway, principal, id_)
