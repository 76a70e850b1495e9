"""`merpati fake-whatsapp`: WhatsApp played on this machine for linked phones, and acting as its people."""

import asyncio
import mimetypes
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import click
import msgspec

from merpati.cli.device import pairing_code
from merpati.cli.fake_whatsapp_lines import lines_of, print_state
from merpati.cli.printing import json_option, print_json
from merpati.cli.settings import settings_options
from merpati.cli.spoken import CHAT, NUMBER, SpokenGroup, SpokenOption, language_option, words
from merpati.cli.troubles import Trouble, run
from merpati.core.ids import Address
from merpati.fakes.whatsapp import asks
from merpati.fakes.whatsapp.contents import Contact, Content, Location, Media, MediaKind, Poll, Text
from merpati.fakes.whatsapp.faults import Fault, On, Refusal, Rule

F = TypeVar("F", bound=Callable[..., Any])
DEFAULT_PORT = 8090
ANSWERS_WITHIN_S = 60
FILE = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)


@click.group("fake-whatsapp", cls=SpokenGroup, help="cli.help.fake-whatsapp")
@language_option
def fake_whatsapp() -> None:
    pass


@fake_whatsapp.command("serve", help="cli.help.fake-whatsapp.serve")
@click.option("--port", type=int, default=DEFAULT_PORT, cls=SpokenOption, help="cli.help.fake-whatsapp.port")
@json_option
@language_option
def serve(port: int, as_json: bool) -> None:
    try:
        from merpati.cli.fake_whatsapp_serving import serve_fake
    except ModuleNotFoundError:
        raise Trouble("cli.trouble.extra_missing", extra="fake-whatsapp") from None
    try:
        asyncio.run(serve_fake(port, as_json=as_json))
    except OSError as error:
        raise Trouble("fake_whatsapp.failed", error=error) from None


# -- reaching one that runs --


def argument(name: str, **how: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own parameters
    return click.argument(name, **how)


def option(*names: str, **how: Any) -> Callable[[F], F]:  # noqa: ANN401 - click's own parameters
    return click.option(*names, cls=SpokenOption, **how)


url_option = option(
    "--url", default=f"http://127.0.0.1:{DEFAULT_PORT}", show_default=True, help="cli.help.fake-whatsapp.url"
)
person = argument("number", type=NUMBER)
to_chat = argument("to", type=CHAT)


def act(name: str, *parameters: Callable[[F], F]) -> Callable[[Any], Any]:
    """A command that makes what is asked; the answer, a message's id mostly, is printed."""

    def decorate(make: Callable[..., msgspec.Struct]) -> click.Command:
        def call(url: str, **arguments: Any) -> None:  # noqa: ANN401 - what click parsed
            ask = make(**arguments)
            answer = asyncio.run(_call(url, ask))
            click.echo(words("phone.done") if answer is None else answer)

        made: Any = call
        for parameter in (*reversed(parameters), url_option, language_option):
            made = parameter(made)
        return fake_whatsapp.command(name, help=f"cli.help.fake-whatsapp.{name}")(made)

    return decorate


async def _call(url: str, ask: msgspec.Struct | None) -> Any:  # noqa: ANN401 - the fake's answer
    """What it does, or without an ask what there is."""
    timeout = aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S)
    path = "state" if ask is None else asks.PATHS[type(ask)]
    body = None if ask is None else msgspec.json.encode(ask)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request("GET" if ask is None else "POST", f"{url}/_fake/{path}", data=body) as response,
        ):
            answer = msgspec.json.decode(await response.read())
    except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
        raise Trouble("fake_whatsapp.gone", url=url) from None
    if isinstance(answer, dict) and "error" in answer:
        raise Trouble("fake_whatsapp.refused", error=answer["error"])
    return answer


def _state(url: str) -> asks.State:
    return msgspec.convert(asyncio.run(_call(url, None)), asks.State, strict=False)


# -- who there is --


@fake_whatsapp.command("list", help="cli.help.fake-whatsapp.list")
@url_option
@json_option
@language_option
def list_(url: str, as_json: bool) -> None:
    state = _state(url)
    if as_json:
        print_json(state)
    else:
        print_state(state)


@fake_whatsapp.command("show", help="cli.help.fake-whatsapp.show")
@person
@url_option
@language_option
def show(number: Address, url: str) -> None:
    phone = next((each for each in _state(url).phones if each.number == number), None)
    for line in lines_of(phone) if phone is not None else ():
        click.echo(line)


@act(
    "add",
    person,
    argument("name", required=False),
    option("--absent/--present", default=None, help="cli.help.fake-whatsapp.absent"),
    option("--delivers/--offline", default=None, help="cli.help.fake-whatsapp.delivers"),
    option("--reads/--ignores", default=None, help="cli.help.fake-whatsapp.reads"),
)
def add(
    number: Address, name: str | None, absent: bool | None, delivers: bool | None, reads: bool | None
) -> asks.SetPerson:
    there = None if absent is None else not absent
    return asks.SetPerson(number=number, name=name, on_whatsapp=there, delivers=delivers, reads=reads)


@act("group", argument("name"), argument("members", nargs=-1, required=True, type=NUMBER))
def group(name: str, members: tuple[Address, ...]) -> asks.SetGroup:
    return asks.SetGroup(name=name, members=list(members))


@fake_whatsapp.command("link", help="cli.help.fake-whatsapp.link")
@person
@click.argument("code", required=False)
@url_option
@settings_options("host", "port", "data", "database")
@language_option
def link(number: Address, code: str | None, url: str) -> None:
    run(_link(number, code, url))


