"""A device's caution with people who do not know it, as the API shows it."""

from litestar import get, post
from litestar.params import FromPath

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Instant, instant, maybe
from merpati.core.clock import Millis
from merpati.core.errors import Code
from merpati.devices.model import Device
from merpati.messages.caution import CautionNow, caution_of, end_pause
from merpati.messages.warm_up import Limit


class StageAnswer(Answer, frozen=True, kw_only=True):
    """From when on how many people a day."""

    at: Instant
    new_people_per_day: int


class CautionAnswer(Answer, frozen=True, kw_only=True):
    """How far a device goes with people who do not know its number.

    `new_people_per_day`: to so many of them it writes first within any 24 hours, null: to all. `written`: to so
    many it did, in the last 24 hours. `waiting`: so many messages wait for that, each until its own time.
    `next_at`: when the next one may be written to. `paused_until`: WhatsApp refused such a message, and none goes
    until then; null: there is no pause now. `rises`: what its age will allow it.
    """

    new_people_per_day: int | None
    written: int
    waiting: int
    next_at: Instant
    paused_until: Instant | None
    rises: list[StageAnswer]


@get(
    "/{device_id:int}/caution",
    operation_id="getCaution",
    summary="Caution with new people",
    responses=refusals(Code.DEVICE_UNKNOWN),
)
async def get_caution(gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int]) -> CautionAnswer:
    """How many people who do not know the device's number it may write to, and what waits for that. WhatsApp bans
    linked phones that write to many."""
    return await _answer(gateway, await access.device(gateway, principal, device_id))


@post(
    "/{device_id:int}/caution/end-pause",
    operation_id="endPause",
    summary="Write to new people again",
    status_code=200,
    responses=refusals(Code.DEVICE_UNKNOWN),
)
async def post_end_pause(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, device_id: FromPath[int]
) -> CautionAnswer:
    """Ends the pause after WhatsApp's refusal, for who sees in the app that WhatsApp allows it again. Where it does
    not, the next refusal begins a longer one."""
    device = await access.device(gateway, principal, device_id)
    await once.write(gateway.storage, end_pause, device.account, device.id)
    gateway.wake(device.id, gateway.clock.now())
    return await _answer(gateway, device)


async def _answer(gateway: Gateway, device: Device) -> CautionAnswer:
    able = gateway.capabilities.get(device.transport)
    warms_up = able is not None and able.warms_up
    return show_caution(await gateway.storage.read(caution_of, device, warms_up))


def show_caution(now: CautionNow) -> CautionAnswer:
    return CautionAnswer(
        new_people_per_day=now.most,
        written=now.written,
        waiting=now.waiting,
        next_at=instant(Millis(now.next_at)),
        paused_until=maybe(Millis(now.paused_until) if now.paused_until else None),
        rises=[_stage(limit) for limit in now.rises],
    )


def _stage(limit: Limit) -> StageAnswer:
    return StageAnswer(at=instant(Millis(limit.from_at)), new_people_per_day=limit.most)
