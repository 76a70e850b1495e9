"""The network's state: what follows from the journal's entries, applied in order. Pure.

Live and at replay the same `World.apply` runs, so what survives a crash is exactly what was written.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec

from merpati.core.address import is_group
from merpati.core.clock import Millis
from merpati.core.ids import Address, WaId, WireRef
from merpati.transports.port import Poll, ReceiptKind
from merpati.transports.simulator.entries import (
    AccountKept,
    AccountSet,
    AnyEntry,
    Confirmed,
    Entry,
    Fate,
    FaultFired,
    GroupSet,
    HandOff,
    Kept,
    Line,
    News,
    PersonSet,
    Reads,
    Receipted,
    Said,
    Seen,
    SessionOpened,
    Voted,
    WaitingKept,
)
from merpati.transports.simulator.settings import Settings

CHATS_KEPT, LINES_KEPT = 500, 200
POLLS_KEPT = 10_000
MessageKey: TypeAlias = tuple[Address, WireRef]
"""A device and its message's reference."""


class Account(msgspec.Struct):
    """A device as the network knows it."""

    number: Address
    paired: bool = False
    banned_until: Millis | None = None
    taken: dict[WireRef, str] = {}
    """Digest of each reference taken, oldest first."""
    mailbox: deque[News] = msgspec.field(default_factory=deque)
    """News that the device has not confirmed."""
    last_seq: int = 0
    confirmed_seq: int = 0

    @classmethod
    def of(cls, kept: AccountKept) -> "Account":
        return cls(
            number=kept.device,
            paired=kept.paired,
            banned_until=kept.banned_until,
            taken=dict(kept.taken),
            mailbox=deque(kept.mailbox),
            last_seq=kept.last_seq,
            confirmed_seq=kept.confirmed_seq,
        )

    def kept(self) -> AccountKept:
        return AccountKept(
            device=self.number,
            paired=self.paired,
            banned_until=self.banned_until,
            taken=self.taken,
            mailbox=tuple(self.mailbox),
            last_seq=self.last_seq,
            confirmed_seq=self.confirmed_seq,
        )


class Waiting(msgspec.Struct):
    """A message that one person has not read yet."""

    chat: Address
    delivered: bool = False


