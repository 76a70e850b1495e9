"""`/reset-message`: another schedule or delay for a message that waits. Source: Fonnte docs, API reschedule.

The page does not show the answer's shape: `detail`, and the `id` of every message that moved, are ours.
"""

from merpati.api.fonnte.changes import change_on_record
from merpati.api.fonnte.content import FURTHEST_SCHEDULE_MS
from merpati.api.fonnte.endpoint import Answer, Body, Endpoint, Request
from merpati.api.fonnte.fields import as_flag, as_int
from merpati.api.fonnte.status import message_id
from merpati.api.fonnte.words import too_late
from merpati.api.gateway import Gateway
from merpati.core.clock import SECOND_MS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import MessageId
from merpati.messages.changes import Reschedule, reschedule_message
from merpati.messages.delay import parse_delay
from merpati.messages.model import DelayRange


async def _answer(gateway: Gateway, request: Request) -> Answer:
    id_, asked = message_id(request), _asked(request, gateway.rng.getrandbits(62))
    account, devices = request.caller.account, [device.id for device in request.caller.devices]

    def body(moved: list[MessageId]) -> Body:
        return {"detail": f"message {id_} successfully rescheduled", "id": moved, "status": True}

    moved = await gateway.storage.write(
        change_on_record,
        lambda tx: reschedule_message(tx, account, devices, id_, asked),
        lambda moved: request.row(body(moved)),
    )
    for device in devices:
        gateway.wake(device, asked.schedule_at or request.at)
    return Answer(body=body(moved))


def _asked(request: Request, seed: int) -> Reschedule:
    """What to change; raises `Refusal` when nothing is asked, or what is asked is absurd."""
    schedule_at, delay = _schedule_at(request), _delay(request)
    if schedule_at is None and delay is None:
        raise Refusal(Code.INPUT_INVALID, field="schedule")
    by_schedule = bool(as_flag(request.fields.values.get("byschedule")))
    return Reschedule(schedule_at=schedule_at, delay=delay, by_schedule=by_schedule, seed=seed)


def _schedule_at(request: Request) -> int | None:
    """In milliseconds; 0 is now, as everywhere; empty leaves it as it is."""
    seconds = as_int(request.fields.values.get("schedule"))
    if seconds is None:
        return None
    if not 0 <= seconds * SECOND_MS <= request.at + FURTHEST_SCHEDULE_MS:
        raise Refusal(Code.SCHEDULE_INVALID, field="schedule")
    return seconds * SECOND_MS or request.at


def _delay(request: Request) -> DelayRange | None:
    """Empty leaves it as it is; 0 takes it away."""
    line = request.line("delay")
    return None if line is None else parse_delay(line) or DelayRange(0, 0)


RESET_MESSAGE = Endpoint(
    path="/reset-message",
    answer=_answer,
    words=too_late("reschedule"),
)
