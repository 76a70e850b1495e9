"""`merpati phone`: act as a person on the simulated network, and watch what they see."""

import asyncio
import contextlib
import mimetypes
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from merpati.cli.chat_lines import ChatLines
from merpati.cli.settings import load_settings, settings_options
from merpati.cli.spoken import CHAT, NUMBER, SpokenGroup, SpokenOption, language_option, words
from merpati.core.address import is_group, parse_address
from merpati.core.errors import Refusal
from merpati.core.ids import Address, WaId
from merpati.transports.cards import Contact, Contacts, Reaction
from merpati.transports.phones import ActRefused
from merpati.transports.port import Content, Location, Media, MediaKind, Text
from merpati.transports.simulator.connection import LinkDown, LinkLost
from merpati.transports.simulator.entries import HandOff, Reads
from merpati.transports.simulator.faults import Do, Rule
from merpati.transports.simulator.link import SimulatorLink, open_link, open_phone
from merpati.transports.simulator.phone import Phone
from merpati.transports.simulator.server import SIMULATOR_FOLDER

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


data_option = settings_options("data")
"""`--data`, wherever it is written."""


@click.group(cls=SpokenGroup, help="cli.help.phone")
@language_option
@data_option
def phone() -> None:
    pass


def act(name: str, *parameters: Callable[[F], F], under: click.Group = phone) -> Callable[[Any], Any]:
    """A command whose coroutine gets a `Phone` first. Its help is under its group's key."""

    def decorate(do: Callable[..., Coroutine[Any, Any, None]]) -> click.Command:
        def run(**arguments: Any) -> None:  # noqa: ANN401 - what click parsed
            _run(lambda phone: do(phone, **arguments))

        made: Any = run
        for parameter in (*reversed(parameters), data_option, language_option):
            made = parameter(made)
        return under.command(name, help=f"{under.help}.{name}")(made)

    return decorate


