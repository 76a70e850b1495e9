"""The transport port: one object is one device's way to WhatsApp. Plain structs in and out, no feature's types.

Source: shapes and states follow WhatsApp's linked-device protocol and Meta's Cloud API where they agree;
`Capabilities` says as data where they do not.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol, TypeAlias

import msgspec

from merpati.core.clock import Millis
from merpati.core.ids import Address, DeviceId, WaId, WireRef
from merpati.transports.attachments import Location as Location
from merpati.transports.attachments import Media as Media
from merpati.transports.attachments import MediaKind as MediaKind
from merpati.transports.cards import Contacts, Edit, NotShown, Reaction, Revoke
from merpati.transports.interactive import Buttons, Chosen, LinkButton, ListMenu, Template
from merpati.transports.limits import FileRule


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Frozen and named: what crosses the port."""


# -- what a transport can do --


class Capabilities(Struct, frozen=True, kw_only=True):
    """What this transport can do, as data.

    The senders read `in_flight`, `takes_ref` and `typing`. The door refuses, before anything is queued, what
    `media`, `location`, `poll`, `reply`, `interactive`, `template`, `contact`, `reaction`, `edit_ms` and
    `revoke_ms` say is absent, what is beyond `max_text` and `files`, and what `window_ms` closes. The others are
    read by the conformance suite alone until what needs them is there: `/validate` (`check_number`),
    `/fetch-group` (`groups`), a `/qr` that refuses what the transport has not (`pair_qr`, `pair_code`).
    """

    in_flight: int
    """How many messages of one device may be handed over at the same time."""
    takes_ref: bool
    """The network takes our `WireRef` as its own id of the message (`WaId` equals it) and shows a repeat once: an
    unclear hand-over may be repeated, and a receipt may come before the acknowledgement."""
    media: bool = True
    location: bool = True
    poll: bool = True
    reply: bool = True
    typing: bool = True
    hears_typing: bool = True
    hears_phone: bool = True
    """What its owner types on the device's own phone is told (`FromPhone`)."""
    stays_connected: bool = True
    """A session is a connection, which may break or be taken over; without, each call stands alone."""
    hand_over_s: float = 60.0
    """How long a hand-over may take, a large file included; later it is unknown whether the message arrived."""
    tells_block: bool = True
    """Who blocked us is known by the answer; without, such a message is acknowledged and never arrives."""
    check_number: bool = True
    groups: bool = True
    pair_qr: bool = True
    pair_code: bool = True
    interactive: bool = False
    """Reply buttons, lists, a link's button."""
    template: bool = False
    """Texts that were approved before."""
    contact: bool = False
    """Contact cards."""
    reaction: bool = False
    """Emojis on messages."""
    warms_up: bool = False
    """Its network bans numbers that write to many people who do not know them, new ones soonest."""
    edit_ms: int = 0
    """For how long the words of a text can be changed after it was sent; 0: never."""
    revoke_ms: int = 0
    """For how long a message can be deleted for everyone after it was sent; 0: never."""
    window_ms: int = 0
    """How long anybody may be written to freely after they wrote; later only `Template` goes. 0: always."""
    max_text: int = 60_000
    """Characters."""
    files: Mapping[str, FileRule] = {}
    """What it takes of a kind of files; of one that is not there, all that is taken here at all."""


# -- outgoing --


