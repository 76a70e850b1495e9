"""What people say to each other, as facts."""

from enum import StrEnum

import msgspec


class MediaKind(StrEnum):
    """What a file is shown as."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"


class _Content(msgspec.Struct, frozen=True, kw_only=True, tag=str.lower):
    pass


class Text(_Content, frozen=True):
    """Words; `mentions` are phone numbers or LIDs that are called by name in them."""

    body: str
    mentions: tuple[str, ...] = ()


class Media(_Content, frozen=True):
    """A file: decrypted, its hashes checked."""

    kind: MediaKind
    data: bytes
    mime: str = "application/octet-stream"
    filename: str = ""
    caption: str = ""


class Location(_Content, frozen=True):
    """A place."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class Contact(_Content, frozen=True):
    """A card."""

    name: str
    vcard: str


class Poll(_Content, frozen=True):
    """A question; `several`: more than one choice may be made."""

    question: str
    choices: tuple[str, ...]
    several: bool = False


class Vote(_Content, frozen=True):
    """A vote on a poll, decrypted; no choices: it was taken back."""

    poll: str
    choices: tuple[str, ...]


class Reaction(_Content, frozen=True):
    """An emoji on a message; empty: it was taken back."""

    to: str
    emoji: str


class Edit(_Content, frozen=True):
    """New words of a message."""

    of: str
    body: str


class Revoke(_Content, frozen=True):
    """A message taken back."""

    of: str


class Unreadable(_Content, frozen=True):
    """What could not be decrypted, or whose file could not; a phone shows that it waits for it."""

    reason: str


class Other(_Content, frozen=True):
    """What a phone shows otherwise, or not at all: the fields that were set."""

    fields: tuple[str, ...]


Content = Text | Media | Location | Contact | Poll | Vote | Reaction | Edit | Revoke | Unreadable | Other


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A message on a phone's screen."""

    id: str
    chat: str
    """The other person's phone number, or the group's address."""
    sender: str
    """A phone number."""
    device: int
    """Which of the sender's devices wrote it; 0: the phone."""
    content: Content
    at: int
    """Seconds."""
    reply_to: str = ""


class ReceiptKind(StrEnum):
    """What a receipt says."""

    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    READ_SELF = "read-self"
    """Read on another device of the reader's, who hides it from others."""
    SENDER = "sender"
    """To the sender's other devices."""
    INACTIVE = "inactive"
    """Delivered to a client that nobody looks at."""
    PEER = "peer_msg"
    RETRY = "retry"
    """It could not be decrypted: again, please."""
    SERVER_ERROR = "server-error"
    HISTORY = "hist_sync"


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """That a device has got, or its owner has read, a message."""

    kind: ReceiptKind
    id: str
    by: str
    """A phone number."""
    device: int = 0
