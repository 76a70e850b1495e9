"""What the gateway and a worker say to each other: MessagePack bodies of `frames`. Pure.

`q` numbers a question; its answer carries the same. A worker that hears no `Ping` for a while ends itself, as does
one whose socket ends: no session outlives the gateway that holds it.
"""

from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

import msgspec

from merpati.core.clock import Millis
from merpati.core.ids import Address, DeviceId, WaId
from merpati.transports.linked.frames import FrameInvalid
from merpati.transports.port import (
    AnyEvent,
    Group,
    NumberCheck,
    Outbound,
    PairHow,
    SendFault,
    Signal,
)

VERSION: Final = 1
"""Of this protocol; a worker of another is not spoken to."""


class Word(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Anything that crosses the socket."""


class OfDevice(Word, frozen=True, kw_only=True, tag=True):
    device: DeviceId


# -- from the gateway --


class Open(OfDevice, frozen=True, kw_only=True, tag=True):
    """Resume the session in `folder`; without one, `Ended(NOT_PAIRED)` follows."""

    folder: str
    spool: str
    """Where files that come are put; who stores one removes it here."""
    proxy: str = ""
    """`http://` or `socks5://`; empty: none but the environment's."""
    most_bytes: int = 100_000_000
    """Larger files that come are not fetched."""


class Pair(OfDevice, frozen=True, kw_only=True, tag=True):
    """Begin pairing, or begin again; `Open` comes first. What is shown carries `attempt`."""

    attempt: int
    how: PairHow
    phone: Address | None = None


class Close(OfDevice, frozen=True, kw_only=True, tag=True):
    """End the session; answered by `Done` when it is ended."""

    q: int
    logout: bool = False


class Send(OfDevice, frozen=True, kw_only=True, tag=True):
    """Answered by `Acked` or `Refused`."""

    q: int
    message: Outbound


class Show(OfDevice, frozen=True, kw_only=True, tag=True):
    chat: Address
    what: Signal


class MarkRead(OfDevice, frozen=True, kw_only=True, tag=True):
    chat: Address
    sender: Address
    ids: tuple[WaId, ...]


class Check(OfDevice, frozen=True, kw_only=True, tag=True):
    """Answered by `Checked` or `Refused`."""

    q: int
    numbers: tuple[Address, ...]


class ListGroups(OfDevice, frozen=True, kw_only=True, tag=True):
    """Answered by `InGroups` or `Refused`."""

    q: int


class Confirm(OfDevice, frozen=True, kw_only=True, tag=True):
    """All that was told up to `seq` is stored: the worker may forget it."""

    seq: int


class Ping(Word, frozen=True, kw_only=True, tag=True):
    n: int


FromGateway: TypeAlias = Open | Pair | Close | Send | Show | MarkRead | Check | ListGroups | Confirm | Ping


# -- from the worker --


class Hello(Word, frozen=True, kw_only=True, tag=True):
    """The first word of a worker."""

    version: int
    library: str
    """What speaks WhatsApp's protocol, with its version."""


class Trouble(Word, frozen=True, kw_only=True, tag=True):
    """Instead of `Hello`: it cannot work at all, and ends."""

    code: str


class Pong(Word, frozen=True, kw_only=True, tag=True):
    n: int


class End(StrEnum):
    """How a session, or a beginning of a pairing, came to its end; `life` says what follows."""

    NOT_PAIRED = "not_paired"
    UNLINKED = "unlinked"
    """On the phone."""
    LOGGED_OUT = "logged_out"
    """By us."""
    REPLACED = "replaced"
    BANNED = "banned"
    LOCKED = "locked"
    """WhatsApp wants something of the account's owner on the phone first."""
    OUTDATED = "outdated"
    PASSKEY = "passkey"
    LOST = "lost"
    """The connection; it is made again by itself."""
    CRASHED = "crashed"
    """The library gave up, or the process with it; it is started again."""
    UNREADABLE = "unreadable"
    """After a restore: what comes cannot be decrypted, the copy was too old."""
    MOVED = "moved"
    """The session lives on elsewhere."""
    LIBRARY = "library"
    """The library is another than the one this version was made for."""
    TIMED_OUT = "timed_out"
    """Nobody scanned or typed."""
    REFUSED = "refused"
    """WhatsApp gave no code, or not to this phone."""


class Began(OfDevice, frozen=True, kw_only=True, tag=True):
    """The connection to WhatsApp is there (again); what waited comes next."""


class Opened(OfDevice, frozen=True, kw_only=True, tag=True):
    """All that waited was told and confirmed."""

    number: Address
    lid: Address | None = None


class Ended(OfDevice, frozen=True, kw_only=True, tag=True):
    how: End
    until: Millis | None = None
    attempt: int = 0
    """Of a pairing that ended; 0: the session."""


class Paired(OfDevice, frozen=True, kw_only=True, tag=True):
    """The phone has linked us; the login follows."""

    attempt: int


class QrShown(OfDevice, frozen=True, kw_only=True, tag=True):
    attempt: int
    code: str
    for_ms: int


class CodeShown(OfDevice, frozen=True, kw_only=True, tag=True):
    attempt: int
    code: str
    for_ms: int


class Told(OfDevice, frozen=True, kw_only=True, tag=True):
    """News that the worker keeps until `Confirm(seq)`: one event, or receipts in order."""

    seq: int
    events: tuple[AnyEvent, ...]


class Noticed(OfDevice, frozen=True, kw_only=True, tag=True):
    """Somebody types, or stopped; kept nowhere."""

    chat: Address
    on: bool


class Acked(Word, frozen=True, kw_only=True, tag=True):
    q: int
    wa_id: WaId
    at: Millis


class Refused(Word, frozen=True, kw_only=True, tag=True):
    q: int
    fault: SendFault
    code: str
    retry_after_ms: int = 0


class Checked(Word, frozen=True, kw_only=True, tag=True):
    q: int
    numbers: tuple[NumberCheck, ...]


class InGroups(Word, frozen=True, kw_only=True, tag=True):
    q: int
    groups: tuple[Group, ...]


class Done(Word, frozen=True, kw_only=True, tag=True):
    q: int


Answer: TypeAlias = Acked | Refused | Checked | InGroups | Done
OnDevice: TypeAlias = Began | Opened | Ended | Paired | QrShown | CodeShown | Told | Noticed
FromWorker: TypeAlias = Hello | Trouble | Pong | OnDevice | Answer

W = TypeVar("W")
_encoder = msgspec.msgpack.Encoder()
_of_gateway: msgspec.msgpack.Decoder[FromGateway] = msgspec.msgpack.Decoder(FromGateway)
_of_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


def body_of(word: FromGateway | FromWorker) -> bytes:
    return _encoder.encode(word)


def word_of_gateway(body: bytes) -> FromGateway:
    """Raises `FrameInvalid` for anything else."""
    return _decoded(_of_gateway, body)


def word_of_worker(body: bytes) -> FromWorker:
    """Raises `FrameInvalid` for anything else."""
    return _decoded(_of_worker, body)


def _decoded(decoder: "msgspec.msgpack.Decoder[W]", body: bytes) -> W:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameInvalid(f"no word: {error}") from None
