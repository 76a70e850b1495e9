"""What is asked of the history and what it answers: a search, its rows, the steps of a timeline. Pure."""

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

import msgspec

from merpati.core.ids import AccountId, Address, DeviceId, MessageId, RequestId
from merpati.messages.model import MessageState, StoredContent
from merpati.messages.words import summary_of


class StepKind(StrEnum):
    """What a step of a timeline tells."""

    ACCEPTED = "accepted"
    RECEIVED = "received"
    TYPED = "typed"
    """On the device's own phone."""
    EDITED = "edited"
    """By its author."""
    REVOKED = "revoked"
    """Deleted by its author, for everyone."""
    HELD = "held"
    HANDED_OVER = "handed_over"
    TRIED = "tried"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    ENDED = "ended"


class Step(msgspec.Struct, frozen=True):
    """One step of a message's timeline. `detail`: a hold's reason, a try's outcome, an end's state."""

    at: int
    kind: StepKind
    detail: str = ""
    code: str = ""
    until_at: int = 0


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for in an account's history; what is None is not asked. `after` is a page's `next`."""

    account: AccountId
    device: DeviceId | None = None
    among: Collection[DeviceId] | None = None
    """Any of these devices."""
    incoming: bool | None = None
    id: MessageId | None = None
    number: str | None = None
    """The address, or its first digits."""
    name: str | None = None
    """Whole words of the recipient's name."""
    words: str | None = None
    """Whole words of the text, all of them."""
    anywhere: str | None = None
    """Whole words, all of them in the text or all of them in the name."""
    state: MessageState | None = None
    held: bool = False
    """Queued, and kept back now: by its time, or by its device."""
    scheduled: bool = False
    """Queued, and kept back now by a schedule."""
    span: tuple[MessageId, MessageId] | None = None
    """From the first id until before the second."""
    from_at: int | None = None
    to_at: int | None = None
    after: tuple[int, int] | None = None
    limit: int = 50


class HistoryRow(NamedTuple):
    id: MessageId
    device: DeviceId
    incoming: bool
    chat: Address
    name: str
    content: StoredContent
    state: MessageState
    code: str
    request: RequestId
    """0: none."""
    queued_at: int
    due_at: int
    """0: it has left the outbox."""
    state_at: int
    """Since when it is in its state."""
    typed: int
    """1: on the device's own phone."""
    edited_at: int
    """0: never. Its author gave it other words."""
    revoked_at: int
    """0: never. Its author deleted it for everyone."""

    @property
    def text(self) -> str:
        """What it holds, in one text."""
        return summary_of(self.content)
