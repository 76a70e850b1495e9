"""A client hands over a message: each phone decrypts its part, each linked device gets its, the sender an ack."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.cipher import Sealed
from merpati.fakes.whatsapp.contents import Content, Other, ReceiptKind, Shown, Unreadable, Vote
from merpati.fakes.whatsapp.devices import LinkedDevice
from merpati.fakes.whatsapp.faults import CUTTING, TAKEN, Fault, On, Rule
from merpati.fakes.whatsapp.messages import content_of, reply_of, unpad, unwrapped
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import GROUP_SERVER, LID_SERVER, Node, child, children, device_of, node, octets
from merpati.fakes.whatsapp.phones import Phone, Written
from merpati.fakes.whatsapp.ratchet import Undecryptable
from merpati.fakes.whatsapp.receipts import tell_receipt


@dataclass(frozen=True)
class Handed:
    """A message as it came from a client."""

    device: LinkedDevice
    owner: Phone
    stanza: Node

    @property
    def id(self) -> str:
        return self.stanza.attrs["id"]

    @property
    def to(self) -> str:
        return self.stanza.attrs["to"]


Spawn = Callable[[Coroutine[Any, Any, None]], None]


async def take_message(network: Network, handed: Handed, spawn: Spawn) -> None:
    """Take it, unless a fault says otherwise, and answer; what waits for its answer lets others pass."""
    rule = network.faults.strike(On.MESSAGE)
    if rule is None or rule.fault in TAKEN:
        await _hand_on(network, handed)
    if rule is None:
        await _answer(network, handed, None)
    else:
        spawn(_answer(network, handed, rule))


async def _answer(network: Network, handed: Handed, rule: Rule | None) -> None:
    wire = handed.device.wire
    if wire is None:
        return
    if rule is not None and rule.fault in CUTTING:
        wire.cut()
        return
    await network.faults.pause(rule)
    refused = rule.code if rule is not None and rule.fault is Fault.REFUSE else None
    if rule is None or rule.fault in (Fault.HOLD, Fault.DELAY, Fault.REFUSE):
        attrs = {"class": "message", "id": handed.id, "from": handed.to, "t": network.now_s(), "error": refused}
        await wire.send(node("ack", attrs))


async def _hand_on(network: Network, handed: Handed) -> None:
    for_all = next((each for each in children(handed.stanza, "enc")), None)
    parts = {each.attrs["jid"]: child(each, "enc") for each in children(child(handed.stanza, "participants"))}
    if handed.to.endswith(GROUP_SERVER):
        members = network.groups[handed.to].members if handed.to in network.groups else []
        addresses = [each.jid for each in members]
        addresses += [each.address for member in members for each in member.devices.values()]
        parts = {**{each: None for each in addresses if each != handed.device.address}, **parts}
    elif for_all is not None:
        parts[handed.stanza.attrs.get("participant", handed.to)] = for_all
        for_all = None
    for address, own in parts.items():
        await _hand_to(network, handed, address, [each for each in (own, for_all) if each is not None])


async def _hand_to(network: Network, handed: Handed, address: str, sealed: list[Node]) -> None:
    """One device's part."""
    phone = network.phone_of(address)
    if phone is None or not sealed:
        return
    if device_of(address):
        await _forward(handed, phone, address, sealed)
    else:
        await _show(network, handed, phone, sealed)


async def _forward(handed: Handed, phone: Phone, address: str, sealed: list[Node]) -> None:
    """To a linked device, which decrypts it itself."""
    device = phone.devices.get(device_of(address))
    if device is None:
        return
    author, stanza = handed.device.address, handed.stanza.attrs
    kept: dict[str, object] = {key: stanza[key] for key in ("id", "type", "edit") if key in stanza}
    attrs: dict[str, object] = {**kept, "notify": handed.owner.name, "addressing_mode": "lid", "t": 0}
    if handed.to.endswith(GROUP_SERVER):
        attrs |= {"from": handed.to, "participant": author, "participant_pn": handed.owner.phone_jid}
    else:
        attrs |= {"from": author, "sender_pn": handed.owner.phone_jid}
    await device.deliver(node("message", attrs, sealed))


