"""A person's chat as lines for a terminal. Pure but for the local time zone.

A message from a device ends with ✓: the network took it. ✓✓ come as lines of their own, with its first words.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Protocol

import click

from merpati.core.address import is_group
from merpati.core.ids import Address
from merpati.messages.words import summary_of
from merpati.transports.cards import Contacts, Edit, NotShown, Reaction, Revoke
from merpati.transports.interactive import Buttons, Chosen, LinkButton, ListMenu, Template
from merpati.transports.port import Location, Media, Poll, ReceiptKind, Received, Signal, Text
from merpati.transports.simulator.entries import (
    AnyEntry,
    Fate,
    HandOff,
    PersonSet,
    Receipted,
    Said,
    Seen,
    Signalled,
    Voted,
)

REMEMBERED = 1_000
_INDENT = " " * 10
_CONTROL = {code: "�" for code in (*range(32), *range(127, 160)) if code != 10}


class Words(Protocol):
    def __call__(self, key: str, **values: object) -> str: ...


class ChatLines:
    """Turns what a person sees into lines; remembers first words, and what it has shown."""

    def __init__(self, number: Address, words: Words) -> None:
        self._number, self._words = number, words
        self._heads: OrderedDict[str, str] = OrderedDict()

    def of(self, entry: AnyEntry) -> list[str]:
        """The lines of an entry; none where there is nothing to see."""
        draw = _DRAWN.get(type(entry))
        return draw(self, entry) if draw is not None else []

    def _hand_off(self, entry: HandOff) -> list[str]:
        if entry.fate is not Fate.TAKEN or entry.content is None:
            return []
        self._remember(entry.ref, entry.content)
        who = click.style(self._who(entry.device, entry.chat), fg="green", bold=True)
        return self._message(entry.t, who, entry.content, mark=f" {click.style('✓', dim=True)}")

    def _said(self, entry: Said) -> list[str]:
        if entry.wa_id in self._heads:  # a group's message has a line for every device
            return []
        self._remember(entry.wa_id, entry.content)
        mine = entry.sender == self._number
        sender = self._words("phone.line.me") if mine else entry.name or f"+{entry.sender}"
        to = entry.chat if is_group(entry.chat) else f"+{entry.device}"
        return self._message(entry.t, click.style(f"{sender} → {to}", fg="cyan", bold=True), entry.content)

    def _receipted(self, entry: Receipted) -> list[str]:
        read = entry.kind is ReceiptKind.READ
        mark = click.style("✓✓", fg="blue" if read else None, dim=not read)
        what = self._words("phone.line.read" if read else "phone.line.delivered")
        return [f"{_clock(entry.t)}  {mark} {what} {click.style(self._head(entry.ref), dim=True)}".rstrip()]

    def _seen(self, entry: Seen) -> list[str]:
        mark, who = click.style("✓✓", fg="blue"), self._who(entry.device, entry.chat)
        heads = " ".join(self._head(id_) for id_ in entry.ids)
        line = self._words("phone.line.seen", who=who)
        return [f"{_clock(entry.t)}  {mark} {line} {click.style(heads, dim=True)}"]

    def _voted(self, entry: Voted) -> list[str]:
        if entry.wa_id in self._heads:
            return []
        self._heads[entry.wa_id] = ""
        choices = ", ".join(map(_safe, entry.choices)) or self._words("phone.line.no_choice")
        return [f"{_clock(entry.t)}  {self._words('phone.line.voted', choices=choices)}"]

    def _signalled(self, entry: Signalled) -> list[str]:
        if entry.what is not Signal.TYPING:
            return []
        line = self._words("phone.line.typing", who=self._who(entry.device, entry.chat))
        return [f"{_clock(entry.t)}  {click.style(line, dim=True, italic=True)}"]

    def _person_set(self, entry: PersonSet) -> list[str]:
        state = self._words("phone.line.online" if entry.online else "phone.line.offline")
        return [f"{_clock(entry.t)}  {click.style(state, dim=True)}"]

    # -- parts --

    def _message(self, at: int, who: str, content: Received, mark: str = "") -> list[str]:
        first, *rest = _CONTENTS[type(content)](self._words, content)
        lines = [f"{_clock(at)}  {who}: {first}", *(_INDENT + line for line in rest)]
        lines[-1] += mark
        return lines

    def _who(self, device: Address, chat: Address) -> str:
        return f"+{device} ({chat})" if is_group(chat) else f"+{device}"

    def _remember(self, ref: str, content: Received) -> None:
        head = _CONTENTS[type(content)](self._words, content)[0]
        self._heads[ref] = f"«{head if len(head) <= 30 else head[:29] + '…'}»"
        if len(self._heads) > REMEMBERED:
            self._heads.popitem(last=False)

    def _head(self, ref: str) -> str:
        return self._heads.get(ref, ref)


_DRAWN: dict[type[object], Callable[[ChatLines, Any], list[str]]] = {
    HandOff: ChatLines._hand_off,
    Said: ChatLines._said,
    Receipted: ChatLines._receipted,
    Voted: ChatLines._voted,
    Signalled: ChatLines._signalled,
    Seen: ChatLines._seen,
    PersonSet: ChatLines._person_set,
}


def _clock(at: int) -> str:
    return click.style(time.strftime("%H:%M:%S", time.localtime(at / 1_000)), dim=True)


def _safe(text: str) -> str:
    """Without characters that would move a terminal's cursor or change its colours."""
    return text.translate(_CONTROL)