async def _link(number: Address, code: str | None, url: str) -> None:
    """Without a code the gateway is asked for one, as `merpati device pair` does."""
    typed = code or (await pairing_code(number, None))[1]
    await _call(url, asks.Link(number=number, code=typed.strip()))
    click.echo(words("fake_whatsapp.linked", number=number))


# -- a person's acts --


@act(
    "say",
    person,
    to_chat,
    argument("text", nargs=-1),
    option("--reply", default="", metavar="ID", help="cli.help.fake-whatsapp.reply"),
    option("--file", type=FILE, help="cli.help.fake-whatsapp.file"),
    option("--voice", is_flag=True, help="cli.help.fake-whatsapp.voice"),
    option("--location", type=(float, float), metavar="LAT LON", help="cli.help.fake-whatsapp.location"),
    option("--contact", type=NUMBER, metavar="NUMBER", help="cli.help.fake-whatsapp.contact"),
    option("--poll", multiple=True, metavar="CHOICE", help="cli.help.fake-whatsapp.poll"),
    option("--damaged", is_flag=True, help="cli.help.fake-whatsapp.damaged"),
    option("--copies", type=click.IntRange(1), default=1, help="cli.help.fake-whatsapp.copies"),
)
def say(
    number: Address,
    to: Address,
    text: tuple[str, ...],
    reply: str,
    damaged: bool,
    copies: int,
    **what: Any,  # noqa: ANN401 - what click parsed
) -> asks.Say:
    content = _content(" ".join(text), **what)
    return asks.Say(number=number, to=to, content=content, reply_to=reply, damaged=damaged, copies=copies)


def _content(
    text: str,
    *,
    file: Path | None,
    voice: bool,
    location: tuple[float, float] | None,
    contact: Address | None,
    poll: tuple[str, ...],
) -> Content:
    if file is not None:
        return _media(file, text, voice=voice)
    if location is not None:
        return Location(latitude=location[0], longitude=location[1], name=text)
    if contact is not None:
        card = f"BEGIN:VCARD\nVERSION:3.0\nFN:{text or contact}\nTEL;waid={contact}:+{contact}\nEND:VCARD"
        return Contact(name=text or contact, vcard=card)
    if not text:
        raise click.UsageError(words("phone.nothing_to_say"))
    return Poll(question=text, choices=poll) if poll else Text(body=text)


def _media(file: Path, caption: str, *, voice: bool) -> Media:
    mime = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    family = "voice" if voice else mime.partition("/")[0]
    kind = MediaKind(family) if family in set(MediaKind) else MediaKind.DOCUMENT
    return Media(kind=kind, data=file.read_bytes(), mime=mime, filename=file.name, caption=caption)


@act(
    "vote",
    person,
    argument("choices", nargs=-1, metavar="[CHOICE]..."),
    option("--poll", default="", metavar="ID", help="cli.help.fake-whatsapp.which"),
)
def vote(number: Address, choices: tuple[str, ...], poll: str) -> asks.Vote:
    return asks.Vote(number=number, choices=list(choices), poll=poll)


@act(
    "react",
    person,
    argument("emoji"),
    option("--message", default="", metavar="ID", help="cli.help.fake-whatsapp.which"),
)
def react(number: Address, emoji: str, message: str) -> asks.React:
    return asks.React(number=number, emoji=emoji, to=message)


@act("edit", person, argument("message"), argument("text", nargs=-1, required=True))
def edit(number: Address, message: str, text: tuple[str, ...]) -> asks.Edit:
    return asks.Edit(number=number, id=message, body=" ".join(text))


@act("revoke", person, argument("message"))
def revoke(number: Address, message: str) -> asks.Revoke:
    return asks.Revoke(number=number, id=message)


@act("read", person, option("--message", default="", metavar="ID", help="cli.help.fake-whatsapp.which_read"))
def read(number: Address, message: str) -> asks.Read:
    return asks.Read(number=number, id=message)


@act(
    "type",
    person,
    to_chat,
    option(
        "--what",
        type=click.Choice(["composing", "recording", "paused"]),
        default="composing",
        help="cli.help.fake-whatsapp.what",
    ),
)
def type_(number: Address, to: Address, what: str) -> asks.Type:
    return asks.Type(number=number, to=to, what=what)


# -- what goes wrong --


@act("end", person, argument("how", type=click.Choice([each.value for each in asks.How])))
def end(number: Address, how: str) -> asks.End:
    return asks.End(number=number, how=asks.How(how))


@act(
    "refuse",
    argument("reason", type=int),
    option("--code", type=int, default=0, help="cli.help.fake-whatsapp.ban_code"),
    option("--expire", type=int, default=0, help="cli.help.fake-whatsapp.expire"),
)
def refuse(reason: int, code: int, expire: int) -> asks.Refuse:
    return asks.Refuse(refusal=Refusal(reason, code, expire))


@act(
    "fault",
    argument("fault", type=click.Choice([each.value for each in Fault])),
    option(
        "--on", type=click.Choice([each.value for each in On]), default="message", help="cli.help.fake-whatsapp.on"
    ),
    option("--times", type=click.IntRange(0), default=1, help="cli.help.fake-whatsapp.times"),
    option("--code", type=int, default=500, help="cli.help.fake-whatsapp.fault_code"),
    option("--delay", type=float, default=0.0, help="cli.help.fake-whatsapp.delay"),
)
def fault(fault: str, on: str, times: int, code: int, delay: float) -> Rule:
    return Rule(fault=Fault(fault), on=On(on), times=times, code=code, delay_s=delay)


@act("clear")
def clear() -> asks.Clear:
    return asks.Clear()
