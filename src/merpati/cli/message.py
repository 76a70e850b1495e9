"""`merpati message`: what became of a message, the history, and taking back or sending again."""

import time
from collections.abc import Callable, Mapping

import click
import msgspec

from merpati.accounts.views import accounts
from merpati.cli.device import account_option
from merpati.cli.device_finding import device_of
from merpati.cli.opened import choose_account, opened
from merpati.cli.printing import json_option, moment, near_moment, print_json, print_table, shorten
from merpati.cli.settings import settings_options
from merpati.cli.spoken import SpokenGroup, SpokenOption, language_option, words
from merpati.cli.timeline import Told, kind_of, tell
from merpati.cli.troubles import run
from merpati.core.address import parse_first_digits
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId, MessageId
from merpati.devices.views import devices_of, find_device
from merpati.messages.changes import cancel_message, resend_message
from merpati.messages.history import HistoryRow, Search
from merpati.messages.model import MessageState
from merpati.messages.views import Page, Status, message_status, search_history, show_message, why_waiting
from merpati.storage.port import Tx
from merpati.transports.port import Text

MOST_SHOWN = 1_000
STATES = tuple(state.name.lower() for state in MessageState)
WIDEST_TEXT = 60


@click.group("message", cls=SpokenGroup, help="cli.help.message")
@language_option
@settings_options("data", "database")
def message() -> None:
    pass