def _lines(text: str) -> list[str]:
    return _safe(text).split("\n")


def _text(_words: Words, content: Text) -> list[str]:
    return _lines(content.body)


def _media(words: Words, content: Media) -> list[str]:
    kind = words(f"phone.line.{content.kind}")
    size = f"{max(1, content.size_bytes // 1_000):,} kB"
    return [f"[{kind}] {_safe(content.filename)} ({size})", *(_lines(content.caption) if content.caption else [])]


def _location(words: Words, content: Location) -> list[str]:
    where = f"{content.latitude:.6f}, {content.longitude:.6f}"
    return [f"[{words('phone.line.location')}] {where}", *(_lines(content.caption) if content.caption else [])]


def _poll(words: Words, content: Poll) -> list[str]:
    title = f"[{words('phone.line.poll')}] {_safe(content.question)}"
    several = [words("phone.line.several")] if content.several else []
    return [title, *(f"{n}. {_safe(choice)}" for n, choice in enumerate(content.choices, start=1)), *several]


def _buttons(_words: Words, content: Buttons) -> list[str]:
    return _framed(content, (f"{n}. [{_safe(each.title)}]" for n, each in enumerate(content.buttons, start=1)))


def _list(_words: Words, content: ListMenu) -> list[str]:
    numbers = count(1)
    rows = []
    for section in content.sections:
        rows += [f"— {_safe(section.title)} —"] if section.title else []
        rows += [f"{next(numbers)}. {_safe(row.title)} {_safe(row.description)}".rstrip() for row in section.rows]
    return _framed(content, (f"[{_safe(content.button)}]", *rows))


def _link(_words: Words, content: LinkButton) -> list[str]:
    return _framed(content, (f"[{_safe(content.title)}] {_safe(content.url)}",))


def _framed(content: Buttons | ListMenu | LinkButton, offered: Iterable[str]) -> list[str]:
    header = [_safe(content.header)] if content.header else []
    footer = [click.style(_safe(content.footer), dim=True)] if content.footer else []
    return [*header, *_lines(content.body), *footer, *offered]


def _template(words: Words, content: Template) -> list[str]:
    return [f"[{words('phone.line.template')}] {_safe(summary_of(content))}"]


def _chosen(words: Words, content: Chosen) -> list[str]:
    return [words("phone.line.pressed", title=_safe(content.title))]


def _contacts(words: Words, content: Contacts) -> list[str]:
    cards = (" ".join(map(_safe, (each.name, *each.phones))) for each in content.contacts)
    first, *rest = (f"[{words('phone.line.contact')}] {card}" for card in cards)
    return [first, *rest]


def _reaction(words: Words, content: Reaction) -> list[str]:
    said = words("phone.line.reacted", emoji=_safe(content.emoji))
    return [said if content.emoji else words("phone.line.unreacted")]


def _edit(words: Words, content: Edit) -> list[str]:
    first, *rest = _safe(content.text).split("\n")
    return [f"[{words('message.content.edit')}] {first}", *rest]


def _revoke(words: Words, _: Revoke) -> list[str]:
    return [f"[{words('message.content.revoke')}]"]


def _not_shown(words: Words, content: NotShown) -> list[str]:
    return [f"[{words('phone.line.not_shown')}] {_safe(summary_of(content))}"]


_CONTENTS: dict[type[object], Callable[[Words, Any], list[str]]] = {
    Text: _text,
    Media: _media,
    Location: _location,
    Poll: _poll,
    Buttons: _buttons,
    ListMenu: _list,
    LinkButton: _link,
    Template: _template,
    Chosen: _chosen,
    Contacts: _contacts,
    Reaction: _reaction,
    Edit: _edit,
    Revoke: _revoke,
    NotShown: _not_shown,
}
