"""What the network's journal holds, one struct a line. The network's state is nothing but these, applied in order.

`t` is the network's clock in milliseconds; `device` is a device's phone number; `seq` numbers what waits for one
device, from 1 without gaps. News (`Receipted`, `Said`, `Voted`) also travel to the devices as they are.
"""

from enum import StrEnum
from typing import TypeAlias

import msgspec

from merpati.core.address import is_group
from merpati.core.clock import Millis
from merpati.core.ids import Address, WaId, WireRef
from merpati.transports.port import Content, ReceiptKind, Received, Signal


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="ev"):
    """One thing that happened in the network."""

    t: Millis


class Reads(StrEnum):
    """How a person reads."""

    AUTO = "auto"
    """After a while, by themselves."""
    NEVER = "never"
    """Only when told to."""


class PersonSet(Entry, frozen=True, kw_only=True, tag="person"):
    """A person as they are from now on."""

    number: Address
    name: str = ""
    online: bool = True
    registered: bool = True
    """On WhatsApp."""
    reads: Reads = Reads.AUTO
    blocks: tuple[Address, ...] = ()
    """Devices that this person has blocked."""


class GroupSet(Entry, frozen=True, kw_only=True, tag="group"):
    """A group as it is from now on; members are people and devices."""

    id: Address
    name: str
    members: tuple[Address, ...]


class AccountSet(Entry, frozen=True, kw_only=True, tag="account"):
    """A device's account as it is from now on."""

    device: Address
    paired: bool
    banned_until: Millis | None = None


class SessionOpened(Entry, frozen=True, kw_only=True, tag="login"):
    """A client logged in as a device; `note` is the client's own word (its incarnation and epoch)."""

    device: Address
    session: int
    note: str = ""


class SessionEnded(Entry, frozen=True, kw_only=True, tag="logoff"):
    device: Address
    session: int
    why: str


class Fate(StrEnum):
    """What the network did with a hand-off."""

    TAKEN = "taken"
    REPEAT = "repeat"
    """The same reference with the same content: acknowledged again, shown once."""
    REFUSED = "refused"
    CONFLICT = "conflict"
    """A known reference with other content: a fault of the client."""


class HandOff(Entry, frozen=True, kw_only=True, tag="handoff"):
    """A message that arrived from a device: one line for each time, written before any answer.

    `digest` covers recipient and content (for a file: its bytes). `content` is kept where it was taken.
    """

    device: Address
    session: int
    note: str = ""
    ref: WireRef
    chat: Address
    fate: Fate
    digest: str
    content: Content | None = None
    reply_to: WaId | None = None
    code: str = ""
    """Why it was refused."""


class Acked(Entry, frozen=True, kw_only=True, tag="ack"):
    """The acknowledgement went out."""

    device: Address
    ref: WireRef


class Receipted(Entry, frozen=True, kw_only=True, tag="receipt"):
    """A receipt of one person, waiting for the device."""

    device: Address
    seq: int
    ref: WireRef
    kind: ReceiptKind
    who: Address


class Said(Entry, frozen=True, kw_only=True, tag="said"):
    """A message to a device, waiting for it. In a group every device that is a member has a line of its own."""

    device: Address
    seq: int
    wa_id: WaId
    chat: Address
    sender: Address
    name: str = ""
    content: Received
    quoted: WaId | None = None
    is_seen: bool = False
    """In a chat that is kept: a device has marked it as read."""

    @property
    def is_typed(self) -> bool:
        """The device's owner wrote it, on the device's own phone; `chat` is the person that it is for."""
        return self.sender == self.device and not is_group(self.chat)


class Voted(Entry, frozen=True, kw_only=True, tag="vote"):
    """A vote on a device's poll, waiting for the device."""

    device: Address
    seq: int
    wa_id: WaId
    poll: WaId
    chat: Address
    voter: Address
    name: str = ""
    choices: tuple[str, ...]


class Confirmed(Entry, frozen=True, kw_only=True, tag="confirm"):
    """The device has stored its news up to `seq`. Written lazily: after a crash some come twice."""

    device: Address
    seq: int


class Signalled(Entry, frozen=True, kw_only=True, tag="signal"):
    """A device shows or hides "typing" in a chat."""

    device: Address
    chat: Address
    what: Signal


class Seen(Entry, frozen=True, kw_only=True, tag="seen"):
    """A device has marked messages of a chat as read: those who wrote them see it."""

    device: Address
    chat: Address
    ids: tuple[WaId, ...]


class FaultFired(Entry, frozen=True, kw_only=True, tag="fault"):
    """A scripted fault struck."""

    rule: str
    device: Address
    ref: WireRef


class Torn(Entry, frozen=True, kw_only=True, tag="torn"):
    """At this start a torn last line was cut off."""

    size_bytes: int


class AccountKept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device's account, in `Kept`."""

    device: Address
    paired: bool
    banned_until: Millis | None = None
    last_seq: int = 0
    confirmed_seq: int = 0
    taken: dict[WireRef, str] = {}
    mailbox: tuple["News", ...] = ()


class WaitingKept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that `who` has not read, in `Kept`."""

    who: Address
    device: Address
    ref: WireRef
    chat: Address
    delivered: bool = False


class Kept(Entry, frozen=True, kw_only=True, tag="kept"):
    """The first line of a journal that follows another: the state at the end of that one."""

    people: tuple[PersonSet, ...] = ()
    groups: tuple[GroupSet, ...] = ()
    accounts: tuple[AccountKept, ...] = ()
    waiting: tuple[WaitingKept, ...] = ()
    polls: tuple[HandOff, ...] = ()
    lines: tuple[tuple[Address, tuple["Line", ...]], ...] = ()
    faults_fired: dict[str, int] = {}
    last_session: int = 0


Line: TypeAlias = HandOff | Said | Voted
"""What a person sees in a chat."""
News: TypeAlias = Receipted | Said | Voted
AnyEntry: TypeAlias = (
    PersonSet
    | GroupSet
    | AccountSet
    | SessionOpened
    | SessionEnded
    | HandOff
    | Acked
    | News
    | Confirmed
    | Signalled
    | Seen
    | FaultFired
    | Torn
    | Kept
)
