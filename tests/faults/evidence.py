"""What the judge looks at: what callers were told, what the network saw, what merpati stored, what webhooks heard.

The network's journal is written by another process than the one that is killed; what callers were told is noted in
the test's own process. Only the last word, what merpati itself stored, comes from its database.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import msgspec

from merpati.core.clock import Millis
from merpati.core.ids import Address, MessageId, WireRef
from merpati.storage.port import Storage, Tx
from merpati.transports.port import Content, Text
from merpati.transports.simulator.entries import AnyEntry, Fate, HandOff

# -- what callers were told --


class Cancel(Enum):
    """What a caller heard who took the message back."""

    NOT_ASKED = "not asked"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """No answer came, at least once."""


@dataclass(slots=True)
class Asked:
    """One message that a caller asked for."""

    mark: str
    """The first word of its text: how the network's journal is matched."""
    device: Address
    to: Address
    asked_at: int
    lane: str = ""
    """Messages of one lane must leave in the order in which they were accepted; empty: no order is asked."""
    due_at: int = 0
    """Not to be handed over earlier; 0: at once."""
    gap_ms: int = 0
    """The caller's `delay`: at least so long after the message before it with a delay, on this device."""
    id: MessageId | None = None
    """None: no answer has come, or a refusal."""
    answered_at: int = 0
    refused: str = ""
    repeats: set[MessageId] = field(default_factory=set)
    """What the same Idempotency-Key was answered at other times."""
    cancel: Cancel = Cancel.NOT_ASKED
    expired: bool = False
    """Its time passed before it could go."""

    @property
    def accepted(self) -> bool:
        return self.id is not None


class Fault(NamedTuple):
    """Something that we did to a process."""

    at: Millis
    until: Millis
    what: str
    """`killed`, `paused`, `database killed`, `network cut` …"""
    point: str = ""
    """The named point at which it happened; empty: a random moment."""
    who: str = ""


class Call(NamedTuple):
    """One call of a webhook, as the receiver got it."""

    at: Millis
    device: Address
    id: str
    """The header `webhook-id`."""
    body: bytes
    status: int
    """What the receiver answered."""


# -- what merpati stored --


class Row(NamedTuple):
    """A message in merpati's database."""

    id: MessageId
    device: int
    direction: int
    chat: str
    text: str
    state: int
    wire_ref: str
    wa_id: str | None
    open: bool
    """Still in the outbox."""


class FactRow(NamedTuple):
    """A fact in merpati's log."""

    account: int
    seq: int
    kind: str
    device: int
    body: Mapping[str, object]


class Stored(NamedTuple):
    """Everything that merpati remembers."""

    rows: Sequence[Row] = ()
    facts: Sequence[FactRow] = ()


async def _stored(tx: Tx) -> Stored:
    rows = await tx.all(
        "SELECT m.id, m.device_id, m.direction, m.chat, m.text, m.state, m.wire_ref, m.wa_id, o.message_id "
        "FROM message m LEFT JOIN outbox o ON o.message_id = m.id ORDER BY m.id"
    )
    facts = await tx.all("SELECT account_id, seq, kind, device_id, body FROM fact ORDER BY account_id, seq")
    decode = msgspec.json.Decoder(dict[str, object]).decode
    return Stored(
        [Row._make((*message, opened is not None)) for *message, opened in rows],
        [FactRow(account, seq, kind, device, decode(body)) for account, seq, kind, device, body in facts],
    )


async def read_stored(storage: Storage) -> Stored:
    """What the database holds now."""
    return await storage.read(_stored)


# -- all together --


@dataclass(frozen=True)
class Case:
    """The evidence of one run."""

    journal: Sequence[AnyEntry] = ()
    asked: Sequence[Asked] = ()
    faults: Sequence[Fault] = ()
    stored: Stored = field(default_factory=Stored)
    calls: Sequence[Call] = ()
    devices: Mapping[int, Address] = field(default_factory=dict)
    """Number of each device by its id."""
    pace_ms: Mapping[Address, int] = field(default_factory=dict)
    """The least time between two hand-overs of a device."""

    @cached_property
    def hand_offs(self) -> list[HandOff]:
        """Everything that reached the network and was not refused, in its order."""
        return [entry for entry in self.journal if isinstance(entry, HandOff) and entry.fate is not Fate.REFUSED]

    @cached_property
    def marks(self) -> dict[tuple[Address, WireRef], str]:
        """The mark of each reference that the network took."""
        return {
            (entry.device, entry.ref): mark_of(entry.content)
            for entry in self.hand_offs
            if entry.fate is Fate.TAKEN and entry.content is not None
        }

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Of each mark, where in `hand_offs` it is."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, entry in enumerate(self.hand_offs):
            found[self.marks.get((entry.device, entry.ref), f"unknown {entry.ref}")].append(place)
        return found

    @cached_property
    def by_mark(self) -> dict[str, Asked]:
        return {asked.mark: asked for asked in self.asked}

    @cached_property
    def rows_of(self) -> dict[str, list[Row]]:
        """The outgoing rows of each mark."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.stored.rows:
            if row.direction == 0:
                found[first_word(row.text)].append(row)
        return found

    def handed(self, mark: str) -> Iterator[HandOff]:
        """The hand-offs of this message, in order."""
        return (self.hand_offs[place] for place in self.places.get(mark, ()))


def mark_of(content: Content | None) -> str:
    """The mark in a message."""
    return first_word(content.body) if isinstance(content, Text) else ""


def first_word(text: str) -> str:
    return text.split(maxsplit=1)[0] if text.strip() else ""
