"""What is asked of `POST /messages` and of its preview, as the core takes it."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from merpati.api.fonnte.attachments import renamed
from merpati.api.fonnte.params import LONGEST_FOLLOWUP_S, LONGEST_TYPING_S, SendParams, parse_choices
from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.card_shapes import ContactsGiven, ReactionGiven, read_contacts
from merpati.api.v1.interactive_shapes import InteractiveGiven, read_interactive
from merpati.api.v1.principal import Principal
from merpati.api.v1.shapes import Given, GivenInstant, millis
from merpati.core.address import HOME_COUNTRY, parse_country_code
from merpati.core.clock import SECOND_MS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address
from merpati.devices.model import Device
from merpati.messages.delay import LONGEST_MS
from merpati.messages.model import DelayRange, Media, Target
from merpati.messages.planning import MOST_TEXT
from merpati.messages.targets import MOST_TARGETS, split_targets
from merpati.transports.cards import Reaction
from merpati.transports.interactive import Template
from merpati.transports.limits import Alone, Interactive
from merpati.transports.port import Location

MOST_SENT_BYTES = 32_000_000
"""Of a body: a call may have 100,000 targets."""

MOST_LINE = 4_096
"""Characters: what is too long for WhatsApp is refused by its own error, which says how long it may be."""

PRESSED = (
    Code.POLL_UNSUPPORTED,
    Code.INTERACTIVE_UNSUPPORTED,
    Code.TEMPLATE_UNSUPPORTED,
    Code.PART_TOO_LONG,
    Code.PART_MISSING,
    Code.PARTS_ALIKE,
    Code.BUTTONS_COUNT,
    Code.ROWS_COUNT,
    Code.TEMPLATE_INVALID,
    Code.VARIABLE_INVALID,
    Code.TEMPLATE_ONE_HEADER,
    Code.TEMPLATE_HEADER_FILE,
    Code.TEMPLATE_NEEDS_IMAGE,
    Code.TEMPLATE_NEEDS_VIDEO,
    Code.TEMPLATE_NEEDS_DOCUMENT,
    Code.TEMPLATE_NEEDS_LOCATION,
    Code.TEMPLATE_NEEDS_NOTHING,
    Code.TEMPLATE_BLANKS,
    Code.TEMPLATE_NAMES,
    Code.TEMPLATE_BUTTONS,
    Code.TEMPLATE_PART,
)
"""What is refused of what is chosen from, wherever it is given."""

CARDS = (
    Code.CONTACTS_COUNT,
    Code.PHONES_COUNT,
    Code.PART_TOO_LONG,
    Code.PART_MISSING,
    Code.EMOJI_INVALID,
)
"""What is refused of cards and reactions."""
ALONE = (
    *PRESSED,
    *(code for code in CARDS if code not in PRESSED),
    Code.CONTACT_UNSUPPORTED,
    Code.REACTION_UNSUPPORTED,
    Code.REACTION_ELSEWHERE,
)
"""What is refused of all that stands alone."""

Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=LONGEST_MS // SECOND_MS)]
GivenId: TypeAlias = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class TargetGiven(Given, frozen=True, kw_only=True):
    """A recipient: `{name}` is their name in the text, `{var1}`, `{var2}` … their variables."""

    to: Annotated[
        str, Meta(max_length=60, description="A phone number, a group's id, or `rotator#1`: one of its members.")
    ]
    name: Annotated[str, Meta(max_length=1_000)] = ""
    variables: Annotated[list[Annotated[str, Meta(max_length=10_000)]], Meta(max_length=100)] = msgspec.field(
        default_factory=list
    )


class LocationGiven(Given, frozen=True, kw_only=True):
    """A place, in degrees. `name` and `address` stand below the map of a template, which needs both, and may hold
    the target's variables; without a template the text stands there."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    name: Annotated[str, Meta(max_length=MOST_LINE)] = ""
    address: Annotated[str, Meta(max_length=MOST_LINE)] = ""


