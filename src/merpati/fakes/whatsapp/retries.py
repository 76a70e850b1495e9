"""A client could not decrypt: its sender begins a new session with it and sends the message again."""

from merpati.fakes.whatsapp.devices import LinkedDevice
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import Node
from merpati.fakes.whatsapp.phones import Phone
from merpati.fakes.whatsapp.posting import Post, resend_to


async def resend(network: Network, device: LinkedDevice, stanza: Node) -> None:
    """What a receipt of the kind `retry` asks for, if the author's phone answers those."""
    author = network.phone_of(stanza.attrs.get("participant") or stanza.attrs.get("to", ""))
    written = author.written.get(stanza.attrs["id"]) if author is not None else None
    if author is None or written is None or not author.resends:
        return
    author.cipher.forget(device.address)
    to: Phone | None = network.phone_of(written.chat)
    await resend_to(
        network, author, network.groups.get(written.chat) or to, device, Post(stanza.attrs["id"], written.message)
    )
