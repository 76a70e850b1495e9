"""A message from a device: taken or refused, acknowledged, delivered, read.

The line in the journal comes first; nothing that follows from a hand-off leaves the network before it.
"""

import hashlib
from functools import partial
from pathlib import PurePath

import msgspec

from merpati.core.address import is_group
from merpati.core.clock import Millis
from merpati.core.errors import Code
from merpati.core.ids import Address, WaId, WireRef
from merpati.transports.interactive import Template, file_of, with_file
from merpati.transports.port import Outbound, ReceiptKind, SendFault, SessionState
from merpati.transports.simulator.entries import Acked, Fate, FaultFired, HandOff, Reads, Receipted, Said
from merpati.transports.simulator.faults import USUAL, Ending, Plan
from merpati.transports.simulator.journal import JournalFull
from merpati.transports.simulator.network import Client, Network, Session
from merpati.transports.simulator.wire import Ack, Refused, Send

_ENCODER = msgspec.json.Encoder()


def digest(message: Outbound) -> str:
    """What makes two hand-offs the same message: recipient, content (a file by its bytes), quotation."""
    content = message.content
    if (file := file_of(content)) is not None:  # the network's own copy is named by its SHA-256
        content = with_file(content, PurePath(file.path).name)
    plain = _ENCODER.encode((message.chat, content, message.reply_to))
    return hashlib.blake2b(plain, digest_size=16).hexdigest()


def take(net: Network, client: Client, ask: Send) -> None:
    """A hand-off arrives."""
    session = net.session(client, ask.channel)
    if session is None:
        client.put(Refused(q=ask.q, fault=SendFault.NOT_OPEN, code=Code.DEVICE_DISCONNECTED))
        return
    try:
        _judge(net, session, ask)
    except JournalFull:
        client.put(Refused(q=ask.q, fault=SendFault.RETRY, code="network_full"))


def _judge(net: Network, session: Session, ask: Send) -> None:
    message = ask.message
    known = net.world.account(session.device).taken.get(message.ref)
    same = digest(message)
    if known is not None and known != same:
        _refuse(net, session, ask, same, (SendFault.CONTENT, "ref_reused", 0), fate=Fate.CONFLICT)
        return
    plan = net.faults.plan(session.device, message.chat, net.clock.elapsed())
    for rule in plan.fired:
        net.record(FaultFired(t=net.now(), rule=rule, device=session.device, ref=message.ref))
    refusal = plan.refuse or (None if known else _refusal_of(net, session, message))
    if refusal is not None:
        _refuse(net, session, ask, same, refusal)
        return
    fate = Fate.REPEAT if known else Fate.TAKEN
    net.record(_hand_off(net, session, message, same, fate))
    _answer(net, session, ask, plan, fate)


def _refusal_of(net: Network, session: Session, message: Outbound) -> tuple[SendFault, str, int] | None:
    refusal = _refusal_of_chat(net, session.device, message.chat)
    if refusal is None and net.settings.reply_window and _is_closed(net, session, message):
        return (SendFault.RECIPIENT, Code.WINDOW_CLOSED, 0)
    return refusal


def _is_closed(net: Network, session: Session, message: Outbound) -> bool:
    """Whether only a template may go there now, as far back as the chat's lines are remembered."""
    if not session.window_ms or isinstance(message.content, Template) or is_group(message.chat):
        return False
    since = net.now() - session.window_ms
    lines = (line for line in net.world.lines(message.chat) if isinstance(line, Said))
    return not any(line.device == session.device and line.t > since for line in lines)


def _refusal_of_chat(net: Network, device: Address, chat: Address) -> tuple[SendFault, str, int] | None:
    if is_group(chat):
        group = net.world.groups.get(chat)
        return None if group and device in group.members else (SendFault.RECIPIENT, "not_in_group", 0)
    person = net.world.person(chat)
    if not person.registered:
        return (SendFault.RECIPIENT, Code.RECIPIENT_NOT_ON_WHATSAPP, 0)
    if device in person.blocks:
        return (SendFault.RECIPIENT, Code.RECIPIENT_BLOCKED_US, 0)
    return None


def _refuse(
    net: Network,
    session: Session,
    ask: Send,
    same: str,
    refusal: tuple[SendFault, str, int],
    *,
    fate: Fate = Fate.REFUSED,
) -> None:
    fault, code, retry_after_ms = refusal
    net.record(_hand_off(net, session, ask.message, same, fate, code))
    session.client.put(Refused(q=ask.q, fault=fault, code=code, retry_after_ms=retry_after_ms))


def _hand_off(net: Network, session: Session, message: Outbound, same: str, fate: Fate, code: str = "") -> HandOff:
    return HandOff(
        t=net.now(),
        device=session.device,
        session=session.id,
        note=session.note,
        ref=message.ref,
        chat=message.chat,
        fate=fate,
        digest=same,
        content=message.content if fate is Fate.TAKEN else None,
        reply_to=message.reply_to if fate is Fate.TAKEN else None,
        code=code,
    )


# -- the answer, and how a session may end on it --


