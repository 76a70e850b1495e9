"""Every fact that merpati records, in one file: past tense, ids and keys, never a secret.

A fact is a frozen struct; its `kind` is the class name. `log.actions.record` stores it as JSON beside its keys
(account, device). Text rides along only where a webhook must repeat the same bytes. Adding one: a class here and
its name in `AnyFact` below, an entry in the features' `__init__` (emits, hears).
"""

import msgspec

from merpati.core.ids import Address, BatchId, DeviceId, KeyId, MediaId, MessageId, SignInId, UserId, WaId

NO_DEVICE = DeviceId(0)
"""Of a fact that concerns no one device."""


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind"):
    """Something that happened."""


class MessageQueued(Fact, frozen=True, tag=True):
    """A message was accepted; `due_at` in milliseconds."""

    device: DeviceId
    message: MessageId
    chat: Address
    due_at: int


class BatchAccepted(Fact, frozen=True, tag=True):
    """A call with many targets was accepted; its messages `first`…`first + count - 1` are made by a job."""

    device: DeviceId
    batch: BatchId
    first: MessageId
    count: int


class MessageSent(Fact, frozen=True, tag=True):
    """WhatsApp acknowledged the message."""

    device: DeviceId
    message: MessageId
    chat: Address
    wa_id: WaId
    handed_at: int


class MessageDelivered(Fact, frozen=True, tag=True):
    """A receipt says that the message reached the recipient's phone; `typed`: it was typed on the device's own."""

    device: DeviceId
    message: MessageId
    chat: Address
    wa_id: WaId
    typed: bool = False


class MessageRead(Fact, frozen=True, tag=True):
    """A receipt says that the message was read; `typed` as in MessageDelivered."""

    device: DeviceId
    message: MessageId
    chat: Address
    wa_id: WaId
    typed: bool = False


class MessageRetried(Fact, frozen=True, tag=True):
    """A try was refused for now; the message waits for the next. `code` is an error code."""

    device: DeviceId
    message: MessageId
    chat: Address
    code: str
    due_at: int


class MessageFailed(Fact, frozen=True, tag=True):
    """The message will not be sent. `code` is an error code."""

    device: DeviceId
    message: MessageId
    chat: Address
    code: str


class MessageUncertain(Fact, frozen=True, tag=True):
    """The message was handed over and nobody knows whether it arrived: a person decides."""

    device: DeviceId
    message: MessageId
    chat: Address


class MessageCancelled(Fact, frozen=True, tag=True):
    """A person or a program took the message back before it was handed over."""

    device: DeviceId
    message: MessageId
    chat: Address


class MessageExpired(Fact, frozen=True, tag=True):
    """The message waited too long for a disconnected device."""

    device: DeviceId
    message: MessageId
    chat: Address


class MessageRescheduled(Fact, frozen=True, tag=True):
    """The message got another due time."""

    device: DeviceId
    message: MessageId
    chat: Address
    due_at: int


class ReceivedFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that came with a message. `until` (milliseconds): how long it can be fetched."""

    media: MediaId
    filename: str
    extension: str
    until: int


class Telling(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a webhook tells of an incoming message. `at` is WhatsApp's time; `type` a `transports.port.MediaKind`,
    or text, location, poll, button, contact, reaction, or the network's word for what we do not show. Of a vote:
    `poll` names the poll. Of what was pressed: `button` is what stood on it, `button_id` the id that we gave it.
    `contacts`: name and phone numbers of each card. `reaction_to` is WhatsApp's id of the message that `reaction`
    is on; a `reaction` that was taken back is empty."""

    at: int
    type: str
    name: str = ""
    text: str = ""
    location: str = ""
    poll: str = ""
    choices: tuple[str, ...] = ()
    button: str = ""
    button_id: str = ""
    contacts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reaction: str = ""
    reaction_to: str = ""
    file: ReceivedFile | None = None
    to_itself: bool = False
    in_inbox: bool = False


class MessageReceived(Fact, frozen=True, tag=True):
    """Somebody wrote to the device. `sender` is the group's member in a group, else the chat itself.

    `told` has what a webhook must repeat in the same bytes; None: the device's settings keep it from webhooks, or
    its file has not come yet: then the same is recorded once more when that is clear.
    """

    device: DeviceId
    message: MessageId
    chat: Address
    sender: Address
    wa_id: WaId
    told: Telling | None = None


class MessageEdited(Fact, frozen=True, tag=True):
    """Its author gave the message other words. `sender` is the author, empty: the device's owner. `wa_id` is that
    of the edit, `told` as in MessageReceived; only what people wrote to the device is told."""

    device: DeviceId
    message: MessageId
    chat: Address
    sender: Address
    wa_id: WaId
    told: Telling | None = None


class MessageRevoked(Fact, frozen=True, tag=True):
    """Its author deleted the message for everyone. Fields as in MessageEdited."""

    device: DeviceId
    message: MessageId
    chat: Address
    sender: Address
    wa_id: WaId
    told: Telling | None = None


class MessageTyped(Fact, frozen=True, tag=True):
    """The device's owner wrote to `chat` on its own phone, or on another device of it: nothing that we sent.

    `told` as in MessageReceived, for webhooks that want such.
    """

    device: DeviceId
    message: MessageId
    chat: Address
    wa_id: WaId
    told: Telling | None = None


class DeviceStateChanged(Fact, frozen=True, tag=True):
    """The device's session changed; `state`, `before` are values of `transports.port.SessionState`."""

    device: DeviceId
    state: str
    reason: str
    before: str = ""


class DeviceAdded(Fact, frozen=True, tag=True):
    """A device was added to the account."""

    device: DeviceId


class DeviceUpdated(Fact, frozen=True, tag=True):
    """Settings of the device changed; `fields` names them."""

    device: DeviceId
    fields: list[str]


class DeviceDeleted(Fact, frozen=True, tag=True):
    """The device was taken away: its number and its tokens are nobody's."""

    device: DeviceId


class SignedOut(Fact, frozen=True, tag=True):
    """Sessions of a user ended, or were ended: what streams to them closes."""

    user: UserId
    sessions: list[SignInId]
    device: DeviceId = NO_DEVICE


class AccountTokenRotated(Fact, frozen=True, tag=True):
    """The account has another token: what streams to holders of the old one closes."""

    device: DeviceId = NO_DEVICE


class KeyChanged(Fact, frozen=True, tag=True):
    """A key was made, changed, replaced or revoked: what streams to who may no more closes."""

    key: KeyId
    device: DeviceId = NO_DEVICE


AnyFact = (
    MessageQueued
    | BatchAccepted
    | MessageSent
    | MessageDelivered
    | MessageRead
    | MessageRetried
    | MessageFailed
    | MessageUncertain
    | MessageCancelled
    | MessageExpired
    | MessageRescheduled
    | MessageReceived
    | MessageEdited
    | MessageRevoked
    | MessageTyped
    | DeviceStateChanged
    | DeviceAdded
    | DeviceUpdated
    | DeviceDeleted
    | SignedOut
    | AccountTokenRotated
    | KeyChanged
)
"""The closed list: what the log can hold."""