class Text(Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    body: str
    preview: bool = True
    """Let the receiving side show a preview of a link."""
    secret: str = ""
    """A part of the body that only its receiver may read, such as a one-time code."""


class Poll(Struct, frozen=True, kw_only=True, tag=True):
    question: str
    choices: tuple[str, ...]
    """2 to 12, all different."""
    several: bool = False
    name: str = ""
    """The caller's own name of the poll; comes back with votes."""


Content: TypeAlias = (
    Text
    | Media
    | Location
    | Poll
    | Buttons
    | ListMenu
    | LinkButton
    | Template
    | Contacts
    | Reaction
    | Edit
    | Revoke
)
"""What can be sent."""
Received: TypeAlias = Content | Chosen | NotShown
"""What can come in."""


class Outbound(Struct, frozen=True, kw_only=True):
    """One message to hand over. The same `ref` always carries the same content."""

    ref: WireRef
    chat: Address
    content: Content
    reply_to: WaId | None = None
    handed_at: int = 0
    """When this hand-over began: it differs from any other one of the same message. 0: that is not asked for."""


class Sent(Struct, frozen=True, kw_only=True):
    """WhatsApp's acknowledgement."""

    wa_id: WaId
    at: Millis


class SendFault(StrEnum):
    """Why a hand-over did not end in an acknowledgement. The features' table says what follows from each."""

    RETRY = "retry"
    """Certainly not sent: the network refused it for now; try again later."""
    NOT_OPEN = "not_open"
    """Certainly not sent: the session is not open, or was lost before the message was handed over."""
    RATE = "rate"
    """Certainly not sent; `retry_after_ms` says when again."""
    RECIPIENT = "recipient"
    """This recipient cannot get it: not on WhatsApp, blocked us."""
    AUTH = "auth"
    """The device's account is the trouble; the message waits."""
    CONTENT = "content"
    """The content is refused for good."""
    UNSUPPORTED = "unsupported"
    AMBIGUOUS = "ambiguous"
    """May have been sent: no answer, or the connection broke in between."""


class SendError(Exception):
    """Raised by `Transport.send`. `code` is a value of `core.errors.Code`, or the network's own word."""

    def __init__(self, fault: SendFault, code: str, *, retry_after_ms: int = 0) -> None:
        super().__init__(f"{fault}: {code}")
        self.fault, self.code, self.retry_after_ms = fault, code, retry_after_ms


class Signal(StrEnum):
    """What can be shown in a chat besides messages."""

    TYPING = "typing"
    PAUSED = "paused"


# -- incoming --


class SessionState(StrEnum):
    """The life of a device's session."""

    OFF = "off"
    PAIRING = "pairing"
    CONNECTING = "connecting"
    OPEN = "open"
    RETRYING = "retrying"
    LOGGED_OUT = "logged_out"
    REPLACED = "replaced"
    BANNED = "banned"
    OUTDATED = "outdated"
    PASSKEY_REQUIRED = "passkey_required"
    FAILED = "failed"


class PairHow(StrEnum):
    QR = "qr"
    CODE = "code"


class Identity(Struct, frozen=True, kw_only=True):
    """Somebody on WhatsApp; a phone number is never the key and may be missing."""

    id: Address
    phone: Address | None = None
    name: str = ""
    lid: Address | None = None
    """What WhatsApp calls them where it tells no phone number (`…@lid`), when it is known."""


class Event(Struct, frozen=True, kw_only=True, tag=True):
    """Something that happened on a device's session. `at` is the transport's time."""

    device: DeviceId
    at: Millis


class PairQr(Event, frozen=True, kw_only=True, tag=True):
    code: str
    """What the QR picture holds."""
    expires_at: Millis


class PairCode(Event, frozen=True, kw_only=True, tag=True):
    code: str
    expires_at: Millis


class State(Event, frozen=True, kw_only=True, tag=True):
    state: SessionState
    reason: str = ""
    """A word of the network (`replaced`, `stream_closed` …); empty when nothing needs saying."""
    until: Millis | None = None
    """The end of a ban, where the network tells it."""
    number: Address | None = None
    """OPEN: the number that the device is on WhatsApp, where the network tells it."""


class ReceiptKind(StrEnum):
    TAKEN = "taken"
    """The network has the message: what an acknowledgement says, from a network that says it apart from it."""
    DELIVERED = "delivered"
    READ = "read"


class Cost(Struct, frozen=True, kw_only=True):
    """What the network charges a message as. Source: Meta's Cloud API, "Status webhook", `pricing`."""

    category: str
    """Its word: marketing, utility, authentication, service …"""
    free: bool = False
    """It asks nothing for this one."""


class Receipt(Event, frozen=True, kw_only=True, tag=True):
    """`ids` are WhatsApp's own. They may come twice, in any order, and before the acknowledgement."""

    ids: tuple[WaId, ...]
    kind: ReceiptKind
    who: Address
    ref: WireRef | None = None
    """Our reference of the one message in `ids`, where the network has an id of its own for it and gives ours back:
    then the receipt settles a message whose acknowledgement was lost."""
    handed_at: int = 0
    """The hand-over that it is about, where the network gives that back with `ref`; 0: it does not say."""
    cost: Cost | None = None
    """Of a network that charges."""


class Undelivered(Event, frozen=True, kw_only=True, tag=True):
    """The network had taken a message and gave it up: nobody got it. May come twice, and before the
    acknowledgement.

    `fault` is RETRY, RATE or AUTH when it may be tried again, `retry_after_ms` says when; else it is given up for
    good. `code` is a value of `core.errors.Code`, or the network's own word.
    """

    wa_id: WaId
    fault: SendFault
    code: str
    retry_after_ms: int = 0
    ref: WireRef | None = None
    """As in `Receipt`."""
    handed_at: int = 0
    """As in `Receipt`."""


class Inbound(Event, frozen=True, kw_only=True, tag=True):
    """A message to the device. `chat` is the sender's address, or the group's."""

    wa_id: WaId
    chat: Address
    sender: Identity
    content: Received
    awaits_file: bool = False
    """The file of its `Media` has not come yet: the message is told once more, with it or, for good, without."""
    quoted: WaId | None = None
    """The message that it answers; of `Chosen`, the one whose button or list it was; of an edit or a revoke, the
    one that is edited or revoked."""


class PollVote(Event, frozen=True, kw_only=True, tag=True):
    """A vote on a poll that this device sent. `choices` is the voter's whole choice now; empty: taken back."""

    wa_id: WaId
    poll: WaId
    chat: Address
    voter: Identity
    choices: tuple[str, ...]


class Typing(Event, frozen=True, kw_only=True, tag=True):
    chat: Address
    on: bool


class FromPhone(Event, frozen=True, kw_only=True, tag=True):
    """A message that its owner wrote on the device's own phone, or on another device of it; to `chat`."""

    wa_id: WaId
    chat: Address
    content: Received
    quoted: WaId | None = None


class Spoken(Event, frozen=True, kw_only=True, tag=True):
    """People with whom the number spoke before it was linked. May come in parts, and again."""

    people: tuple[Address, ...]


AnyEvent: TypeAlias = (
    PairQr | PairCode | State | Receipt | Undelivered | Inbound | PollVote | Typing | FromPhone | Spoken
)
Emit: TypeAlias = Callable[[AnyEvent], Awaitable[None]]
"""Hands an event to the gateway; returning means that it is stored, so that the network may forget it.

Events of a device come one after the other, each when the one before is stored. Only receipts of different messages
may come at the same time, so that thousands which waited do not hold up the device.
"""


class NumberCheck(Struct, frozen=True, kw_only=True):
    number: Address
    registered: bool


class Group(Struct, frozen=True, kw_only=True):
    id: Address
    name: str


class Transport(Protocol):
    """One device's way to WhatsApp. Events go to `emit` in the order the network gave them, one at a time."""

    caps: Capabilities

    async def start(self, emit: Emit) -> None:
        """Resume the stored session; never pairs by itself. Returns soon: `State` events tell the rest."""
        ...

    async def pair(self, how: PairHow, phone: Address | None = None) -> None:
        """Begin pairing; progress comes as PairQr, PairCode and State events. Beginning again starts over:
        nothing of the earlier beginning is told from then on: nobody is shown a code that is worth nothing."""
        ...

    async def stop(self, *, logout: bool = False) -> None:
        """End the session; `logout` also forgets the pairing. May be called twice."""
        ...

    async def send(self, message: Outbound) -> Sent:
        """Hand over one message and wait for WhatsApp's acknowledgement; raises `SendError`."""
        ...

    async def signal(self, chat: Address, what: Signal) -> None:
        """Show or hide "typing"; best effort, raises `SendError` when the session is not open."""
        ...

    async def mark_read(self, chat: Address, sender: Address, ids: Sequence[WaId]) -> None:
        """Show the sender that these messages of theirs were read. Again is harmless; it may be called as soon as a
        message came, before OPEN too. Raises `SendError` when there is no session."""
        ...

    async def check(self, numbers: Sequence[Address]) -> list[NumberCheck]:
        """Whether these numbers are on WhatsApp; raises `SendError`."""
        ...

    async def groups(self) -> list[Group]:
        """The groups this device is in; raises `SendError`."""
        ...
