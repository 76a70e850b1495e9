"""A fact as browsers hear it: which of its fields, in which form, who alone may see it. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from merpati.api.v1.shapes import instant
from merpati.core.clock import Millis
from merpati.core.ids import DeviceId, UserId
from merpati.log.model import RawEntry
from merpati.messages.model import MessageState

SHOWN = frozenset(
    {
        "message", "batch", "first", "count", "chat", "sender", "wa_id", "due_at", "handed_at", "code",
        "state", "before", "reason", "fields", "user", "sessions", "key", "typed",
    }
)  # fmt: skip
"""Ids, keys and states; what is not here never leaves by this way, texts least of all."""
STATES: Mapping[str, MessageState] = {
    "MessageQueued": MessageState.QUEUED,
    "MessageRescheduled": MessageState.QUEUED,
    "MessageRetried": MessageState.QUEUED,
    "MessageSent": MessageState.SENT,
    "MessageDelivered": MessageState.DELIVERED,
    "MessageRead": MessageState.READ,
    "MessageFailed": MessageState.FAILED,
    "MessageCancelled": MessageState.CANCELLED,
    "MessageExpired": MessageState.EXPIRED,
    "MessageUncertain": MessageState.UNCERTAIN,
    "MessageReceived": MessageState.RECEIVED,
    "MessageTyped": MessageState.SENT,
}
"""Where a message is after this fact: receipts climb and may come late, so a page takes the higher one."""
STAYING = frozenset({"MessageEdited", "MessageRevoked"})
"""Facts of a message whose state stays what it is."""
PERSONAL = frozenset({"SignedOut"})
"""For the user alone whom they name."""
OF_RIGHTS = frozenset({"SignedOut", "AccountTokenRotated", "KeyChanged"})
"""Somebody may have less rights from here on."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Told(NamedTuple):
    """A fact, ready to be sent."""

    seq: int
    kind: str
    event: bytes
    device: DeviceId
    """0: of no one device."""
    only: UserId | None
    """Nobody else may see it; None: everybody of the account."""


def tell(entry: RawEntry) -> Told:
    """The event of a fact."""
    data = show_fact(entry)
    only = UserId(data["user"]) if entry.kind in PERSONAL else None
    return Told(entry.seq, entry.kind, event("fact", entry.seq, data), entry.device, only)


def show_fact(entry: RawEntry) -> dict[str, Any]:
    """What may be seen of a fact. One that this version does not know is told by its keys."""
    fact = _decode(entry.body)
    data: dict[str, Any] = {"seq": entry.seq, "kind": entry.kind, "at": instant(Millis(entry.at))}
    if entry.device:
        data["device"] = entry.device
    if entry.kind in STATES:
        data["state"] = STATES[entry.kind].name.lower()
    for name, value in fact.items():
        if name in SHOWN:
            data[name] = instant(Millis(value)) if name.endswith("_at") else value
    return data


def event(name: str, seq: int, data: Mapping[str, object]) -> bytes:
    """One event of the stream; a browser that comes back says `seq`."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, name.encode(), _encode(data))


def comment(seq: int | None) -> bytes:
    """Nothing happened. Browsers keep the id though no event comes of it: so who may see little is not behind."""
    return b":\n\n" if seq is None else b":\nid: %d\n\n" % seq
