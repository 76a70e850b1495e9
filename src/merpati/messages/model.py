"""A message's life and shape. Pure.

States and events follow one table; receipts only climb; `uncertain` is a state with a name, not a retry.
"""

from collections.abc import Callable, Mapping
from enum import Enum, IntEnum, StrEnum
from typing import NamedTuple, TypeAlias

import msgspec

from merpati.core.ids import (
    AccountId,
    Address,
    BatchId,
    DeviceId,
    Epoch,
    JobId,
    KeyId,
    MediaId,
    MessageId,
    RequestId,
    WaId,
    WireRef,
)
from merpati.core.machine import Machine
from merpati.log.model import IdempotencyRow, RequestRow
from merpati.transports.port import Content, Received


class MessageState(IntEnum):
    """Where a message is. `SENDING` is in the outbox alone: the intent is one statement there."""

    QUEUED = 0
    SENDING = 1
    SENT = 2
    DELIVERED = 3
    READ = 4
    FAILED = 5
    CANCELLED = 6
    EXPIRED = 7
    UNCERTAIN = 8
    RECEIVED = 9


class StateWord(StrEnum):
    """A state by its name, for those outside."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"
    RECEIVED = "received"


class MessageEvent(Enum):
    """What can happen to a message."""

    TAKEN = "taken"
    ACKNOWLEDGED = "acknowledged"
    ECHOED = "echoed"
    """The network says by itself that it has the message."""
    DELIVERED = "delivered"
    READ = "read"
    REFUSED_FOR_NOW = "refused_for_now"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    """By the network, which had taken it."""
    GIVEN_UP_FOR_NOW = "given_up_for_now"
    LOST_TRACK = "lost_track"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RESENT = "resent"


_S, _E = MessageState, MessageEvent
LIFE = Machine(
    {
        (_S.QUEUED, _E.TAKEN): _S.SENDING,
        (_S.QUEUED, _E.CANCELLED): _S.CANCELLED,
        (_S.QUEUED, _E.EXPIRED): _S.EXPIRED,
        (_S.SENDING, _E.ACKNOWLEDGED): _S.SENT,
        (_S.SENDING, _E.REFUSED_FOR_NOW): _S.QUEUED,
        (_S.SENDING, _E.REFUSED): _S.FAILED,
        (_S.SENDING, _E.LOST_TRACK): _S.UNCERTAIN,
        # a receipt proves that an unacknowledged hand-over arrived
        (_S.SENDING, _E.DELIVERED): _S.DELIVERED,
        (_S.SENDING, _E.READ): _S.READ,
        (_S.QUEUED, _E.ACKNOWLEDGED): _S.SENT,
        (_S.QUEUED, _E.DELIVERED): _S.DELIVERED,
        (_S.QUEUED, _E.READ): _S.READ,
        (_S.UNCERTAIN, _E.ACKNOWLEDGED): _S.SENT,
        (_S.SENDING, _E.ECHOED): _S.SENT,
        (_S.QUEUED, _E.ECHOED): _S.SENT,
        (_S.UNCERTAIN, _E.ECHOED): _S.SENT,
        (_S.SENDING, _E.GIVEN_UP): _S.FAILED,
        (_S.SENT, _E.GIVEN_UP): _S.FAILED,
        (_S.UNCERTAIN, _E.GIVEN_UP): _S.FAILED,
        (_S.SENT, _E.GIVEN_UP_FOR_NOW): _S.QUEUED,
        (_S.UNCERTAIN, _E.GIVEN_UP_FOR_NOW): _S.QUEUED,
        (_S.UNCERTAIN, _E.DELIVERED): _S.DELIVERED,
        (_S.UNCERTAIN, _E.READ): _S.READ,
        # of an earlier hand-over of which nobody knew more, when it ended otherwise meanwhile
        (_S.FAILED, _E.ACKNOWLEDGED): _S.SENT,
        (_S.CANCELLED, _E.ACKNOWLEDGED): _S.SENT,
        (_S.EXPIRED, _E.ACKNOWLEDGED): _S.SENT,
        (_S.SENT, _E.DELIVERED): _S.DELIVERED,
        (_S.SENT, _E.READ): _S.READ,
        (_S.DELIVERED, _E.READ): _S.READ,
        (_S.FAILED, _E.RESENT): _S.QUEUED,
        (_S.EXPIRED, _E.RESENT): _S.QUEUED,
        (_S.UNCERTAIN, _E.RESENT): _S.QUEUED,
        (_S.CANCELLED, _E.RESENT): _S.QUEUED,
    }
)
"""The life of a message. A QUEUED one may be acknowledged, or get a receipt, while it waits for a second try of a
hand-over whose answer came late."""


class Priority(IntEnum):
    """Lower goes first."""

    REPLY = 0
    ONE_TIME_CODE = 1
    SINGLE = 2
    BULK = 3


class HoldReason(StrEnum):
    """What a message waits for."""

    SCHEDULE = "schedule"
    DELAY = "delay"
    FOLLOWUP = "followup"
    RETRY = "retry"
    DEVICE = "device"
    PACE = "pace"
    UNCLEAR = "unclear"
    """Nobody answered; the network may still say that it has it."""
    CAUTION = "caution"
    """Its recipient does not know the number, which has written to enough such people."""


class Note(StrEnum):
    """Something one should know about a message; shown in the timeline, and in the answer to the call."""

    BUTTONS_NOT_SENT = "buttons_not_sent"
    FILE_TYPE = "file_type"
    """The file that came is of a type that is neither told nor forwarded."""
    FILE_TOO_LARGE = "file_too_large"
    """The file that came was not kept."""
    FILE_LOST = "file_lost"
    """The file that came could not be read."""
    FILE_AWAITED = "file_awaited"
    """The file has not come yet; nothing is told of the message until then."""


class Options(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a message is to be handed over, and what is remembered of the call."""

    typing_ms: int = 0
    """Show "typing" this long before the hand-over."""
    reply_to: WaId | None = None
    notes: tuple[Note, ...] = ()


