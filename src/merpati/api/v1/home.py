"""What the first page shows: the day, what waits for a person, the devices; and the devices' activity."""

from collections.abc import Collection
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import urlsplit

import msgspec
from litestar import Router, get

from merpati.api.v1.days import Zone, today_of
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Instant, instant, maybe
from merpati.core.clock import HOUR_MS, MINUTE_MS, Millis
from merpati.core.errors import Code
from merpati.core.ids import AccountId, DeviceId
from merpati.devices.connection import down_spans
from merpati.devices.model import Device, DeviceState
from merpati.devices.views import devices_of
from merpati.messages.counts import (
    DayCounts,
    DeviceCounts,
    count_day,
    count_devices,
    count_ended,
    count_incoming,
    count_sent,
)
from merpati.messages.model import MessageState
from merpati.storage.port import Tx
from merpati.webhooks.views import Standing, failing_endpoints

Reach: TypeAlias = Collection[DeviceId] | None
"""The devices that the page is of; None: all."""
HOURS, HALF_HOURS = 24, 48
MOST_FAILING = 20


class DayAnswer(Answer, frozen=True, kw_only=True):
    """What became of the messages accepted today, and how many came in. A read one counts as delivered and sent."""

    accepted: int
    sent: int
    delivered: int
    read: int
    failed: int
    incoming: int


class HourAnswer(Answer, frozen=True, kw_only=True):
    """An hour of the day, from midnight: `out` were acknowledged by WhatsApp, `in_` came in."""

    hour: int
    out: int
    in_: int = msgspec.field(name="in")


class WaitKind(StrEnum):
    """What waits for a person."""

    DEVICE_DOWN = "device_down"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    WEBHOOK_FAILING = "webhook_failing"


class FailingWebhook(Answer, frozen=True, kw_only=True):
    """A webhook whose calls fail: the host of its address, and when it is tried again."""

    id: int
    host: str
    next_try_at: Instant | None


class WaitAnswer(Answer, frozen=True, kw_only=True):
    """Something that waits for a person: how many messages it concerns, and since when.

    Of a webhook whose calls fail `count` are the facts that wait for it, up to 1,000.
    """

    kind: WaitKind
    device: int | None
    count: int
    since: Instant | None
    webhook: FailingWebhook | None = None


class HomeDevice(Answer, frozen=True, kw_only=True):
    """A device in short. `sent_today` were acknowledged by WhatsApp today."""

    id: int
    name: str
    number: str
    transport: str
    state: DeviceState
    desired: bool
    connected: bool
    queued: int
    held: int
    sent_today: int


class HomeAnswer(Answer, frozen=True, kw_only=True):
    """The day so far. `hours` has all 24; `waits` is empty when nothing waits for a person.

    Of webhooks whose calls fail `waits` has the 20 that have failed longest.
    """

    today: DayAnswer
    hours: list[HourAnswer]
    waits: list[WaitAnswer]
    devices: list[HomeDevice]


class ActivityAnswer(Answer, frozen=True, kw_only=True):
    """A device's day in half-hours: how many WhatsApp acknowledged in each, and in which it was not connected."""

    device: int
    handed_over: list[int]
    down: list[bool]


