"""Receipts and typing, both ways."""

from merpati.fakes.whatsapp.contents import Receipt, ReceiptKind
from merpati.fakes.whatsapp.devices import LinkedDevice
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import Node, child, children, node
from merpati.fakes.whatsapp.phones import Phone


async def tell_receipt(
    network: Network, by: Phone, to: Phone, ids: list[str], kind: ReceiptKind, group: str = ""
) -> None:
    """A phone tells the linked devices of a message's author."""
    first, *others = ids
    attrs: dict[str, str | int | None] = {"from": group or by.jid, "id": first, "t": network.now_s()}
    attrs["participant"] = by.jid if group else None
    attrs["type"] = None if kind is ReceiptKind.DELIVERED else kind
    more = [node("list", {}, [node("item", {"id": each}) for each in others])] if others else None
    for device in to.devices.values():
        await device.deliver(node("receipt", attrs, more))


async def take_receipt(network: Network, owner: Phone, device: LinkedDevice, stanza: Node) -> None:
    """A client tells that it has, or its owner has read, what a phone wrote."""
    attrs = stanza.attrs
    ids = [attrs["id"], *(each.attrs["id"] for each in children(child(stanza, "list")))]
    kind = ReceiptKind(attrs.get("type", "delivered"))
    author = network.phone_of(attrs.get("participant") or attrs.get("to", ""))
    for each in ids:
        device.confirm("message", each)
        if author is not None:
            author.receipts.append(Receipt(kind=kind, id=each, by=owner.number, device=device.number))
    if device.wire is not None:
        ack = {"class": "receipt", "id": attrs["id"], "from": attrs.get("to"), "type": attrs.get("type")}
        await device.wire.send(node("ack", {**ack, "participant": attrs.get("participant")}))
    network.changed()


def take_typing(network: Network, owner: Phone, stanza: Node) -> None:
    what = child(stanza)
    to = network.phone_of(stanza.attrs.get("to", ""))
    if what is None or to is None:
        return
    recording = what.attrs.get("media") == "audio"
    to.typing.append((owner.number, "recording" if recording else what.tag))
    network.changed()
