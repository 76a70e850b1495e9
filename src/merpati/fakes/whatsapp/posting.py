"""A phone writes: its message goes to whoever gets it, encrypted for each linked device."""

from dataclasses import dataclass

from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.devices import LinkedDevice
from merpati.fakes.whatsapp.messages import pad
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import Node, node
from merpati.fakes.whatsapp.phones import Group, Phone, Written


@dataclass(frozen=True)
class Post:
    """A message under way; `edit` marks what changes another one; `damaged`: nobody can decrypt it."""

    id: str
    message: proto.Message
    kind: str = "text"
    edit: str | None = None
    damaged: bool = False
    copies: int = 1


async def post(network: Network, sender: Phone, to: Phone | Group, given: Post) -> None:
    """To every linked device of the receivers, and of the sender's own."""
    sender.written.setdefault(given.id, Written(given.message, sender.lid, to.jid))
    if isinstance(to, Group):
        await _post_to_group(network, sender, to, given)
    else:
        await _post_to_person(network, sender, to, given)


async def _post_to_person(network: Network, sender: Phone, to: Phone, given: Post) -> None:
    attrs = {**_attrs(network, sender, given), "from": sender.jid, "sender_pn": sender.phone_jid}
    for device in to.devices.values():
        sealed = seal(sender, device, given.message, damaged=given.damaged)
        await _deliver(device, attrs, [sealed], given)
    mine = proto.Message()
    mine.deviceSentMessage.destinationJid = to.jid
    mine.deviceSentMessage.message.CopyFrom(given.message)
    own = {**attrs, "recipient": to.jid, "peer_recipient_pn": to.phone_jid}
    for device in sender.devices.values():
        await _deliver(device, own, [seal(sender, device, mine, damaged=given.damaged)], given)


async def _post_to_group(network: Network, sender: Phone, group: Group, given: Post) -> None:
    attrs = {**_attrs(network, sender, given), "from": group.jid, "participant": sender.jid}
    attrs["participant_pn"] = sender.phone_jid
    key = sender.cipher.own_distribution(group.jid)
    sealed = sender.cipher.encrypt_for_group(group.jid, pad(given.message))
    for_all = _enc(sealed.kind, sealed.data, damaged=given.damaged)
    for device in (each for member in group.members for each in member.devices.values()):
        first = (group.jid, device.address) not in sender.handed
        sender.handed.add((group.jid, device.address))
        await _deliver(device, attrs, [*([_key_for(sender, device, group, key)] if first else []), for_all], given)


def _key_for(sender: Phone, device: LinkedDevice, group: Group, key: bytes) -> Node:
    message = proto.Message()
    message.senderKeyDistributionMessage.groupId = group.jid
    message.senderKeyDistributionMessage.axolotlSenderKeyDistributionMessage = key
    return seal(sender, device, message)


def seal(sender: Phone, device: LinkedDevice, message: proto.Message, *, damaged: bool = False) -> Node:
    """A message for one device; a session is begun where there is none."""
    if not sender.cipher.knows(device.address):
        sender.cipher.begin(device.address, device.bundle())
    sealed = sender.cipher.encrypt(device.address, pad(message))
    return _enc(sealed.kind, sealed.data, damaged=damaged)


def _enc(kind: str, data: bytes, *, damaged: bool = False) -> Node:
    if damaged:
        data = data[:-1] + bytes([data[-1] ^ 1])
    return node("enc", {"v": 2, "type": kind}, data)


def _attrs(network: Network, sender: Phone, given: Post) -> dict[str, object]:
    attrs = {"id": given.id, "t": network.now_s(), "notify": sender.name, "type": given.kind, "edit": given.edit}
    return {**attrs, "addressing_mode": "lid"}


async def _deliver(device: LinkedDevice, attrs: dict[str, object], sealed: list[Node], given: Post) -> None:
    for _ in range(given.copies):
        await device.deliver(node("message", attrs, sealed))


async def resend_to(
    network: Network, sender: Phone, to: Phone | Group | None, device: LinkedDevice, given: Post
) -> None:
    """The same message to one device, for itself alone."""
    attrs = _attrs(network, sender, given)
    if isinstance(to, Group):
        attrs |= {"from": to.jid, "participant": sender.jid, "participant_pn": sender.phone_jid}
    else:
        attrs |= {"from": sender.jid, "sender_pn": sender.phone_jid}
    await _deliver(device, attrs, [seal(sender, device, given.message)], given)