class ActivitiesAnswer(Answer, frozen=True, kw_only=True):
    """Every device's day."""

    items: list[ActivityAnswer]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the page shows, read at one moment."""

    counts: DayCounts
    devices: list[tuple[Device, DeviceCounts]]
    out: list[int]
    incoming: list[int]
    uncertain: tuple[int, int]
    failed: tuple[int, int]
    failing: list[Standing]


async def _read(tx: Tx, account: AccountId, from_at: Millis, among: Reach) -> Day:
    devices = await devices_of(tx, account, among)
    ids = [device.id for device in devices]
    counts = await count_devices(tx, account, ids, from_at)
    sent = await count_sent(tx, ids, from_at, HOUR_MS, HOURS)
    return Day(
        counts=await count_day(tx, account, from_at, among),
        devices=[(device, counts[device.id]) for device in devices],
        out=[sum(hours) for hours in zip(*sent.values(), strict=True)] or [0] * HOURS,
        incoming=await count_incoming(tx, account, from_at, HOUR_MS, HOURS, among),
        uncertain=await count_ended(tx, account, MessageState.UNCERTAIN, among=among),
        failed=await count_ended(tx, account, MessageState.FAILED, from_at, among),
        failing=await failing_endpoints(tx, account, MOST_FAILING, among),
    )


@get("/home", operation_id="getHome", summary="The day at a glance", responses=refusals(Code.INPUT_INVALID))
async def get_home(gateway: TheGateway, principal: ThePrincipal, zone: Zone = None) -> HomeAnswer:
    """The day so far, what waits for a person, and the devices."""
    from_at = today_of(gateway, principal, zone)
    day = await gateway.storage.read(_read, principal.account.id, from_at, principal.devices)
    return HomeAnswer(
        today=DayAnswer(**msgspec.structs.asdict(day.counts)),
        hours=[HourAnswer(hour=n, out=day.out[n], in_=day.incoming[n]) for n in range(HOURS)],
        waits=_waits(day),
        devices=[_device(device, counts) for device, counts in day.devices],
    )


def _waits(day: Day) -> list[WaitAnswer]:
    """A device that is wanted and not connected; or unwanted, with messages that wait for it."""
    waits = [
        WaitAnswer(kind=WaitKind.DEVICE_DOWN, device=device.id, count=counts.held, since=instant(device.state_at))
        for device, counts in day.devices
        if not device.connected and (device.desired or counts.queued)
    ]
    for kind, (count, since) in ((WaitKind.UNCERTAIN, day.uncertain), (WaitKind.FAILED, day.failed)):
        if count:
            waits.append(WaitAnswer(kind=kind, device=None, count=count, since=maybe(since)))
    return [*waits, *map(_failing, day.failing)]


def _failing(standing: Standing) -> WaitAnswer:
    endpoint = standing.endpoint
    webhook = FailingWebhook(
        id=endpoint.id, host=urlsplit(endpoint.url).hostname or "", next_try_at=maybe(standing.next_try_at)
    )
    return WaitAnswer(
        kind=WaitKind.WEBHOOK_FAILING,
        device=endpoint.device or None,
        count=standing.waiting,
        since=maybe(standing.failing_since),
        webhook=webhook,
    )


def _device(device: Device, counts: DeviceCounts) -> HomeDevice:
    return HomeDevice(
        id=device.id,
        name=device.name,
        number=device.number,
        transport=device.transport,
        state=device.state,
        desired=device.desired,
        connected=device.connected,
        queued=counts.queued,
        held=counts.held,
        sent_today=counts.sent,
    )


async def _activity(tx: Tx, account: AccountId, from_at: Millis, among: Reach) -> list[ActivityAnswer]:
    ids = [device.id for device in await devices_of(tx, account, among)]
    sent = await count_sent(tx, ids, from_at, 30 * MINUTE_MS, HALF_HOURS)
    down = await down_spans(tx, ids, from_at, 30 * MINUTE_MS, HALF_HOURS)
    return [ActivityAnswer(device=id_, handed_over=sent[id_], down=down[id_]) for id_ in ids]


@get(
    "/devices/activity",
    operation_id="getActivity",
    summary="The devices' day",
    responses=refusals(Code.INPUT_INVALID),
)
async def get_activity(gateway: TheGateway, principal: ThePrincipal, zone: Zone = None) -> ActivitiesAnswer:
    """Of every device the half-hours of today; what is to come is empty, and not down."""
    from_at = today_of(gateway, principal, zone)
    return ActivitiesAnswer(
        items=await gateway.storage.read(_activity, principal.account.id, from_at, principal.devices)
    )


def home_router() -> Router:
    return Router("/", route_handlers=[get_home, get_activity], tags=["Home"])
