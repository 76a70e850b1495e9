"""`merpati device`: the numbers that send, their tokens, and whether they are to be connected."""

import click

from merpati.accounts.views import accounts
from merpati.cli.asking import ask_code
from merpati.cli.device_finding import device_of, international_number
from merpati.cli.device_plan import plan
from merpati.cli.device_webhook import webhook
from merpati.cli.opened import Opened, choose_account, opened
from merpati.cli.printing import json_option, moment, print_json, print_table
from merpati.cli.settings import data_flag, load_settings, local_address, settings_options
from merpati.cli.spoken import NUMBER, SpokenGroup, SpokenOption, language_option, words
from merpati.cli.troubles import run
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, DeviceId
from merpati.core.tokens import new_device_token
from merpati.devices.actions import NewDevice, add_device, connect_device, disconnect_device, rotate_token
from merpati.devices.model import NOT_PAIRED, Device, words_of
from merpati.devices.views import devices_of, sealed_device_token
from merpati.locale import LANGUAGES
from merpati.locale import words as all_words
from merpati.storage.places import ExtraMissing
from merpati.storage.port import Tx
from merpati.wiring import missing_extras

DEFAULT_TRANSPORT = "simulator"
SIMULATED = (DEFAULT_TRANSPORT, "simulator_official")
LINKED = "linked"
"""On the simulated network: as a linked phone, and as a number of WhatsApp's official API."""


@click.group("device", cls=SpokenGroup, help="cli.help.device")
@language_option
@settings_options("data", "database")
def device() -> None:
    pass


device.add_command(webhook)
device.add_command(plan)
account_option = click.option("--account", metavar="ACCOUNT", cls=SpokenOption, help="cli.help.account")


# -- finding one --


async def _all_devices(tx: Tx, account: str | None) -> list[Device]:
    chosen = [await choose_account(tx, account)] if account else await accounts(tx)
    return [device for each in chosen for device in await devices_of(tx, each.id)]


# -- commands --


@device.command("add", help="cli.help.device.add")
@click.argument("number")
@click.argument("name")
@account_option
@click.option(
    "--transport",
    default=DEFAULT_TRANSPORT,
    show_default=True,
    type=click.Choice((*SIMULATED, LINKED)),
    cls=SpokenOption,
    help="cli.help.device.transport",
)
@click.option("--connect", is_flag=True, cls=SpokenOption, help="cli.help.device.connect_too")
@json_option
@settings_options("data", "database")
@language_option
def add(number: str, name: str, account: str | None, transport: str, connect: bool, as_json: bool) -> None:
    run(_add(number, name, account, transport, connect=connect, as_json=as_json))


async def _add(
    number: str, name: str, account: str | None, transport: str, *, connect: bool, as_json: bool
) -> None:
    if transport in (missing := missing_extras()):
        raise ExtraMissing(missing[transport])
    async with opened() as at:
        owner = await at.storage.read(choose_account, account)
        new = NewDevice(
            id=DeviceId((await at.ids.take("device"))[0]),
            account=owner.id,
            number=international_number(number) or number,
            name=name,
            transport=transport,
            desired=connect,
        )
        token = new_device_token()
        made = await at.storage.write(add_device, new, at.sealer().seal_token("device", new.id, token))
    if as_json:
        print_json({**_as_json(made), "token": token})
    else:
        click.echo(words("cli.device.added", number=made.number, name=made.name, token=token))


@device.command("list", help="cli.help.device.list")
@account_option
@json_option
@settings_options("data", "database")
@language_option
def list_(account: str | None, as_json: bool) -> None:
    run(_list(account, as_json=as_json))


async def _list(account: str | None, *, as_json: bool) -> None:
    async with opened() as at:
        known = await at.storage.read(_all_devices, account)
    if as_json:
        print_json([_as_json(each) for each in known])
    else:
        rows = [(each.number, each.name, each.transport, means(each), moment(each.state_at)) for each in known]
        print_table(("number", "name", "transport", "state", "since"), rows, under="cli.device")


def means(device: Device) -> str:
    """What its state means, with the reason: in our words, or the network's own where we have none."""
    known = words_of(device)
    sentence = words(known.means)
    if known is NOT_PAIRED:
        return sentence
    if (key := f"device.reason.{device.state_reason}") in all_words(LANGUAGES[0]):
        return f"{sentence} {words(key)}"
    return f"{sentence} ({device.state_reason})" if device.state_reason else sentence


def next_step(device: Device) -> str:
    """What to do about its state."""
    return words(words_of(device).next_step, number=device.number)


