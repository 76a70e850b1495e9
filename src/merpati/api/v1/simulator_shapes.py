"""The simulated network's people, chats and journal as the API shows them. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

import msgspec

from merpati.api.v1.card_shapes import Contact, ReactionAnswer, show_contacts, show_kind, show_reaction
from merpati.api.v1.interactive_shapes import ChoiceAnswer, InteractiveAnswer, show_choice, show_interactive
from merpati.api.v1.message_shapes import FileAnswer, LocationAnswer, show_location
from merpati.api.v1.shapes import Answer, Instant, instant
from merpati.core.ids import Address, DeviceId
from merpati.messages.words import summary_of
from merpati.transports.cards import Contacts, Edit, NotShown, Reaction, Revoke
from merpati.transports.interactive import Buttons, Chosen, LinkButton, ListMenu, Template, file_of
from merpati.transports.phones import ChatLine, Everyone, Happening, Person, Phones
from merpati.transports.port import Location, Media, Poll, Text

Numbers: TypeAlias = Mapping[Address, DeviceId]
"""The account's devices by their numbers: what concerns another's is not shown."""


class LineKind(StrEnum):
    """What a line of a chat holds."""

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


class PersonAnswer(Answer, frozen=True, kw_only=True):
    """Somebody with a simulated phone. `blocked` names devices; with `read_receipts` they read by themselves."""

    number: str
    name: str
    online: bool
    registered: bool
    read_receipts: bool
    blocked: list[int]


class GroupAnswer(Answer, frozen=True, kw_only=True):
    """A group of the simulated network. `members` are numbers of people and devices."""

    id: str
    name: str
    members: list[str]


class FaultAnswer(Answer, frozen=True, kw_only=True):
    """What can be made to go wrong, and the devices that it strikes now."""

    name: str
    active_on: list[int]


class SimulatorAnswer(Answer, frozen=True, kw_only=True):
    """Who is there, and what goes wrong."""

    people: list[PersonAnswer]
    groups: list[GroupAnswer]
    faults: list[FaultAnswer]


class ChatPollAnswer(Answer, frozen=True, kw_only=True):
    """A poll in a chat; `votes` is this person's choice now."""

    question: str
    choices: list[str]
    several: bool
    votes: list[str]


class ChatLineAnswer(Answer, frozen=True, kw_only=True):
    """What a person sees in a chat. `from` is a number; `receipt` is how far a device's message came: `sent`,
    `delivered`, `read`, null for what the person wrote. Of a vote, `text` has the choices."""

    id: str
    at: Instant
    device: int
    from_: str = msgspec.field(name="from")
    mine: bool
    group: str | None
    kind: LineKind
    text: str
    location: LocationAnswer | None
    poll: ChatPollAnswer | None
    file: FileAnswer | None
    interactive: InteractiveAnswer | None
    choice: ChoiceAnswer | None
    contacts: list[Contact] | None
    reaction: ReactionAnswer | None
    not_shown: str | None
    receipt: str | None


class HappeningAnswer(Answer, frozen=True, kw_only=True):
    """A line of the network's journal, in short: read the chat or the people that it names afresh."""

    at: Instant
    kind: str
    device: int | None
    person: str | None
    line: str
    detail: str


def show_everyone(there: Everyone, phones: Phones, numbers: Numbers) -> SimulatorAnswer:
    return SimulatorAnswer(
        people=[show_person(each, numbers) for each in there.people],
        groups=[GroupAnswer(id=each.id, name=each.name, members=list(each.members)) for each in there.groups],
        faults=[
            FaultAnswer(
                name=name,
                active_on=[
                    numbers[each.device] for each in there.faults if each.name == name and each.device in numbers
                ],
            )
            for name in phones.fault_names
        ],
    )


def show_person(person: Person, numbers: Numbers) -> PersonAnswer:
    return PersonAnswer(
        number=person.number,
        name=person.name,
        online=person.online,
        registered=person.registered,
        read_receipts=person.read_receipts,
        blocked=[numbers[device] for device in person.blocked if device in numbers],
    )


def show_line(line: ChatLine, person: Address, device: DeviceId) -> ChatLineAnswer:
    content = line.content
    return ChatLineAnswer(
        id=line.id,
        at=instant(line.at),
        device=device,
        from_=line.sender,
        mine=line.sender == person,
        group=line.group,
        kind=LineKind.VOTE if content is None else _KINDS[type(content)],
        text=_words(line),
        location=show_location(content) if content is not None else None,
        poll=_poll(content, line) if isinstance(content, Poll) else None,
        file=_file(file) if (file := file_of(content)) is not None else None,
        interactive=show_interactive(content),
        choice=show_choice(content),
        contacts=show_contacts(content),
        reaction=show_reaction(content),
        not_shown=show_kind(content),
        receipt=line.state or None,
    )


def _words(line: ChatLine) -> str:
    match line.content:
        case Text():
            return line.content.body
        case Media() | Location():
            return line.content.caption
        case Poll():
            return line.content.question
        case Buttons() | ListMenu() | LinkButton():
            return line.content.body
        case Template() | Chosen() | Contacts() | Reaction() | Edit() | Revoke() | NotShown():
            return summary_of(line.content)
        case _:
            return ", ".join(line.choices)


def _poll(poll: Poll, line: ChatLine) -> ChatPollAnswer:
    return ChatPollAnswer(
        question=poll.question, choices=list(poll.choices), several=poll.several, votes=list(line.choices)
    )


def _file(media: Media) -> FileAnswer:
    return FileAnswer(
        kind=media.kind, mime=media.mime, size_bytes=media.size_bytes, filename=media.filename, thumbnail=None
    )


def show_happening(happening: Happening, numbers: Numbers) -> HappeningAnswer:
    return HappeningAnswer(
        at=instant(happening.at),
        kind=happening.kind,
        device=numbers[happening.device] if happening.device else None,
        person=happening.person,
        line=happening.line,
        detail=happening.detail.partition(":")[0],
    )


_KINDS: Mapping[type[object], LineKind] = {
    Text: LineKind.TEXT,
    Media: LineKind.FILE,
    Location: LineKind.LOCATION,
    Poll: LineKind.POLL,
    Buttons: LineKind.BUTTONS,
    ListMenu: LineKind.MENU,
    LinkButton: LineKind.LINK,
    Template: LineKind.TEMPLATE,
    Chosen: LineKind.CHOICE,
    Contacts: LineKind.CONTACTS,
    Reaction: LineKind.REACTION,
    Edit: LineKind.EDIT,
    Revoke: LineKind.REVOKE,
    NotShown: LineKind.NOT_SHOWN,
}