def argument(name: str, **how: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own parameters
    return click.argument(name, **how)


def option(*names: str, **how: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own parameters
    return click.option(*names, cls=SpokenOption, **how)


person = argument("number", type=NUMBER)
device = argument("device", type=NUMBER)


# -- reaching the network --


def _run(do: Callable[[Phone], Awaitable[None]]) -> None:
    try:
        asyncio.run(_with_phone(do))
    except ActRefused as refused:
        raise click.ClickException(words(f"phone.no.{refused.code}", about=refused.about)) from None
    except (LinkLost, LinkDown):
        raise click.ClickException(words("phone.gone")) from None
    except KeyboardInterrupt:
        click.echo()


async def _with_phone(do: Callable[[Phone], Awaitable[None]]) -> None:
    async with _link() as link:
        await do(link.phone)


@contextlib.asynccontextmanager
async def _link() -> AsyncIterator[SimulatorLink]:
    socket, folder = load_settings().config.simulator_socket, data_folder() / SIMULATOR_FOLDER
    try:
        link = await (open_link(socket=Path(socket)) if socket else open_phone(folder))
    except OSError:
        raise click.ClickException(words("phone.no_simulator", folder=socket or folder.absolute())) from None
    try:
        yield link
    finally:
        await link.close()


def data_folder() -> Path:
    """The data folder in force."""
    return load_settings().config.data


FILE = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)

# -- a person's acts --


@act("watch", person, option("--tail", type=click.IntRange(0), default=20, help="cli.help.phone.tail"))
async def watch(phone: Phone, number: Address, tail: int) -> None:
    lines = ChatLines(number, words)
    click.echo(click.style(words("phone.watching", number=number), dim=True))
    async for entry in phone.watch(number, tail):
        for line in lines.of(entry):
            click.echo(line)
    raise LinkLost


@act(
    "say",
    person,
    argument("chat", type=CHAT),
    argument("text", nargs=-1),
    option("--reply", metavar="ID", help="cli.help.phone.reply"),
    option("--location", type=(float, float), metavar="LAT LON", help="cli.help.phone.location"),
    option("--file", type=FILE, help="cli.help.phone.file"),
    option("--contact", metavar="NUMBER", help="cli.help.phone.contact"),
)
async def say(
    phone: Phone,
    number: Address,
    chat: Address,
    text: tuple[str, ...],
    reply: str | None,
    location: tuple[float, float] | None,
    file: Path | None,
    contact: str | None,
) -> None:
    if contact is not None:
        content: Content = Contacts(contacts=(Contact(name=" ".join(text) or contact, phones=(contact,)),))
    else:
        content = await _content(phone, " ".join(text), location, file)
    said = await phone.say(number, chat, content, quoted=WaId(reply) if reply else None)
    click.echo(words("phone.said", id=said))


async def _content(phone: Phone, text: str, location: tuple[float, float] | None, file: Path | None) -> Content:
    if location is not None:
        return Location(latitude=location[0], longitude=location[1], caption=text)
    if file is not None:
        return _media(file, await phone.keep(file), text)
    if not text:
        raise click.UsageError(words("phone.nothing_to_say"))
    return Text(body=text)


def _media(file: Path, kept: str, caption: str) -> Media:
    mime = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    family = mime.split("/", 1)[0]
    return Media(
        kind=MediaKind(family) if family in set(MediaKind) else MediaKind.DOCUMENT,
        path=kept,
        mime=mime,
        size_bytes=file.stat().st_size,
        filename=file.name,
        caption=caption,
    )


@act(
    "vote",
    person,
    argument("choices", nargs=-1, metavar="[CHOICE]..."),
    option("--poll", metavar="ID", help="cli.help.phone.poll"),
)
async def vote(phone: Phone, number: Address, choices: tuple[str, ...], poll: str | None) -> None:
    voted = await phone.vote(number, choices, WaId(poll) if poll else None)
    click.echo(words("phone.voted" if choices else "phone.unvoted", id=voted))


@act(
    "choose",
    person,
    argument("choice"),
    option("--message", metavar="ID", help="cli.help.phone.message"),
)
async def choose(phone: Phone, number: Address, choice: str, message: str | None) -> None:
    said = await phone.choose(number, choice, WaId(message) if message else None)
    click.echo(words("phone.said", id=said))


@act(
    "react",
    person,
    argument("emoji"),
    option("--message", metavar="ID", help="cli.help.phone.reacted"),
)
async def react(phone: Phone, number: Address, emoji: str, message: str | None) -> None:
    lines = (now.line for now in reversed(await phone.chat(number)) if isinstance(now.line, HandOff))
    line = next((each for each in lines if message is None or each.ref == message), None)
    if line is None:
        raise click.ClickException(words("phone.nothing_to_react", number=number))
    chat = line.chat if is_group(line.chat) else line.device
    said = await phone.say(number, chat, Reaction(emoji=emoji, about=WaId(line.ref)))
    click.echo(words("phone.said", id=said))


@act("read", person, option("--device", type=NUMBER, help="cli.help.phone.device"))
async def read(phone: Phone, number: Address, device: Address | None) -> None:
    click.echo(words("phone.read", count=await phone.read(number, device)))


@act("type", person, device, option("--off", is_flag=True, help="cli.help.phone.type_off"))
async def type_(phone: Phone, number: Address, device: Address, off: bool) -> None:
    await phone.type(number, device, on=not off)
    click.echo(words("phone.done"))


@act("online", person)
async def online(phone: Phone, number: Address) -> None:
    await phone.online(number)
    click.echo(words("phone.online", number=number))


@act("offline", person)
async def offline(phone: Phone, number: Address) -> None:
    await phone.offline(number)
    click.echo(words("phone.offline", number=number))


@act("block", person, device)
async def block(phone: Phone, number: Address, device: Address) -> None:
    await phone.block(number, device)
    click.echo(words("phone.blocked", number=number, device=device))


@act("unblock", person, device)
async def unblock(phone: Phone, number: Address, device: Address) -> None:
    await phone.block(number, device, on=False)
    click.echo(words("phone.unblocked", number=number, device=device))


# -- the network's people, groups, devices --


@act(
    "add",
    person,
    argument("name", required=False),
    option("--absent/--present", default=None, help="cli.help.phone.absent"),
    option("--reads", type=click.Choice([each.value for each in Reads]), help="cli.help.phone.reads"),
)
async def add(phone: Phone, number: Address, name: str | None, absent: bool | None, reads: str | None) -> None:
    registered = None if absent is None else not absent
    await phone.add(number, name, registered=registered, reads=Reads(reads) if reads else None)
    click.echo(words("phone.added", number=number))


@act("scan", argument("code"), option("--device", type=NUMBER, help="cli.help.phone.scan_device"))
async def scan(phone: Phone, code: str, device: Address | None) -> None:
    click.echo(words("phone.paired", device=await phone.scan(code, device)))


@act("unlink", device)
async def unlink(phone: Phone, device: Address) -> None:
    await phone.unlink(device)
    click.echo(words("phone.unlinked", device=device))


@act(
    "group",
    argument("name"),
    argument("members", nargs=-1, required=True, type=NUMBER),
    option("--id", "group", type=CHAT, help="cli.help.phone.group_id"),
)
async def group(phone: Phone, name: str, members: tuple[Address, ...], group: Address | None) -> None:
    made = group or Address(f"1203630{secrets.randbelow(10**11):011d}@g.us")
    await phone.set_group(made, name, members)
    click.echo(words("phone.grouped", group=made, count=len(members)))


@act("list")
async def list_(phone: Phone) -> None:
    everything = await phone.everything()
    for known in everything.people:
        marks = [
            words("phone.list.online" if known.online else "phone.list.offline"),
            *([] if known.registered else [words("phone.list.absent")]),
            *(words("phone.list.blocks", device=device) for device in known.blocks),
        ]
        click.echo(f"{known.number:<16} {known.name:<20} {', '.join(marks)}")
    for made in everything.groups:
        click.echo(f"{made.id} {made.name}: {', '.join(made.members)}")
    for now in everything.devices:
        state = "connected" if now.connected else "paired" if now.account.paired else "unpaired"
        click.echo(f"{now.account.device:<16} {words(f'phone.list.device_{state}', count=now.unconfirmed)}")


# -- faults --


@phone.group("fault", cls=SpokenGroup, help="cli.help.phone.fault")
@language_option
@data_option
def fault() -> None:
    pass


@act(
    "add",
    argument("do", type=click.Choice([each.value for each in Do]), metavar="WHAT"),
    argument("conditions", nargs=-1, metavar="[NAME=VALUE]..."),
    under=fault,
)
async def fault_add(phone: Phone, do: str, conditions: tuple[str, ...]) -> None:
    given = dict(each.partition("=")[::2] for each in conditions)
    try:
        given |= {name: parse_address(given[name]) for name in ("device", "to") if name in given}
        rule = msgspec.convert({"do": do, **given}, Rule, strict=False)
    except (msgspec.ValidationError, Refusal) as error:
        raise click.UsageError(words("phone.fault.invalid", error=error)) from None
    await phone.add_fault(rule)
    click.echo(words("phone.done"))


@act("list", under=fault)
async def fault_list(phone: Phone) -> None:
    for rule in (await phone.everything()).faults:
        click.echo(msgspec.json.encode(rule).decode())


@act("clear", under=fault)
async def fault_clear(phone: Phone) -> None:
    await phone.clear_faults()
    click.echo(words("phone.done"))


@act("cut", under=fault)
async def fault_cut(phone: Phone) -> None:
    click.echo(words("phone.fault.cut", count=await phone.cut_link()))
