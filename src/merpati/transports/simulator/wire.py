"""What travels between a client (merpati, a person's terminal) and the network: JSON lines, one frame each.

One connection carries all devices of a process; `channel` says which one, `q` ties an answer to its question.
"""

from typing import TypeAlias

import msgspec

from merpati.core.clock import Millis
from merpati.core.ids import Address, WaId
from merpati.transports.port import (
    Group,
    NumberCheck,
    Outbound,
    PairHow,
    Received,
    SendFault,
    SessionState,
    Signal,
)
from merpati.transports.simulator.entries import AnyEntry, GroupSet, News, PersonSet, Reads
from merpati.transports.simulator.faults import Rule
from merpati.transports.simulator.seen import DeviceNow, LineNow


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="f"):
    """One line on the link."""


# -- a device's client asks --


class Login(Frame, frozen=True, kw_only=True, tag="login"):
    """Resume the device's session on this channel. Answers: `Welcome`, or `Closed` with the reason."""

    channel: int
    device: Address
    note: str = ""
    window_ms: int = 0
    """Of the transport's `Capabilities`."""


class Leave(Frame, frozen=True, kw_only=True, tag="leave"):
    """End the session and any pairing of this channel; `logout` also ends the device's pairing. No answer."""

    channel: int
    device: Address
    logout: bool = False


class Pair(Frame, frozen=True, kw_only=True, tag="pair"):
    """Begin pairing, over again when it is going on. `QrShown` / `CodeShown`, then `PairEnded`."""

    channel: int
    device: Address
    how: PairHow
    phone: Address | None = None
    attempt: int = 0
    """The client's number of this beginning; what is shown for it bears it: a late word is known as such."""


class Upload(Frame, frozen=True, kw_only=True, tag="upload"):
    """Keep a file of this machine in the network. Answers: `Uploaded`, or `Refused`."""

    q: int
    path: str


class Send(Frame, frozen=True, kw_only=True, tag="send"):
    """Hand over a message. Answers: `Ack`, `Refused`, or none when the session ends first."""

    q: int
    channel: int
    message: Outbound


class Show(Frame, frozen=True, kw_only=True, tag="show"):
    """Show or hide "typing". No answer."""

    channel: int
    chat: Address
    what: Signal


class MarkRead(Frame, frozen=True, kw_only=True, tag="mark_read"):
    """The device has read these messages of a chat. No answer."""

    channel: int
    chat: Address
    ids: tuple[WaId, ...]


class Check(Frame, frozen=True, kw_only=True, tag="check"):
    q: int
    numbers: tuple[Address, ...]


class MyGroups(Frame, frozen=True, kw_only=True, tag="my_groups"):
    q: int
    device: Address


class Confirm(Frame, frozen=True, kw_only=True, tag="confirm"):
    """All news of this channel up to `seq` are stored. No answer."""

    channel: int
    seq: int


# -- a person acts; each is answered by `Done` or `No` --


class AddPerson(Frame, frozen=True, kw_only=True, tag="add_person"):
    """Add a person, or change what is given of a known one."""

    q: int
    number: Address
    name: str | None = None
    online: bool | None = None
    registered: bool | None = None
    reads: Reads | None = None


class Block(Frame, frozen=True, kw_only=True, tag="block"):
    q: int
    number: Address
    device: Address
    on: bool = True


class SetGroup(Frame, frozen=True, kw_only=True, tag="set_group"):
    q: int
    id: Address
    name: str
    members: tuple[Address, ...]


class AddDevice(Frame, frozen=True, kw_only=True, tag="add_device"):
    """Pair a device without code, as if its phone had scanned."""

    q: int
    device: Address


class Unlink(Frame, frozen=True, kw_only=True, tag="unlink"):
    """The device's phone logs it out."""

    q: int
    device: Address


class Scan(Frame, frozen=True, kw_only=True, tag="scan"):
    """The device's phone scans a QR, or types a pairing code."""

    q: int
    code: str
    device: Address | None = None


class Say(Frame, frozen=True, kw_only=True, tag="say"):
    """A person writes to a device or a group. `Done.id` is the message."""

    q: int
    number: Address
    chat: Address
    content: Received
    quoted: WaId | None = None


class Vote(Frame, frozen=True, kw_only=True, tag="vote"):
    """A person votes; `choices` is their whole choice. `poll` empty: the last poll they got."""

    q: int
    number: Address
    poll: WaId | None = None
    choices: tuple[str, ...]


class Choose(Frame, frozen=True, kw_only=True, tag="choose"):
    """A person presses a button or chooses a row. `message` empty: the last message that has any."""

    q: int
    number: Address
    message: WaId | None = None
    choice: str


class Read(Frame, frozen=True, kw_only=True, tag="read"):
    """A person reads everything, or everything of one device. `Done.count` messages."""

    q: int
    number: Address
    device: Address | None = None


class Type(Frame, frozen=True, kw_only=True, tag="type"):
    """A person shows or hides "typing" to a device."""

    q: int
    number: Address
    device: Address
    on: bool = True


