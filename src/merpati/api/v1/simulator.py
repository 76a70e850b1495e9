"""`/simulator`: being the people of the simulated network, where this process has one open.

The network belongs to nobody: its people are everybody's. Its devices are not: what concerns another account's is
not shown, and cannot be reached.
"""

from typing import Annotated, TypeAlias

from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.principal import Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.send_given import CARDS
from merpati.api.v1.shapes import Answer, Given
from merpati.api.v1.simulator_journal import follow_network
from merpati.api.v1.simulator_reach import acting, number_of, numbers_of, phones_of
from merpati.api.v1.simulator_saying import SayForm, said_by
from merpati.api.v1.simulator_shapes import (
    ChatLineAnswer,
    PersonAnswer,
    SimulatorAnswer,
    show_everyone,
    show_line,
    show_person,
)
from merpati.core.address import is_group, parse_address, parse_phone
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, WaId
from merpati.transports.phones import Phones
from merpati.transports.port import Text

CLOSED = (Code.SIMULATOR_CLOSED,)
OfDevice: TypeAlias = Annotated[int, QueryParameter(description="The id of a device.")]
ACTS = (*CLOSED, Code.TARGET_INVALID)


class NewPersonForm(Given, frozen=True, kw_only=True):
    """A person to add; who is there already is changed."""

    number: Annotated[str, Meta(max_length=40, examples=["0812 3456 7890"])]
    name: Annotated[str, Meta(max_length=100)] = ""
    online: bool = True
    read_receipts: bool = True


class PersonForm(Given, frozen=True, kw_only=True):
    """What is to change of a person."""

    name: Annotated[str, Meta(max_length=100)] | None = None
    online: bool | None = None
    read_receipts: bool | None = None


class DeviceForm(Given, frozen=True, kw_only=True):
    """Which device it is about."""

    device: int


class TypedForm(Given, frozen=True, kw_only=True):
    """What a device's owner writes on the phone, and to whom."""

    to: Annotated[str, Meta(max_length=40, examples=["0812 3456 7890"])]
    text: Annotated[str, Meta(min_length=1, max_length=65_536)]


class VoteForm(Given, frozen=True, kw_only=True):
    """A person's whole choice; none takes the vote back. `poll` is the line's id."""

    poll: Annotated[str, Meta(max_length=100)]
    choices: Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=12)]


class ChoiceForm(Given, frozen=True, kw_only=True):
    """What a person presses: `message` is the line's id, `choice` the button's or the row's."""

    message: Annotated[str, Meta(max_length=100)]
    choice: Annotated[str, Meta(min_length=1, max_length=300)]


class ScanForm(Given, frozen=True, kw_only=True):
    """What the phone of a device sees: the text of a QR, or a pairing code."""

    device: int
    code: Annotated[str, Meta(min_length=1, max_length=300)]


class FaultForm(Given, frozen=True, kw_only=True):
    """What is to go wrong, for which device."""

    name: Annotated[str, Meta(max_length=40)]
    device: int


class ChatAnswer(Answer, frozen=True, kw_only=True):
    """The last lines of a chat (200 of each person are kept), oldest first."""

    items: list[ChatLineAnswer]


class SaidAnswer(Answer, frozen=True, kw_only=True):
    """The id of a new line."""

    id: str


class ReadAnswer(Answer, frozen=True, kw_only=True):
    """How many messages were read."""

    count: int


@get("/", operation_id="getSimulator", summary="Who is there", responses=refusals(*CLOSED))
async def get_simulator(gateway: TheGateway, principal: ThePrincipal) -> SimulatorAnswer:
    """People, groups, and what can be made to go wrong."""
    phones, numbers = phones_of(gateway), await numbers_of(gateway, principal)
    with acting():
        return show_everyone(await phones.everyone(), phones, numbers)


@post("/people", operation_id="addPerson", summary="Add a person", responses=refusals(*ACTS))
async def add_person(gateway: TheGateway, principal: ThePrincipal, data: JSONBody[NewPersonForm]) -> PersonAnswer:
    """With a phone that is on."""
    number = parse_phone(data.number)
    with acting():
        await phones_of(gateway).set_person(
            number, name=data.name, online=data.online, read_receipts=data.read_receipts
        )
    return await _person(gateway, principal, number)


@patch("/people/{number:str}", operation_id="updatePerson", summary="Change a person", responses=refusals(*ACTS))
async def update_person(
    gateway: TheGateway, principal: ThePrincipal, number: FromPath[str], data: JSONBody[PersonForm]
) -> PersonAnswer:
    """Who comes online gets what waited; who has no read receipts reads only when told to."""
    address = parse_phone(number)
    with acting():
        await phones_of(gateway).set_person(
            address, name=data.name, online=data.online, read_receipts=data.read_receipts
        )
    return await _person(gateway, principal, address)


