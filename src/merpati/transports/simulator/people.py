"""What people do: speak, vote, read, come and go, block; groups; devices without code. One function an act.

Each answers `Done`, or `No` with a code that has a sentence under `phone.no.<code>` in the locale files.
"""

import secrets

import msgspec

from merpati.core.ids import Address, WaId, WireRef
from merpati.transports.port import Poll, Received, SessionState
from merpati.transports.simulator import wire
from merpati.transports.simulator.entries import (
    AccountSet,
    GroupSet,
    HandOff,
    PersonSet,
    Said,
    Voted,
)
from merpati.transports.simulator.faults import USUAL
from merpati.transports.simulator.handoffs import deliver, read, settle
from merpati.transports.simulator.network import Client, Network
from merpati.transports.simulator.seen import DeviceNow, LineNow
from merpati.transports.simulator.wire import Done, No


def new_wa_id() -> WaId:
    """An id as WhatsApp's own clients make them."""
    return WaId("3EB0" + secrets.token_hex(9).upper())


def set_person(net: Network, ask: wire.AddPerson) -> Done:
    """Add or change; who comes online gets what waited."""
    given = {
        name: value
        for name in ("name", "online", "registered", "reads")
        if (value := getattr(ask, name)) is not None
    }
    before = net.world.person(ask.number)
    fresh = {"registered": True} if ask.number not in net.world.people else {}
    after = msgspec.structs.replace(before, t=net.now(), number=ask.number, **(fresh | given))
    net.record(after)
    if after.online:
        settle(net, ask.number)
    return Done(q=ask.q, id=ask.number)


def block(net: Network, ask: wire.Block) -> Done:
    """Block a device, or take the block back."""
    person = net.world.person(ask.number)
    others = tuple(device for device in person.blocks if device != ask.device)
    blocks = (*others, ask.device) if ask.on else others
    net.record(msgspec.structs.replace(person, t=net.now(), number=ask.number, blocks=blocks))
    return Done(q=ask.q)


def set_group(net: Network, ask: wire.SetGroup) -> Done:
    """Make a group, or change it."""
    net.record(GroupSet(t=net.now(), id=ask.id, name=ask.name, members=ask.members))
    return Done(q=ask.q, id=ask.id)


def add_device(net: Network, ask: wire.AddDevice) -> Done:
    """Pair without code; harmless when it is paired."""
    if not net.world.account(ask.device).paired:
        net.record(AccountSet(t=net.now(), device=ask.device, paired=True))
    return Done(q=ask.q, id=ask.device)


def unlink(net: Network, ask: wire.Unlink) -> Done | No:
    """The device's phone ends the pairing."""
    if ask.device not in net.world.accounts:
        return No(q=ask.q, code="device_unknown", about=ask.device)
    net.unpair(ask.device, SessionState.LOGGED_OUT, "unlinked")
    return Done(q=ask.q)


def say(net: Network, ask: wire.Say) -> Done | No:
    """A message to a device or a group: one id, one line for each device that gets it. One that a device's owner
    writes to a person is typed on the device's own phone."""
    person = net.world.person(ask.number)
    if ask.number in net.world.accounts and not (ask.chat in net.world.accounts or ask.chat in net.world.groups):
        return _type_on_phone(net, ask)
    refused = cannot_act(person) or _cannot_reach(net, ask.number, ask.chat)
    if refused:
        return No(q=ask.q, code=refused, about=ask.chat if refused.endswith("unknown") else ask.number)
    wa_id, group = new_wa_id(), ask.chat in net.world.groups
    for device in list(net.world.devices_in(ask.chat)):
        _say_to(net, person, device, wa_id, ask.chat if group else ask.number, ask.content, ask.quoted)
    return Done(q=ask.q, id=wa_id)


def _type_on_phone(net: Network, ask: wire.Say) -> Done | No:
    """The device is told, and the person gets it as any message."""
    if not net.world.account(ask.number).paired:
        return No(q=ask.q, code="device_unknown", about=ask.number)
    if not net.world.person(ask.chat).registered:
        return No(q=ask.q, code="not_on_whatsapp", about=ask.chat)
    wa_id = new_wa_id()
    _say_to(net, net.world.person(ask.number), ask.number, wa_id, ask.chat, ask.content, ask.quoted)
    deliver(net, USUAL, ask.number, WireRef(wa_id), ask.chat)
    return Done(q=ask.q, id=wa_id)


def cannot_act(person: PersonSet) -> str:
    """Why they cannot: a code under `phone.no`; empty when they can."""
    if not person.registered:
        return "not_on_whatsapp"
    return "" if person.online else "is_offline"


def _cannot_reach(net: Network, number: Address, chat: Address) -> str:
    group = net.world.groups.get(chat)
    if group is not None:
        return "" if number in group.members else "not_in_group"
    account = net.world.accounts.get(chat)
    return "" if account is not None and account.paired else "device_unknown"


def _say_to(
    net: Network,
    person: PersonSet,
    device: Address,
    wa_id: WaId,
    chat: Address,
    content: Received,
    quoted: WaId | None,
) -> None:
    said = Said(
        t=net.now(),
        device=device,
        seq=net.next_seq(device),
        wa_id=wa_id,
        chat=chat,
        sender=person.number,
        name=person.name,
        content=content,
        quoted=quoted,
    )
    net.post(said)


