"""First messages to people who do not know a device's number: each has a place in time; what is too early waits.

A place is a row of `first_contact`. It is given when the message is taken for its hand-over, in the order in which
messages go, so that nothing is promised before its turn; a message whose place is to come is put back, due then.
One that is taken later than its place, as after a night without a connection, moves it to the present, where there
is room in the 24 hours before; where there is none, it and all that are to come are given anew. Who writes by
themselves, or was written to before, needs none, nor does a group. What ends before its place comes leaves it to
others.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from merpati.core.address import is_group
from merpati.core.clock import DAY_MS, Millis
from merpati.core.errors import Code
from merpati.core.ids import AccountId, Address, DeviceId, MessageId
from merpati.devices.model import Device
from merpati.devices.views import find_devices
from merpati.messages import store_accept, store_windows
from merpati.messages import store_first_contact as store
from merpati.messages.model import HoldReason
from merpati.messages.store_first_contact import Contact, WarmUp
from merpati.messages.warm_up import Calendar, limit_now, limits_of, pause_after
from merpati.storage.clock import database_now
from merpati.storage.port import Tx

PLACED_AT_ONCE = 1_000
"""What waits behind a message that is held gets its place with it, so many messages at most."""
LONG_AGO = 0
"""A place that counts for no limit."""
HURRIED = 1
"""A place that needs no room: its owner gave it. It counts from when it is taken."""
REFUSALS = frozenset({Code.NUMBER_SLOWED, Code.NETWORK_REFUSED})
"""What WhatsApp answers to a number that writes to too many strangers."""


_Contacts: TypeAlias = Mapping[tuple[DeviceId, Address], Contact]


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was taken in this transaction; `warms_up`: as `limits_of` has it."""

    message: MessageId
    account: AccountId
    device: DeviceId
    chat: Address
    warms_up: bool


async def begin_number(tx: Tx, device: DeviceId, number: str, at: Millis) -> Millis:
    """The device is connected as this number; answers since when it is. Nobody knows another one than before. May
    run twice."""
    before = await store.warm_up_of(tx, device)
    if before is not None and before.number != number:
        await _place_all_anew(tx, device, at)
        await store.drop_all(tx, device)
    await store.set_number(tx, device, number, at)
    known = await store.warm_up_of(tx, device)
    return Millis(known.since_at) if known is not None else at


async def hold_strangers(tx: Tx, heads: Sequence[Head], now: int) -> set[MessageId]:
    """Put back those of these that are too early, in this order; answers which. The others have their place."""
    people = [head for head in heads if not is_group(head.chat)]
    contacts = await _contacts(tx, [(h.account, h.device, h.chat) for h in people])
    strangers: dict[DeviceId, list[Head]] = defaultdict(list)
    for head in people:
        if not _is_free(contacts[head.device, head.chat]):
            strangers[head.device].append(head)
    back: dict[MessageId, int] = {}
    for device in (await find_devices(tx, sorted(strangers)) if strangers else {}).values():
        back |= await _place(tx, device, strangers[device.id], contacts, now)
    await store.put_back(tx, sorted(back.items()))
    await _note_holds(tx, back, now)
    return set(back)


async def _place(
    tx: Tx, device: Device, heads: Sequence[Head], contacts: _Contacts, now: int
) -> dict[MessageId, int]:
    """Give these their places; answers (message, due) of those that are too early. What waits behind such a one
    gets its place with it."""
    warm_up = await store.warm_up_of(tx, device.id) or WarmUp(now)
    limits = limits_of(device.settings, any(head.warms_up for head in heads), warm_up.since_at)
    if not limits:
        return {}
    mine = {head.chat: contacts[device.id, head.chat] for head in heads}
    most = 0 if warm_up.paused_until > now else limit_now(limits, now)
    mine = await _come_to_turn(tx, device.id, mine, most, now)
    await store.drop_unused(tx, device.id, now)
    latest = await store.latest(tx, device.id, max(limit.most for limit in limits))
    line = _Line(Calendar(limits, latest), max(now, warm_up.paused_until))
    dues = {head.message: line.place_of(mine[head.chat]) for head in heads}
    early = {message: at for message, at in dues.items() if at > now}
    if early:
        behind = [row for row in await store.due_rows(tx, device.id, now, PLACED_AT_ONCE) if not is_group(row.chat)]
        known = await _contacts(tx, [(row.account, device.id, row.chat) for row in behind])
        later = {row.message: at for row in behind if (at := line.due_of(known[device.id, row.chat], now)) > now}
        await store.postpone(tx, sorted(later.items()))
        await _note_holds(tx, later, now)
    await store.reserve(tx, [(device.id, chat, at) for chat, at in sorted(line.given.items())])
    return early