def _as_json(device: Device) -> dict[str, object]:
    return {
        "id": device.id,
        "number": device.number,
        "name": device.name,
        "account": device.account,
        "transport": device.transport,
        "wanted": device.desired,
        "connected": device.connected,
        "state": device.state,
        "reason": device.state_reason,
        "since": device.state_at,
    }


@device.command("show", help="cli.help.device.show")
@click.argument("number")
@json_option
@settings_options("data", "database")
@language_option
def show(number: str, as_json: bool) -> None:
    run(_show(number, as_json=as_json))


async def _show(number: str, *, as_json: bool) -> None:
    async with opened() as at:
        known = await at.storage.read(device_of, number)
    if as_json:
        print_json(_as_json(known))
        return
    wanted = words("cli.device.wanted" if known.desired else "cli.device.unwanted")
    lines = {
        "number": known.number,
        "name": known.name,
        "transport": known.transport,
        "state": means(known),
        "since": moment(known.state_at),
        "wanted": wanted,
        "next": next_step(known),
    }
    print_pairs(lines, under="cli.device")


def print_pairs(pairs: dict[str, str], *, under: str) -> None:
    """One line for each; its name is the sentence `<under>.column.<name>`."""
    named = {words(f"{under}.column.{name}"): value for name, value in pairs.items()}
    width = max(map(len, named))
    for name, value in named.items():
        click.echo(f"{name:<{width}}  {value}")


@device.command("token", help="cli.help.device.token")
@click.argument("number")
@settings_options("data", "database")
@language_option
def token(number: str) -> None:
    run(_token(number))


async def _token(number: str) -> None:
    async with opened() as at:
        known = await at.storage.read(device_of, number)
        click.echo(await token_of(at, known.id))


async def token_of(at: Opened, device: DeviceId) -> str:
    """The device's token, unsealed; raises `CannotUnseal`."""
    sealed = await at.storage.read(sealed_device_token, device)
    return at.sealer().unseal("device", device, sealed or "")


@device.command("rotate", help="cli.help.device.rotate")
@click.argument("number")
@settings_options("data", "database")
@language_option
def rotate(number: str) -> None:
    run(_rotate(number))


async def _rotate(number: str) -> None:
    async with opened() as at:
        known = await at.storage.read(device_of, number)
        new = new_device_token()
        await at.storage.write(rotate_token, known.id, at.sealer().seal_token("device", known.id, new))
    click.echo(words("cli.device.rotated", number=known.number, token=new))


@device.command("pair", help="cli.help.device.pair")
@click.argument("number")
@click.option("--phone", type=NUMBER, metavar="NUMBER", cls=SpokenOption, help="cli.help.device.pair_phone")
@json_option
@settings_options("host", "port", "data", "database")
@language_option
def pair(number: str, phone: Address | None, as_json: bool) -> None:
    run(_pair(number, phone, as_json=as_json))


async def _pair(number: str, phone: Address | None, *, as_json: bool) -> None:
    known, code = await pairing_code(number, phone)
    if as_json:
        print_json({"code": code})
        return
    click.echo(words("cli.device.pair_code", number=known.number, code=code))
    if known.transport in SIMULATED:
        scan = f"merpati phone scan {code}{data_flag(load_settings())}"
        click.echo(words("cli.device.pair_simulated", scan=scan))


async def pairing_code(number: str, phone: Address | None) -> tuple[Device, str]:
    """The device, and the code by which the running gateway links it with this phone (or its own number's)."""
    async with opened() as at:
        known = await at.storage.read(device_of, number)
        token = await token_of(at, known.id)
    if known.connected:
        raise Refusal(Code.DEVICE_ALREADY_CONNECTED)
    return known, await ask_code(local_address(at.config), known.number, phone or known.number, token)


@device.command("connect", help="cli.help.device.connect")
@click.argument("number")
@settings_options("data", "database")
@language_option
def connect(number: str) -> None:
    run(_want(number, wanted=True))


@device.command("disconnect", help="cli.help.device.disconnect")
@click.argument("number")
@settings_options("data", "database")
@language_option
def disconnect(number: str) -> None:
    run(_want(number, wanted=False))


async def _want(number: str, *, wanted: bool) -> None:
    async with opened() as at:
        known = await at.storage.read(device_of, number)
        await at.storage.write(connect_device if wanted else disconnect_device, known.id)
    click.echo(words("cli.device.connecting" if wanted else "cli.device.disconnecting", number=known.number))
