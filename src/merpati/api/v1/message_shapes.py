"""A message as the API shows it: a row of a list, or everything."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from merpati.api.v1.card_shapes import Contact, ReactionAnswer
from merpati.api.v1.interactive_shapes import ChoiceAnswer, InteractiveAnswer
from merpati.api.v1.shapes import Answer, Instant, instant, maybe
from merpati.api.v1.windows import WindowAnswer
from merpati.core.clock import Millis
from merpati.devices.model import Device, words_of
from merpati.messages.authored import Changed, ChangeKind
from merpati.messages.history import HistoryRow
from merpati.messages.model import MessageState, Note, StateWord, StoredContent, Vote
from merpati.messages.own_changes import May
from merpati.messages.targets import text_of
from merpati.messages.waiting import Can, Wait, Waiting, what_can
from merpati.messages.words import summary_of
from merpati.transports.cards import Contacts, Edit, NotShown, Reaction, Revoke
from merpati.transports.interactive import Buttons, Chosen, LinkButton, ListMenu, Template
from merpati.transports.port import Location, Media, MediaKind, Poll, Text

SHOWN_TEXT = 200
"""Characters of a text in a list."""


class Direction(StrEnum):
    """Which way a message goes."""

    OUT = "out"
    IN = "in"


class ContentKind(StrEnum):
    """What a message holds."""

    TEXT = "text"
    FILE = "file"
    LOCATION = "location"
    POLL = "poll"
    VOTE = "vote"
    BUTTONS = "buttons"
    MENU = "menu"
    LINK = "link"
    TEMPLATE = "template"
    CHOICE = "choice"
    CONTACTS = "contacts"
    REACTION = "reaction"
    EDIT = "edit"
    REVOKE = "revoke"
    NOT_SHOWN = "not_shown"


KINDS: dict[type, ContentKind] = {
    Text: ContentKind.TEXT,
    Media: ContentKind.FILE,
    Location: ContentKind.LOCATION,
    Poll: ContentKind.POLL,
    Vote: ContentKind.VOTE,
    Buttons: ContentKind.BUTTONS,
    ListMenu: ContentKind.MENU,
    LinkButton: ContentKind.LINK,
    Template: ContentKind.TEMPLATE,
    Chosen: ContentKind.CHOICE,
    Contacts: ContentKind.CONTACTS,
    Reaction: ContentKind.REACTION,
    Edit: ContentKind.EDIT,
    Revoke: ContentKind.REVOKE,
    NotShown: ContentKind.NOT_SHOWN,
}


def words_in(content: StoredContent) -> str:
    """The one text of it: what was written, a caption, a question, or what was chosen."""
    if isinstance(content, Vote | Chosen | Template | Contacts | Reaction | Edit | Revoke | NotShown):
        return summary_of(content)
    return text_of(content)


class HeldAnswer(Answer, frozen=True, kw_only=True):
    """What keeps a queued message back; `until` is null where nobody can say."""

    reason: Wait
    until: Instant | None


class MessageRow(Answer, frozen=True, kw_only=True):
    """A message in a list. `to` is whom it is written to, or who wrote it; `code` says why it ended.

    `text` has its first 200 characters. `held` is null where nothing keeps it back. `due_at` is null once it has
    left the queue. `request` is the request that it was accepted by. `typed`: its owner wrote it on the device's
    own phone. `edited_at`, `revoked_at`: when its author edited, or deleted it; what was deleted is kept here.
    """

    id: int
    direction: Direction
    device: int
    to: str
    name: str
    text: str
    content: ContentKind
    state: StateWord
    code: str | None
    held: HeldAnswer | None
    accepted_at: Instant
    due_at: Instant | None
    state_at: Instant
    request: int | None
    typed: bool
    edited_at: Instant | None
    revoked_at: Instant | None


class FileAnswer(Answer, frozen=True, kw_only=True):
    """A file that a message holds. `thumbnail` is the path of a small picture of it: of pictures that are still
    kept."""

    kind: MediaKind
    mime: str
    size_bytes: int
    filename: str
    thumbnail: str | None


class LocationAnswer(Answer, frozen=True, kw_only=True):
    """A place, in degrees; of one above a template, `name` and `address` stand below its map."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class PollAnswer(Answer, frozen=True, kw_only=True):
    """A poll; `name` is the caller's own name of it."""

    name: str
    question: str
    choices: list[str]
    several: bool


class WhyAnswer(Answer, frozen=True, kw_only=True):
    """Why a queued message has not gone yet. `until` is null where nobody can say.

    `values` say more: of `device` its `number`, and the keys of two sentences, `means` and `next_step`.
    """

    key: Wait
    values: dict[str, str]
    until: Instant | None


class CanAnswer(Answer, frozen=True, kw_only=True):
    """What may be done to the message now."""

    cancel: bool
    reschedule: bool
    resend: bool
    send_now: bool
    edit: bool
    revoke: bool


