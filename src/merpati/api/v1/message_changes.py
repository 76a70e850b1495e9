"""What a person or a program does to one message: take it back, move it, send it now or again."""

from litestar import post
from litestar.params import FromPath, JSONBody

from merpati.api.v1 import access
from merpati.api.v1.message_shapes import MessageAnswer
from merpati.api.v1.messages import answer_message
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Given, GivenInstant, millis
from merpati.core.clock import DAY_MS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import MessageId
from merpati.messages.changes import Reschedule, cancel_message, reschedule_message, resend_message
from merpati.messages.model import DelayRange

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
