"""How a connection, or a link, ends: from the phone, or by WhatsApp."""

import asyncio
import json

from merpati.fakes.whatsapp.devices import LinkedDevice
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import SERVER, Node, node
from merpati.fakes.whatsapp.phones import Phone
from merpati.fakes.whatsapp.wire import Wire

GRACE_S = 0.1


async def remove_device(network: Network, phone: Phone, number: int) -> None:
    """The phone's owner removes a linked device; it can never log in again."""
    device = phone.devices.pop(number)
    await _end(device, node("stream:error", {"code": "401"}, [node("conflict", {"type": "device_removed"})]))
    network.changed()


async def replace_device(network: Network, device: LinkedDevice) -> None:
    """Another connection with the same keys has taken over."""
    await _end(device, node("stream:error", {}, [node("conflict", {"type": "replaced"})]))
    network.changed()


async def break_stream(device: LinkedDevice, code: str) -> None:
    """A stream error: 515 come back at once, 503 later, or whatever else."""
    await _end(device, node("stream:error", {"code": code}))


async def end_pairing(network: Network) -> None:
    """All codes have run out: who waits to be paired is disconnected."""
    for wire in {wire for _, wire in network.pairing.values()}:
        await wire.close()


async def ask_passkey(network: Network) -> None:
    """WhatsApp wants a passkey from whoever waits to be paired."""
    options = {"challenge": "AAAA", "rpId": "whatsapp.com", "allowCredentials": [], "userVerification": "required"}
    request = node("passkey_request_options", {}, json.dumps(options).encode())
    attrs = {"from": SERVER, "type": "passkey_prologue_request", "id": network.new_id(), "t": network.now_s()}
    for wire in {wire for _, wire in network.pairing.values()}:
        await wire.send(node("notification", attrs, [request]))


async def refuse_login(wire: Wire, reason: int, code: int, expire_s: int) -> None:
    """A log-in fails: see `Refusal`."""
    attrs = {"reason": reason, "location": "frc", "code": code or None, "expire": expire_s or None}
    await wire.send(node("failure", attrs))
    await _close_soon(wire)


async def _end(device: LinkedDevice, last: Node) -> None:
    wire = device.wire
    if wire is not None:
        await wire.send(last)
        await _close_soon(wire)


async def _close_soon(wire: Wire) -> None:
    """After the client had time to read the last word, and mostly to close by itself."""
    await asyncio.sleep(GRACE_S)
    await wire.close()
