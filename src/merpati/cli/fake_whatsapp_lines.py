"""What a phone of the fake WhatsApp shows, as lines for a terminal."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import click
import msgspec

from merpati.cli.printing import printable
from merpati.cli.spoken import words
from merpati.fakes.whatsapp import asks
from merpati.fakes.whatsapp.contents import (
    Contact,
    Edit,
    Location,
    Media,
    Other,
    Poll,
    Reaction,
    Revoke,
    Shown,
    Text,
    Unreadable,
    Vote,
)


def lines_of(phone: asks.PhoneState) -> Iterator[str]:
    """One a message, the id at its end; then one a receipt."""
    for each in phone.shown:
        yield _line(each)
    for receipt in phone.receipts:
        mark = click.style("✓✓", fg="blue" if receipt.kind == "read" else None)
        yield f"{mark} {receipt.kind}  +{receipt.by}  {receipt.id}"


def _line(shown: Shown) -> str:
    at = click.style(time.strftime("%H:%M:%S", time.localtime(shown.at)), dim=True)
    who = click.style(f"+{shown.sender} ({shown.chat})", fg="green")
    reply = f" ↩ {shown.reply_to}" if shown.reply_to else ""
    said = printable(_SAID[type(shown.content)](shown.content))
    return f"{at}  {who}: {said}  {click.style(shown.id + reply, dim=True)}"


_SAID: dict[type[Any], Callable[[Any], str]] = {
    Text: lambda it: it.body,
    Media: lambda it: f"[{it.kind}] {it.filename} {it.mime} {it.caption}",
    Location: lambda it: f"[{words('phone.line.location')}] {it.latitude}, {it.longitude} {it.name}",
    Contact: lambda it: f"[{words('phone.line.contact')}] {it.name}",
    Poll: lambda it: f"[{words('phone.line.poll')}] {it.question}: {' / '.join(it.choices)}",
    Vote: lambda it: words("phone.line.voted", choices=", ".join(it.choices) or words("phone.line.no_choice")),
    Reaction: lambda it: f"{it.emoji or '∅'} → {it.to}",
    Edit: lambda it: f"{it.of} ✎ {it.body}",
    Revoke: lambda it: f"{it.of} ✗",
    Unreadable: lambda it: words("fake_whatsapp.unreadable", reason=it.reason),
    Other: lambda it: f"[{', '.join(it.fields)}]",
}


def print_state(state: asks.State) -> None:
    for each in state.phones:
        marks = [] if each.on_whatsapp else [words("phone.list.absent")]
        marks += [
            f"{number}: {words('phone.list.online' if connected else 'phone.list.offline')}"
            for number, connected in each.devices.items()
        ]
        click.echo(f"{each.number:<16} {printable(each.name):<20} {', '.join(marks)}".rstrip())
    for made in state.groups:
        click.echo(f"{made.id} {printable(made.name)}: {', '.join(made.members)}")
    for rule in state.faults:
        click.echo(msgspec.json.encode(rule).decode())
