"""What is asked of WhatsApp through a device's session: its groups, which numbers are there, "typing"."""

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from merpati.api.fonnte.params import LONGEST_TYPING_S
from merpati.api.fonnte.validate import MOST_NUMBERS
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Given, Instant, instant
from merpati.contacts.groups import GroupReading, groups_of, keep_groups
from merpati.core.address import parse_address, parse_phone
from merpati.core.clock import SECOND_MS
from merpati.core.errors import Code, Refusal

_ASKING = (Code.DEVICE_UNKNOWN, Code.DEVICE_DISCONNECTED, Code.NETWORK_REFUSED, Code.UNSUPPORTED)
_Number = Annotated[str, Meta(max_length=40, examples=["0812-3456-7890"])]


class KnownGroupAnswer(Answer, frozen=True, kw_only=True):
    """A group; messages go to its `id`."""

    id: str
    name: str


class GroupsAnswer(Answer, frozen=True, kw_only=True):
    """The groups of a device, by name, as they were read from WhatsApp."""

    read_at: Instant
    items: list[KnownGroupAnswer]


class NumbersGiven(Given, frozen=True, kw_only=True):
    """The numbers to look for."""

    numbers: Annotated[list[_Number], Meta(min_length=1, max_length=MOST_NUMBERS)]


class CheckedAnswer(Answer, frozen=True, kw_only=True):
    """Each number, normalised, in one of two lists."""

    registered: list[str]
    not_registered: list[str]


class TypingGiven(Given, frozen=True, kw_only=True):
    """In which chat, a number or a group, and for how long; 0: no more."""

    chat: Annotated[str, Meta(max_length=80)]
    seconds: Annotated[int, Meta(ge=0, le=LONGEST_TYPING_S)]


@get(
    "/{device_id:int}/groups",
    operation_id="listGroups",
    summary="A device's groups",
    responses=refusals(Code.DEVICE_UNKNOWN, Code.GROUPS_UNREAD),
)
async def get_groups(gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int]) -> GroupsAnswer:
    """As they were last read; WhatsApp is not asked."""
    device = await access.device(gateway, principal, device_id)
    reading = await gateway.storage.read(groups_of, device.id)
    if reading is None:
        raise Refusal(Code.GROUPS_UNREAD)
    return _show(reading)


@post(
    "/{device_id:int}/groups/read",
    operation_id="readGroups",
    summary="Read a device's groups",
    status_code=200,
    responses=refusals(*_ASKING),
)
async def post_groups(gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int]) -> GroupsAnswer:
    """Asks WhatsApp for the groups, and keeps them. To ask often is abuse there: do it after joining one."""
    device = await access.device(gateway, principal, device_id)
    groups = await gateway.sessions.groups(device)
    await gateway.storage.write(keep_groups, device.id, groups)
    reading = await gateway.storage.read(groups_of, device.id)
    assert reading is not None
    return _show(reading)


def _show(reading: GroupReading) -> GroupsAnswer:
    items = [KnownGroupAnswer(id=group.id, name=group.name) for group in reading.groups]
    return GroupsAnswer(read_at=instant(reading.read_at), items=items)


@post(
    "/{device_id:int}/check-numbers",
    operation_id="checkNumbers",
    summary="Which numbers are on WhatsApp",
    status_code=200,
    responses=refusals(*_ASKING, Code.TARGET_INVALID),
)
async def post_check(
    gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int], data: JSONBody[NumbersGiven]
) -> CheckedAnswer:
    """Up to 500 numbers, each once, in their order."""
    device = await access.device(gateway, principal, device_id)
    numbers = list(dict.fromkeys(parse_phone(number) for number in data.numbers))
    checked = await gateway.sessions.check(device, numbers)
    return CheckedAnswer(
        registered=[each.number for each in checked if each.registered],
        not_registered=[each.number for each in checked if not each.registered],
    )


@post(
    "/{device_id:int}/typing",
    operation_id="showTyping",
    summary='Show "typing"',
    status_code=204,
    responses=refusals(*_ASKING, Code.TARGET_INVALID),
)
async def post_typing(
    gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int], data: JSONBody[TypingGiven]
) -> None:
    """Shows it in a chat for some seconds. Asked again, it begins anew."""
    device = await access.device(gateway, principal, device_id)
    await gateway.sessions.show_typing(device, parse_address(data.chat), data.seconds * SECOND_MS)