async def _person(gateway: Gateway, principal: Principal, number: Address) -> PersonAnswer:
    numbers = await numbers_of(gateway, principal)
    with acting():
        there = await phones_of(gateway).everyone()
    return next(show_person(each, numbers) for each in there.people if each.number == number)


@post(
    "/people/{number:str}/block",
    operation_id="blockDevice",
    summary="Block a device",
    status_code=200,
    responses=refusals(*ACTS, Code.DEVICE_UNKNOWN),
)
async def block_device(
    gateway: TheGateway, principal: ThePrincipal, number: FromPath[str], data: JSONBody[DeviceForm]
) -> PersonAnswer:
    """The person gets nothing from this device any more."""
    return await _block(gateway, principal, number, data.device, on=True)


@post(
    "/people/{number:str}/unblock",
    operation_id="unblockDevice",
    summary="Take a block back",
    status_code=200,
    responses=refusals(*ACTS, Code.DEVICE_UNKNOWN),
)
async def unblock_device(
    gateway: TheGateway, principal: ThePrincipal, number: FromPath[str], data: JSONBody[DeviceForm]
) -> PersonAnswer:
    """May be called twice."""
    return await _block(gateway, principal, number, data.device, on=False)


async def _block(gateway: Gateway, principal: Principal, person: str, device: int, *, on: bool) -> PersonAnswer:
    number, address = await number_of(gateway, principal, device), parse_phone(person)
    with acting():
        await phones_of(gateway).block(address, number, on=on)
    return await _person(gateway, principal, address)


@get(
    "/people/{number:str}/chat",
    operation_id="getChat",
    summary="What a person sees",
    responses=refusals(*ACTS, Code.DEVICE_UNKNOWN),
)
async def get_chat(
    gateway: TheGateway, principal: ThePrincipal, number: FromPath[str], device: OfDevice
) -> ChatAnswer:
    """The person's chat with a device, with what became of each message."""
    theirs, person = await number_of(gateway, principal, device), parse_phone(number)
    with acting():
        lines = await phones_of(gateway).chat(person)
    own = await access.device(gateway, principal, device)
    return ChatAnswer(items=[show_line(line, person, own.id) for line in lines if line.device == theirs])


@post(
    "/people/{number:str}/messages",
    operation_id="sayAsPerson",
    summary="Write as a person",
    responses=refusals(
        *ACTS,
        Code.DEVICE_UNKNOWN,
        Code.PERSON_OFFLINE,
        Code.PERSON_NOT_IN_GROUP,
        Code.DEVICE_NOT_PAIRED,
        Code.RECIPIENT_NOT_ON_WHATSAPP,
        Code.FILE_UNKNOWN,
        *CARDS,
    ),
)
async def say_as_person(
    gateway: TheGateway, principal: ThePrincipal, number: FromPath[str], data: JSONBody[SayForm]
) -> SaidAnswer:
    """To a device, or to a group that has a device of the account."""
    person, phones = parse_phone(number), phones_of(gateway)
    if (data.device is None) == (data.group is None):
        raise Refusal(Code.INPUT_INVALID, field="device")
    if data.device is not None:
        chat = await number_of(gateway, principal, data.device)
    else:
        chat = await _group(gateway, principal, phones, data.group or "")
    content = await said_by(gateway, principal, data)
    with acting():
        about = WaId(data.deletes or data.edits) or None
        return SaidAnswer(id=await phones.say(person, chat, content, about))


@post(
    "/devices/{device_id:int}/messages",
    operation_id="typeOnPhone",
    summary="Write on a device's own phone",
    responses=refusals(*ACTS, Code.DEVICE_UNKNOWN, Code.DEVICE_NOT_PAIRED, Code.RECIPIENT_NOT_ON_WHATSAPP),
)
async def type_on_phone(
    gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int], data: JSONBody[TypedForm]
) -> SaidAnswer:
    """As its owner, to a person: merpati is told of it, and did not send it."""
    number = await number_of(gateway, principal, device_id)
    with acting():
        return SaidAnswer(id=await phones_of(gateway).say(number, parse_phone(data.to), Text(body=data.text)))


async def _group(gateway: Gateway, principal: Principal, phones: Phones, group: str) -> Address:
    address, numbers = parse_address(group), await numbers_of(gateway, principal)
    with acting():
        there = await phones.everyone()
    if not is_group(address) or not any(
        each.id == address and set(each.members) & set(numbers) for each in there.groups
    ):
        raise Refusal(Code.PERSON_NOT_IN_GROUP)
    return address