async def _come_to_turn(
    tx: Tx, device: DeviceId, mine: Mapping[Address, Contact], most: int, now: int
) -> dict[Address, Contact]:
    """Those whose turn it is take their place now, while there is room; else the others, and all that are to come,
    lose theirs."""
    room = most - len(set(await store.written_to(tx, device, now - DAY_MS, now, most + len(mine))) - mine.keys())
    turned = [chat for chat, contact in mine.items() if contact.at is not None and contact.at <= now]
    hurried = [chat for chat in turned if mine[chat].at == HURRIED]
    others = [chat for chat in turned if mine[chat].at != HURRIED]
    going = {*hurried, *others[: max(room - len(hurried), 0)]}
    await store.reserve(tx, [(device, chat, now) for chat in sorted(going)])
    if len(going) == len(turned):
        return {chat: contact._replace(at=now) if chat in going else contact for chat, contact in mine.items()}
    await store.drop(tx, device, sorted(mine.keys() - going))
    await _place_all_anew(tx, device, now)
    return {chat: contact._replace(at=now if chat in going else None) for chat, contact in mine.items()}


class _Line:
    """Places that are given in this transaction, none before `earliest`."""

    def __init__(self, calendar: Calendar, earliest: int) -> None:
        self._calendar, self._earliest = calendar, earliest
        self.given: dict[Address, int] = {}

    def place_of(self, contact: Contact) -> int:
        """The contact's, or a new one."""
        if contact.at is not None:
            return contact.at
        if contact.chat not in self.given:
            self.given[contact.chat] = self._calendar.give(self._earliest)
        return self.given[contact.chat]

    def due_of(self, contact: Contact, now: int) -> int:
        return now if _is_free(contact) else self.place_of(contact)


async def _contacts(tx: Tx, chats: Sequence[store.Chat]) -> _Contacts:
    return {(c.device, c.chat): c for c in await store.contacts(tx, chats)} if chats else {}


def _is_free(contact: Contact) -> bool:
    """It needs no place."""
    return bool(contact.known) or (contact.at is not None and contact.at <= LONG_AGO)


async def _note_holds(tx: Tx, held: Mapping[MessageId, int], now: int) -> None:
    await store_accept.insert_holds(
        tx, [(message, now, HoldReason.CAUTION, until) for message, until in sorted(held.items())]
    )


async def hear_people(tx: Tx, chats: Sequence[tuple[DeviceId, Address]]) -> None:
    """Somebody wrote to the device in these chats: what is held for them goes now, and takes nobody's place."""
    await _release(tx, chats, await database_now(tx), LONG_AGO)


async def hurry(tx: Tx, chats: Sequence[tuple[DeviceId, Address]]) -> None:
    """The owner wants what is held for these to go now, in a place of the present."""
    await _release(tx, chats, await database_now(tx), HURRIED)


async def _release(tx: Tx, chats: Sequence[tuple[DeviceId, Address]], now: int, place: int) -> None:
    held = await store.held_chats(tx, chats, now) if chats else []
    if held:
        await store.reserve(tx, [(device, chat, place) for device, chat, _ in held])
        await store.release(tx, held, now)


async def know_people(tx: Tx, device: DeviceId, people: Sequence[Address]) -> None:
    """The device's number spoke with these before: they need no place, and what is held for them goes now. May run
    twice."""
    chats = [(device, person) for person in people]
    await hear_people(tx, chats)
    await store.know(tx, chats, LONG_AGO)


async def pause(tx: Tx, refused: Sequence[Head], now: int) -> dict[MessageId, int]:
    """WhatsApp refused these, by one of `REFUSALS`: where it was a first message, nobody new is written to for a
    while. Answers (message, due) of those that wait for that. A device that pauses does not pause longer."""
    people = [head for head in refused if not is_group(head.chat)]
    heard = await store_windows.last_heard(tx, [(head.device, head.chat) for head in people]) if people else {}
    by_device: dict[DeviceId, list[Head]] = defaultdict(list)
    for head in people:
        by_device[head.device].append(head)
    dues: dict[MessageId, int] = {}
    for device in (await find_devices(tx, sorted(by_device)) if by_device else {}).values():
        warm_up = await store.warm_up_of(tx, device.id)
        if warm_up is None:
            continue
        heads = [h for h in by_device[device.id] if heard.get((device.id, h.chat), -1) < warm_up.number_at]
        if heads and limits_of(device.settings, any(h.warms_up for h in heads), warm_up.since_at):
            until = await _pause(tx, device.id, warm_up, now)
            await store.reserve(tx, [(device.id, head.chat, until) for head in heads])
            dues |= {head.message: until for head in heads}
    return dues


async def _pause(tx: Tx, device: DeviceId, before: WarmUp, now: int) -> int:
    """Until when; every place that was to come moves by the length of the pause."""
    if before.paused_until > now:
        return before.paused_until
    refusals, length_ms = pause_after(before.refusals, before.refused_at, now)
    await store.set_pause(tx, device, refusals, now, now + length_ms)
    moved = {message: at + length_ms for message, at in await store.held_rows(tx, device, now)}
    await store.move_places(tx, device, now, length_ms)
    await store.postpone(tx, sorted(moved.items()))
    await _note_holds(tx, moved, now)
    return now + length_ms


async def place_anew(tx: Tx, device: DeviceId) -> None:
    """What is held is due now: it gets another place, or none, when it is its turn."""
    await _place_all_anew(tx, device, await database_now(tx))


async def _place_all_anew(tx: Tx, device: DeviceId, now: int) -> None:
    held = await store.held_rows(tx, device, now)
    await store.drop_future(tx, device, now)
    await store.postpone(tx, [(message, now) for message, _ in held])
