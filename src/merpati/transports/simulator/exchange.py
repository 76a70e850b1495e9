"""The table from what a client sends to what the network does."""

from collections.abc import Callable
from typing import Any

from merpati.core.ids import Address
from merpati.transports.port import Group, NumberCheck, SessionState
from merpati.transports.simulator import choosing, handoffs, pairing, people, wire
from merpati.transports.simulator.entries import Seen, Signalled
from merpati.transports.simulator.journal import JournalFull
from merpati.transports.simulator.network import Client, Network


def handle(net: Network, client: Client, frame: wire.FromClient) -> None:
    """Do what a frame asks. `wire.Upload` is not for here: it reads a file (`server`)."""
    act = _ACTS.get(type(frame))
    try:
        if act is not None:
            client.put(act(net, frame))
        else:
            _MOVES[type(frame)](net, client, frame)
    except JournalFull:
        _sorry(client, frame)


def _sorry(client: Client, frame: wire.FromClient) -> None:
    q = getattr(frame, "q", None)
    if q is None:
        client.cut()
    else:
        client.put(wire.No(q=q, code="network_full"))


def _login(net: Network, client: Client, ask: wire.Login) -> None:
    net.login(client, ask)


def _leave(net: Network, client: Client, ask: wire.Leave) -> None:
    pairing.cancel(net, client, ask.device)
    session = net.session(client, ask.channel)
    if session is not None:
        net.end(session, SessionState.OFF, "left", tell=False)
    account = net.world.accounts.get(ask.device)
    if ask.logout and account is not None and account.paired:
        net.unpair(ask.device, SessionState.LOGGED_OUT, "logged_out")


def _confirm(net: Network, client: Client, ask: wire.Confirm) -> None:
    session = net.session(client, ask.channel)
    if session is not None:
        net.confirm(session.device, ask.seq)


def _show(net: Network, client: Client, ask: wire.Show) -> None:
    session = net.session(client, ask.channel)
    if session is not None:
        net.note(Signalled(t=net.now(), device=session.device, chat=ask.chat, what=ask.what))


def _mark_read(net: Network, client: Client, ask: wire.MarkRead) -> None:
    """Recorded once, however often it is told."""
    session = net.session(client, ask.channel)
    ids = net.world.unseen(ask.chat, ask.ids) if session is not None else ()
    if session is not None and ids:
        net.note(Seen(t=net.now(), device=session.device, chat=ask.chat, ids=ids))


def _check(net: Network, ask: wire.Check) -> wire.Checked:
    return wire.Checked(q=ask.q, numbers=tuple(_known(net, number) for number in ask.numbers))


def _known(net: Network, number: Address) -> NumberCheck:
    return NumberCheck(number=number, registered=net.world.person(number).registered)


def _my_groups(net: Network, ask: wire.MyGroups) -> wire.InGroups:
    mine = (group for group in net.world.groups.values() if ask.device in group.members)
    return wire.InGroups(q=ask.q, groups=tuple(Group(id=group.id, name=group.name) for group in mine))


_ACTS: dict[type[wire.Frame], Callable[[Network, Any], wire.Answer]] = {
    wire.Check: _check,
    wire.MyGroups: _my_groups,
    wire.AddPerson: people.set_person,
    wire.Block: people.block,
    wire.SetGroup: people.set_group,
    wire.AddDevice: people.add_device,
    wire.Unlink: people.unlink,
    wire.Scan: pairing.scan,
    wire.Say: people.say,
    wire.Vote: people.vote,
    wire.Choose: choosing.choose,
    wire.Read: people.read_all,
    wire.Type: people.show_typing,
    wire.List: people.list_all,
    wire.Chat: people.show_chat,
    wire.AddFault: people.add_fault,
    wire.ClearFaults: people.clear_faults,
    wire.CutLink: people.cut_link,
}
"""Acts with exactly one answer."""

_MOVES: dict[type[wire.Frame], Callable[[Network, Client, Any], None]] = {
    wire.Login: _login,
    wire.Leave: _leave,
    wire.Pair: pairing.begin,
    wire.Send: handoffs.take,
    wire.Show: _show,
    wire.MarkRead: _mark_read,
    wire.Confirm: _confirm,
    wire.Watch: people.watch,
}
"""What is answered later, several times, or not at all."""
