"""One client's connection from its handshake to its end: who it is, and where each of its stanzas goes."""

import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from merpati.fakes.whatsapp.certificates import NoiseIdentity
from merpati.fakes.whatsapp.devices import LinkedDevice, registered
from merpati.fakes.whatsapp.endings import refuse_login
from merpati.fakes.whatsapp.faults import CUTTING, Fault, On, Refusal, Rule
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import SERVER, Node, child, node
from merpati.fakes.whatsapp.pairing import STAGE, begin_code, finish_code, offer_codes, withdraw
from merpati.fakes.whatsapp.phones import Phone
from merpati.fakes.whatsapp.queries import answer_query, refusal_of
from merpati.fakes.whatsapp.receipts import take_receipt, take_typing
from merpati.fakes.whatsapp.retries import resend
from merpati.fakes.whatsapp.taking import Handed, take_message
from merpati.fakes.whatsapp.wire import Hello, Wire

LOGGED_OUT = Refusal(401)
Spawn = Callable[[Coroutine[Any, Any, None]], None]


class Serving:
    """A connection."""

    def __init__(self, network: Network, wire: Wire, spawn: Spawn) -> None:
        self._network, self._wire, self._spawn = network, wire, spawn
        self._owner: Phone | None = None
        self._device: LinkedDevice | None = None
        self._takes: dict[str, Callable[[Phone, LinkedDevice, Node], Awaitable[None]]] = {
            "message": self._message,
            "receipt": self._receipt,
            "ack": self._ack,
            "chatstate": self._typing,
        }

    async def run(self, identity: NoiseIdentity) -> None:
        """Until the client goes away."""
        try:
            with contextlib.suppress(StopAsyncIteration):
                await self._greet(await self._wire.shake_hands(identity))
                async for stanza in self._wire.nodes():
                    self._network.stanzas[stanza.tag] += 1
                    await self._take(stanza)
        finally:
            withdraw(self._network, self._wire)
            if self._device is not None and self._device.wire is self._wire:
                self._device.wire = None

    async def _greet(self, hello: Hello) -> None:
        if hello.payload.HasField("devicePairingData"):
            self._device = registered(hello)
            self._spawn(offer_codes(self._network, self._device, self._wire))
            return
        known = self._network.device_known(hello.key)
        refusal = self._network.refusal or (None if known else LOGGED_OUT)
        if refusal is not None or known is None:
            told = refusal or LOGGED_OUT
            await refuse_login(self._wire, told.reason, told.code, told.expire_s)
            return
        self._owner, self._device = known
        await self._log_in(*known)

    async def _log_in(self, owner: Phone, device: LinkedDevice) -> None:
        now = self._network.now_s()
        attrs = {"t": now, "props": 27, "companion_enc_static": "x", "lid": device.address, "creation": now - 1_000}
        device.wire = self._wire
        await self._wire.send(node("success", {**attrs, "display_name": owner.name}))
        await device.catch_up()
        self._network.changed()

    # -- stanzas --

    async def _take(self, stanza: Node) -> None:
        if stanza.tag == "iq":
            await self._query(stanza)
        elif self._owner is not None and self._device is not None and stanza.tag in self._takes:
            await self._takes[stanza.tag](self._owner, self._device, stanza)

    async def _message(self, owner: Phone, device: LinkedDevice, stanza: Node) -> None:
        await take_message(self._network, Handed(device, owner, stanza), self._spawn)

    async def _receipt(self, owner: Phone, device: LinkedDevice, stanza: Node) -> None:
        await take_receipt(self._network, owner, device, stanza)
        if stanza.attrs.get("type") == "retry":
            await resend(self._network, device, stanza)

    async def _ack(self, _: Phone, device: LinkedDevice, stanza: Node) -> None:
        device.confirm(stanza.attrs.get("class", ""), stanza.attrs["id"])
        self._network.changed()

    async def _typing(self, owner: Phone, _: LinkedDevice, stanza: Node) -> None:
        take_typing(self._network, owner, stanza)

    # -- queries --

    async def _query(self, query: Node) -> None:
        rule = self._network.faults.strike(On.QUERY, query.attrs.get("xmlns", ""))
        if rule is not None and rule.fault in CUTTING:
            self._wire.cut()
        elif rule is not None and rule.fault is Fault.REFUSE:
            await self._wire.send(refusal_of(query, rule.code))
        elif rule is not None and rule.fault in (Fault.HOLD, Fault.DELAY):
            self._spawn(self._answer_late(rule, query))
        elif rule is None:
            await self._answer(query)

    async def _answer_late(self, rule: Rule, query: Node) -> None:
        await self._network.faults.pause(rule)
        await self._answer(query)

    async def _answer(self, query: Node) -> None:
        """Most answers come from what is known; linking and its end change it."""
        first = child(query)
        act = _ACTS.get(first.tag) if query.attrs.get("xmlns") == "md" and first is not None else None
        if act is not None and first is not None:
            await act(self, query, first)
        elif self._device is not None:
            await self._wire.send(answer_query(self._network, self._device, query))

    async def _code(self, query: Node, first: Node) -> None:
        assert self._device is not None
        content = None
        if first.attrs["stage"] == "companion_hello":
            content = [begin_code(self._network, self._device, self._wire, first)]
        else:
            self._spawn(finish_code(self._network, self._wire, first))
        await self._wire.send(node("iq", {"from": SERVER, "type": "result", "id": query.attrs["id"]}, content))
        self._network.changed()

    async def _leave(self, query: Node, _: Node) -> None:
        """The client logs out."""
        await self._wire.send(node("iq", {"from": SERVER, "type": "result", "id": query.attrs["id"]}))
        if self._owner is not None and self._device is not None:
            self._owner.devices.pop(self._device.number, None)
        self._network.changed()


_ACTS: dict[str, Callable[[Serving, Node, Node], Awaitable[None]]] = {
    STAGE: Serving._code,
    "remove-companion-device": Serving._leave,
}
