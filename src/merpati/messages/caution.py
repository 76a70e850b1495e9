"""A device's caution with people who do not know it: how far it goes, and what its owner changes."""

import msgspec

from merpati.core.clock import DAY_MS
from merpati.core.ids import AccountId, DeviceId
from merpati.devices.actions import update_device
from merpati.devices.model import Device, Settings
from merpati.devices.views import find_devices
from merpati.messages import store_first_contact as store
from merpati.messages.first_contact import place_anew
from merpati.messages.store_first_contact import WarmUp
from merpati.messages.warm_up import Calendar, Limit, limit_now, limits_of
from merpati.storage.clock import database_now
from merpati.storage.port import Tx


async def change_device(tx: Tx, id_: DeviceId, number: str, name: str, settings: Settings) -> Device:
    """`devices.actions.update_device`; with another caution, what waits gets its place anew. May run twice."""
    before = (await find_devices(tx, [id_])).get(id_)
    device = await update_device(tx, id_, number, name, settings)
    if before is not None and _caution(before.settings) != _caution(settings):
        await place_anew(tx, id_)
    return device


def _caution(settings: Settings) -> tuple[str, int]:
    return settings.caution, settings.new_people_per_day


async def end_pause(tx: Tx, account: AccountId, device: DeviceId) -> None:
    """The owner knows that WhatsApp lets the number write to new people again. May run twice."""
    await tx.lock([account])
    warm_up = await store.warm_up_of(tx, device)
    if warm_up is not None and warm_up.paused_until:
        await store.set_pause(tx, device, warm_up.refusals, warm_up.refused_at, 0)
        await place_anew(tx, device)


class CautionNow(msgspec.Struct, frozen=True, kw_only=True):
    """How far a device goes with people who do not know it."""

    most: int | None
    """First messages within 24 hours; None: as many as are wanted."""
    written: int
    """Of the last 24 hours."""
    waiting: int
    """Messages."""
    next_at: int
    """When the next one may be written to."""
    paused_until: int
    """0: there is no pause now."""
    rises: tuple[Limit, ...]
    """What it will be later."""


async def caution_of(tx: Tx, device: Device, warms_up: bool) -> CautionNow:
    """As it is now."""
    now = await database_now(tx)
    known = await store.warm_up_of(tx, device.id) or WarmUp(now)
    limits = limits_of(device.settings, warms_up, known.since_at)
    latest = await store.latest(tx, device.id, max((limit.most for limit in limits), default=0))
    paused_until = known.paused_until if limits and known.paused_until > now else 0
    earliest = max(now, paused_until)
    return CautionNow(
        most=limit_now(limits, now) if limits else None,
        written=await store.count_since(tx, device.id, now - DAY_MS, now),
        waiting=await store.held_count(tx, device.id, now),
        next_at=Calendar(limits, latest).give(earliest) if limits else now,
        paused_until=paused_until,
        rises=tuple(limit for limit in limits if limit.from_at > now),
    )