async def _show(network: Network, handed: Handed, phone: Phone, sealed: list[Node]) -> None:
    """On a phone's screen, of whoever wrote it or gets it; one that is there already is not shown again."""
    if _is_there(handed, phone):
        return
    try:
        messages = [_decrypted(handed, phone, each) for each in sealed]
    except Undecryptable as failed:
        _put(network, handed, phone, Unreadable(reason=str(failed)))
        return
    for each in messages:
        if _is_shown(each):
            inner = each.deviceSentMessage.message if each.HasField("deviceSentMessage") else each
            _keep(handed, phone, inner)
            _put(network, handed, phone, _read(network, handed, phone, inner), reply_of(inner))
            if phone is not handed.owner:
                await _confirm(network, handed, phone)


def _is_there(handed: Handed, phone: Phone) -> bool:
    """A client that lost the answer repeats the message under its id."""
    return any(
        each.id == handed.id and each.sender == handed.owner.number and not isinstance(each.content, Unreadable)
        for each in phone.shown
    )


def _decrypted(handed: Handed, phone: Phone, sealed: Node) -> proto.Message:
    given, author = Sealed(sealed.attrs["type"], octets(sealed)), handed.device.address
    if given.kind == "skmsg":
        return unpad(phone.cipher.decrypt_of_group(handed.to, author, given))
    message = unpad(phone.cipher.decrypt(author, given))
    if message.HasField("senderKeyDistributionMessage"):
        key = message.senderKeyDistributionMessage.axolotlSenderKeyDistributionMessage
        phone.cipher.keep_distribution(handed.to, author, key)
        message.ClearField("senderKeyDistributionMessage")
    return message


def _is_shown(message: proto.Message) -> bool:
    return any(field.name != "messageContextInfo" for field, _ in message.ListFields())


def _keep(handed: Handed, phone: Phone, message: proto.Message) -> None:
    chat = handed.to if handed.to.endswith(GROUP_SERVER) else handed.owner.jid
    phone.written.setdefault(handed.id, Written(message, handed.owner.lid, chat))


def _read(network: Network, handed: Handed, phone: Phone, message: proto.Message) -> Content:
    vote = unwrapped(message)
    if not vote.HasField("pollUpdateMessage"):
        return content_of(message, network.media)
    update = vote.pollUpdateMessage
    poll = update.pollCreationMessageKey.id
    try:
        choices = phone.ballot(poll).open(handed.owner.lid + LID_SERVER, update.vote.encIv, update.vote.encPayload)
    except (KeyError, Undecryptable) as failed:
        return Unreadable(reason=f"vote on {poll}: {failed}")
    return Vote(poll=poll, choices=choices)


def _put(network: Network, handed: Handed, phone: Phone, content: Content, reply_to: str = "") -> None:
    to = network.phone_of(handed.to)
    chat = handed.to if to is None else (to.number if phone is handed.owner else handed.owner.number)
    shown = Shown(
        id=handed.id,
        chat=chat,
        sender=handed.owner.number,
        device=handed.device.number,
        content=content,
        at=network.now_s(),
        reply_to=reply_to,
    )
    if not isinstance(content, Other) or phone is not handed.owner:
        phone.shown.append(shown)
    network.changed()


async def _confirm(network: Network, handed: Handed, phone: Phone) -> None:
    """The phone tells that it has it, if it does so by itself."""
    group = handed.to if handed.to.endswith(GROUP_SERVER) else ""
    for told, kind in ((phone.delivers, ReceiptKind.DELIVERED), (phone.reads, ReceiptKind.READ)):
        if told:
            await tell_receipt(network, phone, handed.owner, [handed.id], kind, group)