class StepAnswer(Answer, frozen=True, kw_only=True):
    """A step of a message's life. `key` is its sentence's, `values` fill the blanks.

    Of the values `until` is an instant, and `why` an error code: its sentence is `error.<code>`.
    """

    kind: str
    at: Instant
    key: str
    values: dict[str, str]


class AheadAnswer(Answer, frozen=True, kw_only=True):
    """A step that is to come; `at` is null where nobody can say."""

    kind: str
    at: Instant | None


class CostAnswer(Answer, frozen=True, kw_only=True):
    """What WhatsApp's official API charges a message as, in its word (`marketing`, `utility`, `authentication`,
    `service`); `free`: it asks nothing for this one."""

    category: str
    free: bool


class ChangeAnswer(Answer, frozen=True, kw_only=True):
    """What its author made of a message, and when; `text` is what it said before."""

    kind: ChangeKind
    at: Instant
    text: str


class MessageAnswer(MessageRow, frozen=True, kw_only=True):
    """A message and all that happened to it; `text` is the whole one.

    `wire_ref` is our reference of it in WhatsApp, `wa_id` WhatsApp's own. `not_shown` is WhatsApp's word for what
    came and is of a kind that is not shown. `window` is its chat's, now. `cost` is null until a receipt told it.
    """

    location: LocationAnswer | None
    poll: PollAnswer | None
    file: FileAnswer | None
    interactive: InteractiveAnswer | None
    choice: ChoiceAnswer | None
    contacts: list[Contact] | None
    reaction: ReactionAnswer | None
    not_shown: str | None
    window: WindowAnswer | None
    notes: list[Note]
    schedule_at: Instant | None
    reply_to: str | None
    wire_ref: str | None
    wa_id: str | None
    cost: CostAnswer | None
    changes: list[ChangeAnswer]
    timeline: list[StepAnswer]
    ahead: list[AheadAnswer]
    why: WhyAnswer | None
    can: CanAnswer


def show_location(content: StoredContent) -> LocationAnswer | None:
    """None where it holds no place."""
    if isinstance(content, Template) and isinstance(content.attached, Location):
        place = content.attached
        return LocationAnswer(
            latitude=place.latitude, longitude=place.longitude, name=place.caption, address=place.address
        )
    if isinstance(content, Location):
        return LocationAnswer(latitude=content.latitude, longitude=content.longitude)
    return None


def show_row(found: tuple[HistoryRow, Waiting | None]) -> MessageRow:
    row, waiting = found
    return MessageRow(
        id=row.id,
        direction=Direction.IN if row.incoming else Direction.OUT,
        device=row.device,
        to=row.chat,
        name=row.name,
        text=row.text[:SHOWN_TEXT],
        content=KINDS[type(row.content)],
        state=state_word(row.state),
        code=row.code or None,
        held=show_held(waiting),
        accepted_at=instant(Millis(row.queued_at)),
        due_at=maybe(row.due_at),
        state_at=instant(Millis(row.state_at)),
        request=row.request or None,
        typed=bool(row.typed),
        edited_at=maybe(row.edited_at),
        revoked_at=maybe(row.revoked_at),
    )


def show_change(change: Changed) -> ChangeAnswer:
    return ChangeAnswer(kind=change.kind, at=instant(Millis(change.at)), text=words_in(change.before))


def last_of(kind: ChangeKind, changes: Sequence[Changed]) -> Instant | None:
    """When the last of this kind was made; None: none was."""
    return maybe(max((change.at for change in changes if change.kind is kind), default=0))


def state_word(state: MessageState) -> StateWord:
    return StateWord[state.name]


_NOT_HELD = frozenset({Wait.PACE, Wait.TURN})
"""What is waited for in the line, where nothing keeps a message back."""


def show_held(waiting: Waiting | None) -> HeldAnswer | None:
    if waiting is None or waiting.reason in _NOT_HELD:
        return None
    return HeldAnswer(reason=waiting.reason, until=maybe(waiting.until_at))


def show_why(waiting: Waiting | None, device: Device | None) -> WhyAnswer | None:
    if waiting is None:
        return None
    if waiting.reason is Wait.DEVICE and device is not None:
        return WhyAnswer(key=waiting.reason, values=_of_device(device), until=maybe(device.state_until))
    return WhyAnswer(key=waiting.reason, values={}, until=maybe(waiting.until_at))


def _of_device(device: Device) -> dict[str, str]:
    words = words_of(device)
    return {"number": device.number, "means": words.means, "next_step": words.next_step}


def show_can(state: MessageState, waiting: Waiting | None, may: May) -> CanAnswer:
    can: Can = what_can(state, waiting)
    changes = {"edit": may.edit_until > 0, "revoke": may.revoke_until > 0}
    return CanAnswer(**msgspec.structs.asdict(can), **changes)