class Target(msgspec.Struct, frozen=True):
    """One recipient of a call, with its variables: `{name}` is `values[0]`, `{var1}` is `values[1]` …"""

    address: Address
    values: tuple[str, ...] = ()


class DelayRange(msgspec.Struct, frozen=True):
    """Fonnte's `delay`: every target waits a time drawn in this range after the one before; whole milliseconds."""

    from_ms: int
    to_ms: int


class SendItem(msgspec.Struct, frozen=True, kw_only=True):
    """One element of a `/send` call: the same content to one or many targets, on each one's device.

    `devices` has one device per target (several tokens in one header: each target's is drawn at the door).
    """

    targets: tuple[Target, ...]
    devices: tuple[DeviceId, ...]
    content: Content
    """With `{name}`, `{var1}` … still in the texts of it."""
    options: Options = Options()
    media: MediaId | None = None
    schedule_at: int | None = None
    delay: DelayRange | None = None
    followup_ms: int = 0
    sequence: bool = False
    """Strict order; schedule, delay and followup do not count."""
    most_words: int = 60_000
    """Characters that the text may have, rendered, where it goes."""


class Upload(IntEnum):
    """Whether a file was uploaded before a message needed it, and whether one has been sent since."""

    NONE = 0
    UNSENT = 1
    SENT = 2


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the media folder, stored before the call that uses it is accepted."""

    id: MediaId
    account: AccountId
    path: str
    kind: str
    mime: str
    size_bytes: int
    filename: str
    key: KeyId = KeyId(0)
    """The key, where it reaches chosen devices only, that it was uploaded with; 0: none."""
    upload: Upload = Upload.NONE


class Vote(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An incoming vote on a poll of ours; no choices: it was taken back."""

    poll: WaId
    choices: tuple[str, ...]


StoredContent: TypeAlias = Received | Vote
"""What the column `content` holds."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it will be stored: everything drawn and rendered, so that a repeat stores the same bytes."""

    id: MessageId
    account: AccountId
    device: DeviceId
    chat: Address
    name: str
    content: Content
    options: Options
    media: MediaId | None
    wire_ref: WireRef
    request: RequestId
    batch: BatchId | None
    priority: Priority
    schedule_at: int | None
    queued_at: int
    due_at: int
    gap_ms: int | None
    sequence: int | None
    hold: HoldReason | None
    """Why `due_at` is later than `queued_at`."""


class BatchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the messages of a batch share; each part's targets hold the rest."""

    content: Content
    options: Options
    media: MediaId | None
    schedule_at: int | None
    sequence: int | None
    hold: HoldReason | None


class PartTarget(msgspec.Struct, frozen=True, array_like=True):
    """One message of a batch that is not made yet."""

    device: DeviceId
    address: Address
    due_at: int
    gap_ms: int | None
    wire_ref: WireRef
    values: tuple[str, ...]
    plan: BatchPlan | None = None
    """Its own, where the call's elements (`data`) differ; None: the batch's."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A call with many targets: stored as parts of 200, made into messages by a job."""

    id: BatchId
    account: AccountId
    request: RequestId
    first: MessageId
    plan: BatchPlan
    parts: tuple[tuple[PartTarget, ...], ...]
    queued_at: int
    job: JobId
    """Of the job that makes the messages."""

    @property
    def count(self) -> int:
        return sum(len(part) for part in self.parts)


class Metered(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages a call spends of each device's quota, and its answer once the quotas before it are known.

    `show` is pure: it is called inside the transaction, maybe more than once.
    """

    uses: tuple[tuple[DeviceId, int], ...]
    show: Callable[[Mapping[DeviceId, int | None]], tuple[str, RequestRow]]
    answer: str = ""
    """As it was stored."""


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted `/send` call: everything that its one transaction stores."""

    account: AccountId
    request: RequestRow
    idempotency: IdempotencyRow | None = None
    drafts: tuple[Draft, ...] = ()
    batches: tuple[Batch, ...] = ()
    media: tuple[Media, ...] = ()
    metered: Metered | None = None
    """None: none of its devices has a quota."""


class QuotaUsedUp(msgspec.Struct, frozen=True):
    """Less is left of a device's quota than the call would spend: nothing was stored."""


class KeyReused(msgspec.Struct, frozen=True):
    """The idempotency key was known, with another body: nothing was stored."""


class Accepted(msgspec.Struct, frozen=True):
    """The call is stored. The answer that the caller prepared is the one to give; a metered call's is here."""

    answer: str | None = None


class Replayed(msgspec.Struct, frozen=True):
    """The idempotency key was known, with the same body: nothing was stored, give this answer again."""

    answer: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a sender took out of the outbox and now hands over."""

    id: MessageId
    account: AccountId
    device: DeviceId
    chat: Address
    content: Content
    options: Options
    wire_ref: WireRef
    attempt: int
    """Hand-overs begun, this one included."""
    refusals: int
    """How often the network refused it for now: the tries that count."""
    priority: Priority
    handed_at: int


class OpenRow(NamedTuple):
    """An open message as the outbox has it. `sending` is 1 while it is being handed over."""

    message: MessageId
    account: AccountId
    device: DeviceId
    chat: Address
    priority: int
    due_at: int
    sending: int
    epoch: Epoch
    attempt: int
    gap_ms: int | None
    handed_at: int