def vote(net: Network, ask: wire.Vote) -> Done | No:
    """Choices may be written in any case, or as their number in the list (1 is the first)."""
    person = net.world.person(ask.number)
    line = _poll_of(net, ask.number, ask.poll)
    if cannot_act(person) or line is None or not isinstance(line.content, Poll):
        return No(q=ask.q, code=cannot_act(person) or "poll_unknown", about=ask.poll or ask.number)
    poll = line.content
    chosen = [_choice(poll, choice) for choice in ask.choices]
    if "" in chosen:
        return No(q=ask.q, code="choice_unknown", about=", ".join(poll.choices))
    if len(set(chosen)) > 1 and not poll.several:
        return No(q=ask.q, code="one_choice", about=poll.question)
    voted = Voted(
        t=net.now(),
        device=line.device,
        seq=net.next_seq(line.device),
        wa_id=new_wa_id(),
        poll=WaId(line.ref),
        chat=line.chat if line.chat in net.world.groups else ask.number,
        voter=ask.number,
        name=person.name,
        choices=tuple(choice for choice in poll.choices if choice in chosen),
    )
    net.post(voted)
    return Done(q=ask.q, id=voted.poll)


def _poll_of(net: Network, number: Address, poll: WaId | None) -> HandOff | None:
    if poll is not None:
        line = net.world.polls.get(poll)
        return line if line and number in net.world.recipients(line.device, line.chat) else None
    newest_first = reversed(net.world.polls.values())
    return next((each for each in newest_first if number in net.world.recipients(each.device, each.chat)), None)


def _choice(poll: Poll, text: str) -> str:
    """The poll's own word for what the voter wrote; empty when there is none."""
    plain = text.strip().casefold()
    for choice in poll.choices:
        if choice.strip().casefold() == plain:
            return choice
    if plain.isdecimal() and 1 <= int(plain) <= len(poll.choices):
        return poll.choices[int(plain) - 1]
    return ""


def read_all(net: Network, ask: wire.Read) -> Done | No:
    """Read everything that has arrived, in order."""
    refused = cannot_act(net.world.person(ask.number))
    if refused:
        return No(q=ask.q, code=refused, about=ask.number)
    unread = [key for key in net.world.waiting.get(ask.number, {}) if ask.device is None or key[0] == ask.device]
    for device, ref in unread:
        deliver(net, USUAL, device, ref, ask.number)
        read(net, USUAL, device, ref, ask.number)
    return Done(q=ask.q, count=len(unread))


def show_typing(net: Network, ask: wire.Type) -> Done | No:
    """Seen only by a device that is connected now."""
    refused = _cannot_reach(net, ask.number, ask.device)
    if refused:
        return No(q=ask.q, code=refused, about=ask.device)
    session = net.session_of(ask.device)
    if session is not None:
        typed = wire.Typed(channel=session.channel, at=net.now(), chat=ask.number, on=ask.on)
        session.client.put(typed)
    return Done(q=ask.q)


def list_all(net: Network, ask: wire.List) -> wire.Everything:
    """People that were added, groups, devices, rules in force."""
    return wire.Everything(
        q=ask.q,
        people=tuple(net.world.people.values()),
        groups=tuple(net.world.groups.values()),
        devices=tuple(_device_now(net, number) for number in net.world.accounts),
        faults=net.faults.rules,
    )


def _device_now(net: Network, number: Address) -> DeviceNow:
    account = net.world.account(number)
    return DeviceNow(
        account=AccountSet(t=net.now(), device=number, paired=account.paired, banned_until=account.banned_until),
        connected=net.session_of(number) is not None,
        unconfirmed=len(account.mailbox),
    )


def show_chat(net: Network, ask: wire.Chat) -> wire.ChatShown:
    """The person's last lines, each with what became of it."""
    lines = net.world.lines(ask.number)
    return wire.ChatShown(q=ask.q, lines=tuple(_line_now(net, ask.number, line) for line in lines))


def _line_now(net: Network, number: Address, line: HandOff | Said | Voted) -> LineNow:
    if not isinstance(line, HandOff):
        return LineNow(line=line, state="read" if isinstance(line, Said) and line.is_seen else "")
    waits = net.world.waiting.get(number, {}).get((line.device, line.ref))
    return LineNow(line=line, state="read" if waits is None else "delivered" if waits.delivered else "sent")


def watch(net: Network, client: Client, ask: wire.Watch) -> None:
    """The person's last lines, each followed by what became of it; then live."""
    lines = net.world.lines(ask.number)[-ask.tail :] if ask.tail > 0 else []
    client.put(wire.History(q=ask.q, entries=tuple(lines)))
    if not ask.number:
        net.observers.add(client)
        return
    net.watchers.setdefault(ask.number, set()).add(client)


def add_fault(net: Network, ask: wire.AddFault) -> Done:
    """Put a rule in force, until the network's end or `clear_faults`."""
    net.faults.add(ask.rule, fired={})
    return Done(q=ask.q)


def clear_faults(net: Network, ask: wire.ClearFaults) -> Done:
    net.faults.clear(ask.name)
    return Done(q=ask.q)


def cut_link(net: Network, ask: wire.CutLink) -> Done:
    """Cut every connection that carries a device's session."""
    clients = {session.client for session in net.sessions()}
    for client in clients:
        client.cut()
    return Done(q=ask.q, count=len(clients))