class World:
    """Everything that the network knows. Read freely; change only by `apply`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.people: dict[Address, PersonSet] = {}
        self.groups: dict[Address, GroupSet] = {}
        self.accounts: dict[Address, Account] = {}
        self.waiting: dict[Address, dict[MessageKey, Waiting]] = {}
        self.polls: OrderedDict[WaId, HandOff] = OrderedDict()
        self.faults_fired: dict[str, int] = {}
        self.last_session = 0
        self._chats: OrderedDict[Address, deque[Line]] = OrderedDict()

    # -- reading --

    def person(self, number: Address) -> PersonSet:
        """The person with this number; a stranger when nobody added them."""
        known = self.people.get(number)
        if known is not None:
            return known
        if number in self.accounts:  # a device's own phone: it has the messages at once, its owner is elsewhere
            return PersonSet(t=Millis(0), number=number, reads=Reads.NEVER)
        return PersonSet(t=Millis(0), number=number, registered=self._settings.strangers)

    def account(self, device: Address) -> Account:
        """The device's account, made when it is new."""
        account = self.accounts.get(device)
        if account is None:
            account = self.accounts[device] = Account(number=device)
        return account

    def recipients(self, device: Address, chat: Address) -> tuple[Address, ...]:
        """Who gets a message of this device to this chat."""
        if not is_group(chat):
            return (chat,)
        group = self.groups.get(chat)
        return tuple(member for member in group.members if member != device) if group else ()

    def devices_in(self, chat: Address) -> Iterator[Address]:
        """The devices that get what somebody says in this chat: the members of a group, or the one device."""
        members = self.groups[chat].members if chat in self.groups else (chat,)
        return (member for member in members if member in self.accounts)

    def lines(self, number: Address) -> list[Line]:
        """The last lines that this person saw, oldest first."""
        return list(self._chats.get(number, ()))

    def unseen(self, chat: Address, ids: tuple[WaId, ...]) -> tuple[WaId, ...]:
        """Those of these messages that someone in the chat wrote, and sees as not read yet."""
        lines = (line for who in self.members(chat) for line in self.lines(who))
        wanted = {line.wa_id for line in lines if isinstance(line, Said) and not line.is_seen}
        return tuple(id_ for id_ in ids if id_ in wanted)

    def members(self, chat: Address) -> tuple[Address, ...]:
        """Who sees what people write there."""
        return self.groups[chat].members if chat in self.groups else (chat,)

    def kept(self, now: Millis) -> Kept:
        """The whole state as one entry; applied to an empty world it makes this one."""
        waiting = (
            WaitingKept(who=who, device=device, ref=ref, chat=each.chat, delivered=each.delivered)
            for who, messages in self.waiting.items()
            for (device, ref), each in messages.items()
        )
        return Kept(
            t=now,
            people=tuple(self.people.values()),
            groups=tuple(self.groups.values()),
            accounts=tuple(account.kept() for account in self.accounts.values()),
            waiting=tuple(waiting),
            polls=tuple(self.polls.values()),
            lines=tuple((who, tuple(lines)) for who, lines in self._chats.items()),
            faults_fired=dict(self.faults_fired),
            last_session=self.last_session,
        )

    # -- changing --

    def apply(self, entry: AnyEntry) -> None:
        """Make what the entry says true."""
        change = _CHANGES.get(type(entry))
        if change is not None:
            change(self, entry)

    def _restore(self, entry: Kept) -> None:
        self.people = {person.number: person for person in entry.people}
        self.groups = {group.id: group for group in entry.groups}
        self.accounts = {kept.device: Account.of(kept) for kept in entry.accounts}
        for each in entry.waiting:
            waiting = Waiting(chat=each.chat, delivered=each.delivered)
            self.waiting.setdefault(each.who, {})[each.device, each.ref] = waiting
        self.polls = OrderedDict((WaId(poll.ref), poll) for poll in entry.polls)
        self._chats = OrderedDict((who, deque(lines, maxlen=LINES_KEPT)) for who, lines in entry.lines)
        self.faults_fired, self.last_session = dict(entry.faults_fired), entry.last_session

    def _session_opened(self, entry: SessionOpened) -> None:
        self.account(entry.device)
        self.last_session = max(self.last_session, entry.session)

    def _account_set(self, entry: AccountSet) -> None:
        account = self.account(entry.device)
        account.paired, account.banned_until = entry.paired, entry.banned_until

    def _handed_off(self, entry: HandOff) -> None:
        if entry.fate is not Fate.TAKEN:
            return
        account = self.account(entry.device)
        account.taken[entry.ref] = entry.digest
        _forget_oldest(account.taken, self._settings.remember)
        for who in self.recipients(entry.device, entry.chat):
            waiting = self.waiting.setdefault(who, {})
            waiting[entry.device, entry.ref] = Waiting(chat=entry.chat)
            _forget_oldest(waiting, self._settings.remember)
            self._show(who, entry)
        if isinstance(entry.content, Poll):
            self.polls[WaId(entry.ref)] = entry
            _forget_oldest(self.polls, POLLS_KEPT)

    def _receipted(self, entry: Receipted) -> None:
        self._to_mailbox(entry)
        waiting = self.waiting.get(entry.who, {})
        key = (entry.device, entry.ref)
        if entry.kind is ReceiptKind.READ:
            waiting.pop(key, None)
        elif key in waiting:
            waiting[key].delivered = True
        if not waiting:
            self.waiting.pop(entry.who, None)

    def _said(self, entry: Said) -> None:
        self._to_mailbox(entry)
        if entry.is_typed:
            waiting = self.waiting.setdefault(entry.chat, {})
            waiting[entry.device, WireRef(entry.wa_id)] = Waiting(chat=entry.chat)
            _forget_oldest(waiting, self._settings.remember)
            self._show(entry.chat, entry)
            return
        members = self.groups[entry.chat].members if entry.chat in self.groups else (entry.sender,)
        for who in members:
            shown = self._chats.get(who)
            if who not in self.accounts and not (shown and _same_message(shown[-1], entry)):
                self._show(who, entry)

    def _seen(self, entry: Seen) -> None:
        for who in self.members(entry.chat):
            chat = self._chats.get(who, deque())
            for place, line in enumerate(chat):
                if isinstance(line, Said) and line.wa_id in entry.ids:
                    chat[place] = msgspec.structs.replace(line, is_seen=True)

    def _voted(self, entry: Voted) -> None:
        self._to_mailbox(entry)
        self._show(entry.voter, entry)

    def _to_mailbox(self, entry: News) -> None:
        account = self.account(entry.device)
        account.mailbox.append(entry)
        account.last_seq = entry.seq

    def _confirmed(self, entry: Confirmed) -> None:
        account = self.account(entry.device)
        while account.mailbox and account.mailbox[0].seq <= entry.seq:
            account.mailbox.popleft()
        account.confirmed_seq = max(account.confirmed_seq, entry.seq)

    def _show(self, who: Address, line: Line) -> None:
        chat = self._chats.get(who)
        if chat is None:
            chat = self._chats[who] = deque(maxlen=LINES_KEPT)
            _forget_oldest(self._chats, CHATS_KEPT)
        else:
            self._chats.move_to_end(who)
        chat.append(line)

    def _person_set(self, entry: PersonSet) -> None:
        self.people[entry.number] = entry

    def _group_set(self, entry: GroupSet) -> None:
        self.groups[entry.id] = entry

    def _fault_fired(self, entry: FaultFired) -> None:
        self.faults_fired[entry.rule] = self.faults_fired.get(entry.rule, 0) + 1


_CHANGES: dict[type[Entry], Callable[[World, Any], None]] = {
    PersonSet: World._person_set,
    GroupSet: World._group_set,
    AccountSet: World._account_set,
    HandOff: World._handed_off,
    Receipted: World._receipted,
    Said: World._said,
    Voted: World._voted,
    Confirmed: World._confirmed,
    Seen: World._seen,
    FaultFired: World._fault_fired,
    SessionOpened: World._session_opened,
    Kept: World._restore,
}


def _forget_oldest(kept: dict[Any, Any], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]


def _same_message(line: Line, entry: Said) -> bool:
    return isinstance(line, Said) and line.wa_id == entry.wa_id