class PollGiven(Given, frozen=True, kw_only=True):
    """A poll; the text is its question. `name` is the caller's own, and comes back with votes."""

    choices: Annotated[list[str], Meta(min_length=2, max_length=12)]
    several: bool = False
    name: Annotated[str, Meta(max_length=1_000)] = ""


class SendGiven(Given, frozen=True, kw_only=True):
    """What to send, to whom, when, and by which device.

    `targets` is a list, or the text that Fonnte's `target` takes (`0812…|Name|variable, 0813…`). Of file, poll and
    location one is sent, in this order, and the text goes with it. `interactive`, `contacts` and `reaction` stand
    alone; but above a template stands the file or the location that it was approved with. `interactive` needs a
    device whose transport has `interactive`, for a template `template`; `contacts` one with `contact`; `reaction`
    one with `reaction`, and goes to the chat of its message. Between two messages passes a time drawn between
    `delay_from_s` and `delay_to_s`.
    """

    device: int
    targets: (
        Annotated[str, Meta(max_length=MOST_SENT_BYTES)]
        | Annotated[list[TargetGiven], Meta(max_length=MOST_TARGETS)]
    )
    text: Annotated[str, Meta(max_length=MOST_TEXT)] = ""
    country_code: Annotated[str, Meta(max_length=10, description="Replaces a leading 0; `0`: nothing does.")] = (
        HOME_COUNTRY
    )
    schedule: GivenInstant | None = None
    delay_from_s: Seconds = 0
    delay_to_s: Seconds | None = None
    typing: bool = False
    duration_s: Annotated[int, Meta(ge=0, le=LONGEST_TYPING_S)] = 1
    location: LocationGiven | None = None
    poll: PollGiven | None = None
    interactive: InteractiveGiven | None = None
    contacts: ContactsGiven | None = None
    reaction: ReactionGiven | None = None
    url: Annotated[str, Meta(max_length=1_000, description="Of a file to send.")] = ""
    file: Annotated[GivenId | None, Meta(description="The id of an uploaded file to send, instead of `url`.")] = (
        None
    )
    filename: Annotated[
        str, Meta(max_length=1_000, description="Instead of the file's own name; documents and sounds show it.")
    ] = ""
    sequence: Annotated[bool, Meta(description="One after the other, in this order, whatever happens.")] = False
    follow_up_s: Annotated[int, Meta(ge=0, le=LONGEST_FOLLOWUP_S, description="Later than else by so much.")] = 0
    preview: Annotated[bool, Meta(description="Let the other side show a preview of a link.")] = True
    reply_to: Annotated[GivenId | None, Meta(description="The id of an incoming message that is answered.")] = None
    connect_only: Annotated[bool, Meta(description="Refuse it while the device is not connected.")] = False


class Reacted(msgspec.Struct, frozen=True):
    """A reaction, and the chat that it belongs to."""

    content: Reaction
    chat: Address


async def uploaded(gateway: Gateway, principal: Principal, data: SendGiven) -> Media | None:
    """The uploaded file that is to be sent; raises `Refusal` (FILE_UNKNOWN; INPUT_INVALID beside an address)."""
    if data.file is None:
        return None
    if data.url:
        raise Refusal(Code.INPUT_INVALID, field="file")
    return renamed((await access.file(gateway, principal, data.file)).media, data.filename)


async def reacted(
    gateway: Gateway, principal: Principal, device: Device, given: ReactionGiven | None
) -> Reacted | None:
    """The reaction as the core takes it, and its chat; raises `Refusal` (MESSAGE_UNKNOWN; REACTION_ELSEWHERE for
    one of another device, or that WhatsApp does not know yet)."""
    if given is None:
        return None
    about = await access.message(gateway, principal, given.message)
    if about.device != device.id or about.wa_id is None:
        raise Refusal(Code.REACTION_ELSEWHERE, field="reaction.message")
    author = about.sender if about.incoming else None
    return Reacted(Reaction(emoji=given.emoji, about=about.wa_id, author=author), about.chat)