def _answer(net: Network, session: Session, ask: Send, plan: Plan, fate: Fate) -> None:
    if plan.collect:
        session.collected_by.add(plan.collect)
    ack_ms = net.drawn(net.settings.ack_ms) + plan.late_ms
    if plan.ending is not None and plan.ack_before_ending:
        _acknowledge(net, session, ask)
    elif plan.ack:
        _soon(net, ack_ms, partial(_acknowledge, net, session, ask))
    if fate is Fate.TAKEN:
        at_once = plan.receipts_first
        for who in net.world.recipients(session.device, ask.message.chat):
            wait_ms = 0.0 if at_once else ack_ms + net.drawn(net.settings.delivered_ms)
            _deliver_later(net, plan, session.device, ask.message.ref, who, wait_ms)
    if plan.ending is not None:
        _end(net, session, plan.ending)


def _soon(net: Network, wait_ms: float, do: partial[None]) -> None:
    if wait_ms:
        net.timers.after(wait_ms, do)
    else:
        do()


def _acknowledge(net: Network, session: Session, ask: Send) -> None:
    if session.open:
        net.record(Acked(t=net.now(), device=session.device, ref=ask.message.ref))
        session.client.put(Ack(q=ask.q, wa_id=WaId(ask.message.ref), at=net.now()))


def _end(net: Network, session: Session, ending: Ending) -> None:
    if ending.state is SessionState.BANNED:
        until = Millis(net.now() + round(ending.ban_s * 1_000))
        net.unpair(session.device, SessionState.BANNED, ending.reason, until=until)
    elif ending.unpair:
        net.unpair(session.device, ending.state, ending.reason)
    elif ending.link:
        session.client.cut()
    else:
        for each in net.sessions() if ending.group else (session,):
            if each is session or ending.group in each.collected_by:
                net.end(each, ending.state, ending.reason)


# -- what becomes of it at the recipient's --


def _deliver_later(net: Network, plan: Plan, device: Address, ref: WireRef, who: Address, wait_ms: float) -> None:
    """Not before what the device sent to this person earlier."""
    now_ms = net.clock.elapsed() * 1_000
    due_ms = max(now_ms + wait_ms, net.deliveries.get((device, who), 0.0))
    net.deliveries[device, who] = due_ms
    net.timers.after(due_ms - now_ms, partial(deliver, net, plan, device, ref, who))


def deliver(net: Network, plan: Plan, device: Address, ref: WireRef, who: Address) -> None:
    """The message reaches the recipient's phone, unless that is offline. Harmless when it has."""
    waiting = net.world.waiting.get(who, {}).get((device, ref))
    if net.deliveries.get((device, who), 0.0) <= net.clock.elapsed() * 1_000:
        net.deliveries.pop((device, who), None)
    person = net.world.person(who)
    if waiting is None or waiting.delivered or not person.online:
        return
    if who in net.world.accounts:
        _hand_to_device(net, device, ref, who)
    _post_receipt(net, plan, device, ref, who, ReceiptKind.DELIVERED)
    if person.reads is Reads.AUTO:
        wait_ms = 0.0 if plan.receipts_first else net.drawn(net.settings.read_ms)
        _soon(net, wait_ms, partial(read, net, plan, device, ref, who))


def read(net: Network, plan: Plan, device: Address, ref: WireRef, who: Address) -> None:
    """The recipient reads the message, unless their phone is offline. Harmless when they have."""
    if (device, ref) in net.world.waiting.get(who, {}) and net.world.person(who).online:
        _post_receipt(net, plan, device, ref, who, ReceiptKind.READ)


def settle(net: Network, who: Address) -> None:
    """Go on with what waits for this person: after a start, or when they come online."""
    person = net.world.person(who)
    if not person.online:
        return
    for (device, ref), waiting in list(net.world.waiting.get(who, {}).items()):
        if not waiting.delivered:
            _deliver_later(net, USUAL, device, ref, who, net.drawn(net.settings.delivered_ms))
        elif person.reads is Reads.AUTO:
            net.timers.after(net.drawn(net.settings.read_ms), partial(read, net, USUAL, device, ref, who))


def _hand_to_device(net: Network, device: Address, ref: WireRef, who: Address) -> None:
    line = next((each for each in net.world.lines(who) if isinstance(each, HandOff) and each.ref == ref), None)
    if line is None or line.content is None:
        return
    chat = line.chat if is_group(line.chat) else device
    said = Said(
        t=net.now(),
        device=who,
        seq=net.next_seq(who),
        wa_id=WaId(ref),
        chat=chat,
        sender=device,
        content=line.content,
        quoted=line.reply_to,
    )
    net.post(said)


def _post_receipt(net: Network, plan: Plan, device: Address, ref: WireRef, who: Address, kind: ReceiptKind) -> None:
    """Tell the device, or hold the receipt for a scripted shuffle."""
    for _ in range(plan.copies):
        receipt = Receipted(t=net.now(), device=device, seq=net.next_seq(device), ref=ref, kind=kind, who=who)
        if plan.shuffle is None:
            net.post(receipt)
        else:
            _hold(net, receipt, *plan.shuffle)


def _hold(net: Network, receipt: Receipted, most: int, most_ms: int) -> None:
    held = net.held_receipts.setdefault(receipt.device, [])
    held.append(receipt)
    if len(held) >= most:
        _release(net, receipt.device)
    elif len(held) == 1:
        net.timers.after(most_ms, partial(_release, net, receipt.device))


def _release(net: Network, device: Address) -> None:
    held = net.held_receipts.pop(device, [])
    net.draw.shuffle(held)
    for receipt in held:
        net.post(msgspec.structs.replace(receipt, seq=net.next_seq(device)))