class List(Frame, frozen=True, kw_only=True, tag="list"):
    """Answer: `Everything`."""

    q: int


class Chat(Frame, frozen=True, kw_only=True, tag="chat"):
    """The last lines that this person saw. Answer: `ChatShown`."""

    q: int
    number: Address


class Watch(Frame, frozen=True, kw_only=True, tag="watch"):
    """See what this person sees: `History` as the answer, then `Saw` live, until the connection ends.

    Without a number: every line of the journal."""

    q: int
    number: Address
    tail: int = 20


class AddFault(Frame, frozen=True, kw_only=True, tag="add_fault"):
    q: int
    rule: Rule


class ClearFaults(Frame, frozen=True, kw_only=True, tag="clear_faults"):
    """End the rules of this name; without one, all."""

    q: int
    name: str = ""


class CutLink(Frame, frozen=True, kw_only=True, tag="cut_link"):
    """Cut the connections of all clients with a device's session."""

    q: int


# -- the network answers, and tells --


class Welcome(Frame, frozen=True, kw_only=True, tag="welcome"):
    channel: int


class CaughtUp(Frame, frozen=True, kw_only=True, tag="caught_up"):
    """All news that waited at the login are confirmed."""

    channel: int


class Closed(Frame, frozen=True, kw_only=True, tag="closed"):
    """The session on this channel has ended, or was not opened. What waits for an answer gets none."""

    channel: int
    state: SessionState
    reason: str
    until: Millis | None = None


class Told(Frame, frozen=True, kw_only=True, tag="told"):
    """News for the device on this channel: repeated after each login until confirmed."""

    channel: int
    news: News


class Typed(Frame, frozen=True, kw_only=True, tag="typed"):
    channel: int
    at: Millis
    chat: Address
    on: bool


class QrShown(Frame, frozen=True, kw_only=True, tag="qr"):
    channel: int
    code: str
    expires_at: Millis
    attempt: int = 0


class CodeShown(Frame, frozen=True, kw_only=True, tag="code"):
    channel: int
    code: str
    expires_at: Millis
    attempt: int = 0


class PairEnded(Frame, frozen=True, kw_only=True, tag="pair_ended"):
    """`reason` is empty when the device is paired now."""

    channel: int
    reason: str = ""
    attempt: int = 0


class Ack(Frame, frozen=True, kw_only=True, tag="ack"):
    q: int
    wa_id: WaId
    at: Millis


class Refused(Frame, frozen=True, kw_only=True, tag="refused"):
    """The answer to a device's question that failed."""

    q: int
    fault: SendFault
    code: str
    retry_after_ms: int = 0


class Uploaded(Frame, frozen=True, kw_only=True, tag="uploaded"):
    q: int
    path: str
    """Where the network keeps the file; its last part is the SHA-256 of the bytes."""


class Checked(Frame, frozen=True, kw_only=True, tag="checked"):
    q: int
    numbers: tuple[NumberCheck, ...]


class InGroups(Frame, frozen=True, kw_only=True, tag="in_groups"):
    q: int
    groups: tuple[Group, ...]


class Done(Frame, frozen=True, kw_only=True, tag="done"):
    q: int
    id: str = ""
    count: int = 0


class No(Frame, frozen=True, kw_only=True, tag="no"):
    """A person's act that is not possible; `code` has a sentence under `phone.no.<code>` in the locale files."""

    q: int
    code: str
    about: str = ""


class Everything(Frame, frozen=True, kw_only=True, tag="everything"):
    q: int
    people: tuple[PersonSet, ...]
    groups: tuple[GroupSet, ...]
    devices: tuple[DeviceNow, ...]
    faults: tuple[Rule, ...] = ()


class ChatShown(Frame, frozen=True, kw_only=True, tag="chat_shown"):
    q: int
    lines: tuple[LineNow, ...]


class History(Frame, frozen=True, kw_only=True, tag="history"):
    q: int
    entries: tuple[AnyEntry, ...]


class Saw(Frame, frozen=True, kw_only=True, tag="saw"):
    entry: AnyEntry


Act: TypeAlias = (
    AddPerson | Block | SetGroup | AddDevice | Unlink | Scan | Say | Vote | Choose
    | Read | Type | List | Chat | Watch | AddFault | ClearFaults | CutLink
)  # fmt: skip
FromClient: TypeAlias = Login | Leave | Pair | Upload | Send | Show | MarkRead | Check | MyGroups | Confirm | Act
Answer: TypeAlias = Ack | Refused | Uploaded | Checked | InGroups | Done | No | Everything | ChatShown | History
OnChannel: TypeAlias = Welcome | CaughtUp | Closed | Told | Typed | QrShown | CodeShown | PairEnded
FromNetwork: TypeAlias = Answer | OnChannel | Saw
CLIENT_DECODER: msgspec.json.Decoder[FromClient] = msgspec.json.Decoder(FromClient)
NETWORK_DECODER: msgspec.json.Decoder[FromNetwork] = msgspec.json.Decoder(FromNetwork)
ENCODER = msgspec.json.Encoder()