def read_country(data: SendGiven) -> str:
    """That of numbers which name none; raises `Refusal(INPUT_INVALID)`."""
    try:
        return parse_country_code(data.country_code)
    except Refusal:
        raise Refusal(Code.INPUT_INVALID, field="country_code") from None


def check_chat(reaction: Reacted | None, targets: Sequence[Target]) -> None:
    """Raises `Refusal(REACTION_ELSEWHERE)` for a reaction that would go to another chat than its message's."""
    if reaction is not None and {each.address for each in targets} != {reaction.chat}:
        raise Refusal(Code.REACTION_ELSEWHERE, field="targets")


def read_entries(data: SendGiven) -> list[tuple[str, tuple[str, ...]]]:
    """Address and values of each target; a name alone is a value too."""
    if isinstance(data.targets, str):
        return list(split_targets(data.targets))
    return [(each.to, (each.name, *each.variables) if each.name or each.variables else ()) for each in data.targets]


def read_params(data: SendGiven, reaction: Reacted | None) -> SendParams:
    """The same as a call of Fonnte's would say it; raises `Refusal(DELAY_INVALID)`."""
    return SendParams(
        message=data.text,
        url=data.url,
        filename=data.filename,
        schedule_s=max(1, millis(data.schedule) // SECOND_MS) if data.schedule else 0,
        delay=read_delay(data),
        location=(data.location.latitude, data.location.longitude) if data.location else None,
        typing=data.typing,
        duration_s=data.duration_s,
        choices=(parse_choices(data.poll.choices) or ()) if data.poll else (),
        several=data.poll.several if data.poll else False,
        pollname=data.poll.name if data.poll else "",
        followup_s=data.follow_up_s,
        sequence=data.sequence,
        preview=data.preview,
        inbox_id=data.reply_to or 0,
        given=_read_given(data, reaction),
    )


_ALONE = ("interactive", "contacts", "reaction")
_BESIDE = ("file", "url", "poll", "location")


def _read_given(data: SendGiven, reaction: Reacted | None) -> Alone | None:
    """What stands alone; raises `Refusal(INPUT_INVALID)` where something stands beside it that may not."""
    template = data.interactive is not None and data.interactive.template is not None
    if data.location is not None and not template and (data.location.name or data.location.address):
        raise Refusal(Code.INPUT_INVALID, field="location.name" if data.location.name else "location.address")
    alone = [name for name in _ALONE if getattr(data, name) is not None]
    if not alone:
        return None
    words = () if alone == ["interactive"] else ("text",)
    others = ("poll",) if template else _BESIDE
    beside = next((name for name in (*alone[1:], *others, *words) if getattr(data, name)), None)
    if beside is not None:
        raise Refusal(Code.INPUT_INVALID, field=beside)
    if data.interactive is not None:
        return _at(data.location, read_interactive(data.text, data.interactive))
    if data.contacts is not None:
        return read_contacts(data.contacts)
    return reaction.content if reaction is not None else None


def _at(given: LocationGiven | None, content: Interactive) -> Interactive:
    """With a place above it, where it is a template."""
    if given is None or not isinstance(content, Template):
        return content
    place = Location(latitude=given.latitude, longitude=given.longitude, caption=given.name, address=given.address)
    return msgspec.structs.replace(content, attached=place)


def read_delay(data: SendGiven) -> DelayRange | None:
    """Between its messages; None: none. Raises `Refusal(DELAY_INVALID)` for a range that ends before it begins."""
    to_s = data.delay_to_s if data.delay_to_s is not None else data.delay_from_s
    if to_s < data.delay_from_s:
        raise Refusal(Code.DELAY_INVALID, field="delay_to_s", delay=f"{data.delay_from_s}-{to_s}")
    range_ = DelayRange(round(data.delay_from_s * SECOND_MS), round(to_s * SECOND_MS))
    return range_ if range_.to_ms else None
