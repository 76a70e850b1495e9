"""The tools that only look. What their docstrings say is what the assistant is told of them."""

from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import Field

from merpati.client import shapes
from merpati.client.paging import AsyncPages, Page
from merpati.mcp.desk import AtDesk, desk_of

T = TypeVar("T")

Device: TypeAlias = Annotated[int, Field(description="Id of a device, from list_devices.")]
OneDevice: TypeAlias = Annotated[int | None, Field(description="Id of a device; none: all.")]
Cursor: TypeAlias = Annotated[str | None, Field(description="`next` of the answer before: the part that follows.")]
Limit: TypeAlias = Annotated[int, Field(ge=1, le=50)]
Since: TypeAlias = Annotated[datetime | None, Field(description="From when; with a zone.")]
Until: TypeAlias = Annotated[datetime | None, Field(description="Until when; with a zone.")]
State: TypeAlias = Literal[
    "held", "scheduled", "queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "expired",
    "uncertain", "received",
]  # fmt: skip


async def _first(pages: AsyncPages[T]) -> Page[T]:
    async with aclosing(pages.pages()) as each:
        return await anext(each)


async def show_key(context: AtDesk) -> shapes.SessionAnswer:
    """What this key may do and to which devices, the account, and the server's time (for schedules)."""
    return await desk_of(context).client.session.get()


async def get_overview(
    context: AtDesk,
    zone: Annotated[str | None, Field(description="Time zone that the day is of: Asia/Jakarta.")] = None,
) -> shapes.HomeAnswer:
    """The day so far: what became of its messages, by hour, what waits for a person, and the devices in short."""
    return await desk_of(context).client.home.get(zone=zone)


async def list_devices(
    context: AtDesk,
    query: Annotated[str | None, Field(description="Part of a name or number.")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[shapes.DeviceAnswer]:
    """The devices (WhatsApp numbers that merpati acts as): state, what it means, what to do, settings, quota."""
    return await _first(desk_of(context).client.devices.list(q=query, cursor=cursor, limit=limit))


async def list_connections(
    context: AtDesk, device: Device, cursor: Cursor = None, limit: Limit = 20
) -> Page[shapes.ConnectionAnswer]:
    """When a device was connected and lost, newest first, and why."""
    return await _first(desk_of(context).client.devices.list_connections(device, cursor=cursor, limit=limit))


async def list_groups(
    context: AtDesk,
    device: Device,
    refresh: Annotated[bool, Field(description="Read them from WhatsApp first; takes a connected device.")] = False,
) -> shapes.GroupsAnswer:
    """The groups that a device is in, as they were last read from WhatsApp."""
    devices = desk_of(context).client.devices
    return await (devices.read_groups(device) if refresh else devices.list_groups(device))


async def list_messages(
    context: AtDesk,
    query: Annotated[
        str | None, Field(description="Words of name or text, a number's first digits, or an id.")
    ] = None,
    number: Annotated[str | None, Field(description="The other side's number.")] = None,
    device: OneDevice = None,
    state: State | None = None,
    direction: Literal["in", "out"] | None = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[shapes.MessageRow]:
    """Messages, in and out, newest first. Conditions add up. Texts are cut after 200 characters."""
    pages = desk_of(context).client.messages.list(
        q=query,
        number=number,
        device=device,
        state=state,
        direction=direction,
        from_=since,
        to=until,
        cursor=cursor,
        limit=limit,
    )
    return await _first(pages)


async def count_messages(
    context: AtDesk, device: OneDevice = None, since: Since = None, until: Until = None
) -> shapes.CountsAnswer:
    """How many messages there are in each state."""
    return await desk_of(context).client.messages.count(device=device, from_=since, to=until)


async def get_message(context: AtDesk, message: int) -> shapes.MessageAnswer:
    """One message: its whole text, its timeline, why it has not gone yet, and what may be done to it."""
    return await desk_of(context).client.messages.get(message)


async def list_rotators(context: AtDesk, cursor: Cursor = None, limit: Limit = 20) -> Page[shapes.RotatorAnswer]:
    """Rotators: `target` stands for one of the members, drawn by weight."""
    return await _first(desk_of(context).client.rotators.list(cursor=cursor, limit=limit))


async def list_webhooks(context: AtDesk) -> shapes.WebhooksAnswer:
    """The addresses that are told what happens: which work, which fail, why, and how much waits for them."""
    return await desk_of(context).client.webhooks.list()


async def list_requests(
    context: AtDesk,
    query: Annotated[str | None, Field(description="The id of a request, or a part of its path.")] = None,
    device: OneDevice = None,
    outcome: Literal["ok", "refused"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[shapes.RequestLine]:
    """What programs asked of merpati, newest first, and why it was refused."""
    pages = desk_of(context).client.requests.list(
        q=query, device=device, outcome=outcome, cursor=cursor, limit=limit
    )
    return await _first(pages)


CONSUMER = "mcp"
"""Reading from a number makes no consumer; a name has to be given all the same."""


async def list_events(
    context: AtDesk,
    after: Annotated[
        int | None, Field(ge=0, description="`upto` of the answer before; none: nothing yet, only where now is.")
    ] = None,
    limit: Limit = 50,
) -> shapes.FetchedAnswer | dict[str, Any]:
    """What happened after a point, in order: ids and states, never texts. Kept for some days."""
    events = desk_of(context).client.events
    if after is None:
        fetched = await events.fetch(CONSUMER, after=0, limit=1)
        return {"items": [], "upto": fetched.head, "head": fetched.head}
    return await events.fetch(CONSUMER, after=after, limit=limit)