@post(
    "/people/{number:str}/votes",
    operation_id="voteAsPerson",
    summary="Vote as a person",
    status_code=204,
    responses=refusals(*ACTS, Code.POLL_UNKNOWN, Code.CHOICE_UNKNOWN, Code.PERSON_OFFLINE),
)
async def vote_as_person(
    gateway: TheGateway, principal: ThePrincipal, number: FromPath[str], data: JSONBody[VoteForm]
) -> None:
    """On a poll that a device of the account sent to this person."""
    person, phones, numbers = parse_phone(number), phones_of(gateway), await numbers_of(gateway, principal)
    with acting():
        if not any(line.id == data.poll and line.device in numbers for line in await phones.chat(person)):
            raise Refusal(Code.POLL_UNKNOWN)
        await phones.vote(person, WaId(data.poll), data.choices)


@post(
    "/people/{number:str}/choices",
    operation_id="chooseAsPerson",
    summary="Press as a person",
    responses=refusals(*ACTS, Code.MENU_UNKNOWN, Code.CHOICE_UNKNOWN, Code.PERSON_OFFLINE),
)
async def choose_as_person(
    gateway: TheGateway, principal: ThePrincipal, number: FromPath[str], data: JSONBody[ChoiceForm]
) -> SaidAnswer:
    """A button, or a row of a list, of a message that a device of the account sent to this person."""
    person, phones, numbers = parse_phone(number), phones_of(gateway), await numbers_of(gateway, principal)
    with acting():
        if not any(line.id == data.message and line.device in numbers for line in await phones.chat(person)):
            raise Refusal(Code.MENU_UNKNOWN)
        return SaidAnswer(id=await phones.choose(person, WaId(data.message), data.choice))


@post(
    "/people/{number:str}/read",
    operation_id="readAsPerson",
    summary="Read as a person",
    status_code=200,
    responses=refusals(*ACTS, Code.DEVICE_UNKNOWN, Code.PERSON_OFFLINE),
)
async def read_as_person(
    gateway: TheGateway, principal: ThePrincipal, number: FromPath[str], data: JSONBody[DeviceForm]
) -> ReadAnswer:
    """All that this device sent and that has arrived."""
    device, person = await number_of(gateway, principal, data.device), parse_phone(number)
    with acting():
        return ReadAnswer(count=await phones_of(gateway).read(person, device))


@post(
    "/scan",
    operation_id="scanCode",
    summary="Scan with a device's phone",
    status_code=204,
    responses=refusals(*CLOSED, Code.DEVICE_UNKNOWN, Code.PAIRING_CODE_INVALID),
)
async def scan_code(gateway: TheGateway, principal: ThePrincipal, data: JSONBody[ScanForm]) -> None:
    """The device is paired then, and connects."""
    device = await number_of(gateway, principal, data.device)
    with acting():
        await phones_of(gateway).scan(data.code, device)


@post(
    "/faults",
    operation_id="startFault",
    summary="Let something go wrong",
    status_code=204,
    responses=refusals(*CLOSED, Code.DEVICE_UNKNOWN, Code.INPUT_INVALID),
)
async def start_fault(gateway: TheGateway, principal: ThePrincipal, data: JSONBody[FaultForm]) -> None:
    """For one device, until it is stopped, or has struck as often as it does; started again, it begins anew."""
    phones, device = phones_of(gateway), await number_of(gateway, principal, data.device)
    if data.name not in phones.fault_names:
        raise Refusal(Code.INPUT_INVALID, field="name")
    with acting():
        await phones.start_fault(data.name, device)


@delete(
    "/faults/{name:str}",
    operation_id="stopFault",
    summary="Stop it",
    responses=refusals(*CLOSED, Code.DEVICE_UNKNOWN),
)
async def stop_fault(
    gateway: TheGateway, principal: ThePrincipal, name: FromPath[str], device: OfDevice
) -> Response[None]:
    """May be called twice."""
    number = await number_of(gateway, principal, device)
    with acting():
        await phones_of(gateway).stop_fault(name, number)
    return Response(None, status_code=204)


def simulator_router() -> Router:
    handlers = [
        get_simulator,
        add_person,
        update_person,
        block_device,
        unblock_device,
        get_chat,
        say_as_person,
        type_on_phone,
        vote_as_person,
        choose_as_person,
        read_as_person,
        scan_code,
        start_fault,
        stop_fault,
        follow_network,
    ]
    return Router("/simulator", route_handlers=handlers, tags=["Simulator"])