id_argument = click.argument("message_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))


# -- show --


@message.command("show", help="cli.help.message.show")
@id_argument
@json_option
@settings_options("data", "database")
@language_option
def show(message_id: int, as_json: bool) -> None:
    run(_show(MessageId(message_id), as_json=as_json))


async def _show(message_id: MessageId, *, as_json: bool) -> None:
    async with opened() as at:
        told = await at.storage.read(look_up, message_id)
        now = at.clock.now()
    if as_json:
        print_json(_as_json(told))
        return
    for line in tell(told, words, now) if isinstance(told, Told) else [_unmade(told, now)]:
        click.echo(line)


def _unmade(status: Status, now: Millis) -> str:
    return words("cli.message.unmade", id=status.message, until=near_moment(status.due_at, now))


def _as_json(told: Told | Status) -> dict[str, object]:
    shown = msgspec.structs.asdict(told.message if isinstance(told, Told) else told)
    return {**shown, "state": shown["state"].name.lower(), "due_at": told.due_at or None}


async def look_up(tx: Tx, message_id: MessageId) -> Told | Status:
    """A message with its device and what it waits for; its status alone while its batch has not made it.

    Raises `Refusal(MESSAGE_UNKNOWN)`.
    """
    _, status = await _status_of(tx, message_id)
    view, device = await show_message(tx, message_id), await find_device(tx, status.device)
    if view is None or device is None:
        return status
    return Told(message=view, device=device, due_at=status.due_at, waiting=await why_waiting(tx, view))


# -- list --


def _search_options(command: Callable[..., None]) -> Callable[..., None]:
    options = (
        click.option("--number", cls=SpokenOption, help="cli.help.message.number"),
        click.option("--name", cls=SpokenOption, help="cli.help.message.name"),
        click.option("--words", "text", cls=SpokenOption, help="cli.help.message.words"),
        click.option("--state", type=click.Choice(STATES), cls=SpokenOption, help="cli.help.message.state"),
        click.option("--device", cls=SpokenOption, help="cli.help.message.device"),
        click.option("--incoming/--outgoing", default=None, cls=SpokenOption, help="cli.help.message.incoming"),
        click.option("--from", "since", type=MOMENT, cls=SpokenOption, help="cli.help.message.from"),
        click.option("--to", "until", type=MOMENT, cls=SpokenOption, help="cli.help.message.to"),
        click.option(
            "--limit",
            type=click.IntRange(1, MOST_SHOWN),
            default=20,
            show_default=True,
            cls=SpokenOption,
            help="cli.help.message.limit",
        ),
        click.option("--after", type=PLACE, cls=SpokenOption, help="cli.help.message.after"),
        account_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


class _Moment(click.ParamType[int]):
    """A local time as people write it: 2026-08-17, or 2026-08-17 10:02."""

    name = "time"
    _FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = next((at for form in self._FORMS if (at := _parse_time(value.strip(), form)) is not None), None)
        if found is None:
            self.fail(words("cli.message.moment_invalid", text=value), param, ctx)
        return found


def _parse_time(text: str, form: str) -> int | None:
    try:
        return int(time.mktime(time.strptime(text, form)) * 1_000)
    except (ValueError, OverflowError):
        return None


class _Place(click.ParamType[tuple[int, int]]):
    """Where a page ended, as the page before printed it."""

    name = "place"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        at, _, id_ = value.partition("-")
        if not (at.isdecimal() and id_.isdecimal()):
            self.fail(words("cli.message.place_invalid", text=value), param, ctx)
        return int(at), int(id_)


MOMENT, PLACE = _Moment(), _Place()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of `message list` say."""

    number: str | None
    name: str | None
    text: str | None
    state: str | None
    device: str | None
    incoming: bool | None
    since: int | None
    until: int | None
    limit: int
    after: tuple[int, int] | None
    account: str | None


@message.command("list", help="cli.help.message.list")
@_search_options
@json_option
@settings_options("data", "database")
@language_option
def list_(as_json: bool, **asked: object) -> None:
    run(_list(msgspec.convert(asked, Asked), as_json=as_json))


async def _list(asked: Asked, *, as_json: bool) -> None:
    async with opened() as at:
        page, numbers = await at.storage.read(_find, asked)
    following = "-".join(map(str, page.next)) if page.next else None
    if as_json:
        print_json({"messages": [_row_as_json(row, numbers) for row in page.rows], "after": following})
        return
    print_table(
        ("id", "at", "device", "who", "state", "text"),
        [
            (
                str(row.id),
                moment(row.queued_at),
                numbers.get(row.device, str(row.device)),
                f"{'←' if row.incoming else '→'} {row.name or row.chat}",
                words(f"message.state.{row.state.name.lower()}"),
                shorten(_shown(row), WIDEST_TEXT),
            )
            for row in page.rows
        ],
        under="cli.message",
    )
    if following:
        click.echo(words("cli.message.more", after=following))


def _row_as_json(row: HistoryRow, numbers: Mapping[DeviceId, str]) -> dict[str, object]:
    named = {"state": row.state.name.lower(), "text": row.text, "device_number": numbers.get(row.device)}
    return {**row._asdict(), **named}


def _shown(row: HistoryRow) -> str:
    return row.text if isinstance(row.content, Text) else f"[{kind_of(row.content, words)}] {row.text}"


async def _find(tx: Tx, asked: Asked) -> tuple[Page, dict[DeviceId, str]]:
    account = await choose_account(tx, asked.account)
    search = Search(
        account=account.id,
        device=(await device_of(tx, asked.device)).id if asked.device else None,
        incoming=asked.incoming,
        number=parse_first_digits(asked.number) if asked.number else None,
        name=asked.name,
        words=asked.text,
        state=MessageState[asked.state.upper()] if asked.state else None,
        from_at=asked.since,
        to_at=asked.until,
        after=asked.after,
        limit=asked.limit,
    )
    numbers = {device.id: device.number for device in await devices_of(tx, account.id)}
    return await search_history(tx, search), numbers


# -- cancel, resend --


@message.command("cancel", help="cli.help.message.cancel")
@id_argument
@settings_options("data", "database")
@language_option
def cancel(message_id: int) -> None:
    run(_cancel(MessageId(message_id)))


async def _cancel(message_id: MessageId) -> None:
    async with opened() as at:
        account, status = await at.storage.read(_status_of, message_id)
        await at.storage.write(cancel_message, account, [status.device], message_id)
    click.echo(words("cli.message.cancelled", id=message_id))


@message.command("resend", help="cli.help.message.resend")
@id_argument
@settings_options("data", "database")
@language_option
def resend(message_id: int) -> None:
    run(_resend(MessageId(message_id)))


async def _resend(message_id: MessageId) -> None:
    async with opened() as at:
        account, status = await at.storage.read(_status_of, message_id)
        seq = (await at.ids.take("message"))[0]
        await at.storage.write(resend_message, account, [status.device], message_id, seq)
    click.echo(words("cli.message.resent", id=message_id))


async def _status_of(tx: Tx, message_id: MessageId) -> tuple[AccountId, Status]:
    """Whose message it is and where it is, also when its batch has not made it yet.

    Raises `Refusal(MESSAGE_UNKNOWN)`.
    """
    for account in await accounts(tx):
        mine = tuple(device.id for device in await devices_of(tx, account.id))
        status = await message_status(tx, mine, message_id)
        if status is not None:
            return account.id, status
    raise Refusal(Code.MESSAGE_UNKNOWN)
