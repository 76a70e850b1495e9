"""A linked device as the server knows it: its keys, its connection, what it has not confirmed yet."""

from dataclasses import dataclass, field

from merpati.fakes.whatsapp.nodes import LID_SERVER, Node, children, node, number, octets
from merpati.fakes.whatsapp.ratchet import Bundle
from merpati.fakes.whatsapp.wire import Hello, Wire


@dataclass
class LinkedDevice:
    """A client that was paired with a phone, or is about to be (`number` 0)."""

    key: bytes
    """Its static key, by which it is known when it comes back."""
    identity: bytes
    registration: int
    signed: tuple[int, bytes, bytes]
    lid: str = ""
    number: int = 0
    once: list[tuple[int, bytes]] = field(default_factory=list)
    wire: Wire | None = None
    waiting: dict[tuple[str, str], Node] = field(default_factory=dict)
    """What it has not confirmed, by tag and id: sent again when it comes back."""

    @property
    def address(self) -> str:
        return f"{self.lid}:{self.number}{LID_SERVER}"

    def bundle(self) -> Bundle:
        """Takes a pre-key away, as long as there is one."""
        return Bundle(self.registration, self.identity, self.signed, self.once.pop(0) if self.once else None)

    async def deliver(self, what: Node) -> None:
        """Send it now, or when the device comes."""
        self.waiting[what.tag, what.attrs["id"]] = what
        if self.wire is not None:
            await self.wire.send(what)

    def confirm(self, tag: str, id_: str) -> None:
        """The device has it."""
        self.waiting.pop((tag, id_), None)

    async def catch_up(self) -> None:
        """Send what waits, with the marks of an offline delivery."""
        if self.wire is None:
            return
        waiting = list(self.waiting.values())
        counts = {tag: sum(each.tag == tag for each in waiting) for tag in ("message", "notification", "receipt")}
        preview = {"count": len(waiting), "appdata": 0, **counts}
        await self.wire.send(node("ib", {}, [node("offline_preview", preview)]))
        for each in waiting:
            await self.wire.send(node(each.tag, {**each.attrs, "offline": "0"}, each.content))  # type: ignore[arg-type] # a node's content
        await self.wire.send(node("ib", {}, [node("offline", {"count": len(waiting)})]))


def registered(hello: Hello) -> LinkedDevice:
    """A device as it says who it is, before it is paired."""
    data = hello.payload.devicePairingData
    signed = (int.from_bytes(data.eSkeyId, "big"), data.eSkeyVal, data.eSkeySig)
    return LinkedDevice(hello.key, data.eIdent, int.from_bytes(data.eRegid, "big"), signed)


def read_once(listed: Node | None) -> list[tuple[int, bytes]]:
    """Uploaded pre-keys."""
    return [(number(children(each, "id")[0]), octets(children(each, "value")[0])) for each in children(listed)]
