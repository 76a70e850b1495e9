"""A device as the API shows it, and as it is given."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from merpati.api.v1.shapes import Answer, Given, Instant, instant, maybe
from merpati.core.address import parse_phone
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address
from merpati.devices.model import (
    LARGEST_NEW_PEOPLE,
    LONGEST_PACE_MS,
    Caution,
    Device,
    DeviceState,
    Settings,
    Source,
    StateChange,
    WebhookWay,
    words_of,
)
from merpati.messages.counts import DeviceCounts
from merpati.messages.undecryptable import Undecryptable
from merpati.transports.port import Capabilities, MediaKind

Pace = Annotated[int, Meta(ge=0, le=LONGEST_PACE_MS)]
NewPeople = Annotated[int, Meta(ge=1, le=LARGEST_NEW_PEOPLE)]


class SettingsAnswer(Answer, frozen=True, kw_only=True):
    """What an owner decides about a device.

    `autoread`: incoming messages are marked as read, in personal chats with `personal`, in groups with `in_groups`,
    in the chat with itself with `quick`. `webhook_way`: `both`, the webhook hears every chat and automatic answers
    go on beside it; `fonnte`, it hears the chats that are marked as read, and nothing else answers while it is set.
    `inbox`: webhooks tell the id of an incoming message. `resend`: attachments that the webhook may hear are
    forwarded to `resend_to`. `source`: what answers incoming messages. The device hands over no sooner than a time
    drawn between `pace_from_ms` and `pace_to_ms` after its last message. `resend_unclear`: a message whose
    hand-over nobody answered, and of which WhatsApp does not say within 90 seconds that it has it, is sent again by
    itself, and may arrive twice; else it stays `uncertain` until a person decides. `caution`: how many people who
    do not know the number it writes to first, within any 24 hours: `auto`, as many as its age allows, on linked
    phones alone; `own`, `new_people_per_day`; `off`, all. What is beyond waits.
    """

    autoread: bool
    personal: bool
    in_groups: bool
    quick: bool
    source: Source
    inbox: bool
    webhook_way: WebhookWay
    resend: bool
    resend_to: str
    pace_from_ms: int
    pace_to_ms: int
    resend_unclear: bool
    caution: Caution
    new_people_per_day: int


class SettingsGiven(Given, frozen=True, kw_only=True):
    """Settings to set; what is absent stays as it is."""

    autoread: bool | UnsetType = UNSET
    personal: bool | UnsetType = UNSET
    in_groups: bool | UnsetType = UNSET
    quick: bool | UnsetType = UNSET
    source: Source | UnsetType = UNSET
    inbox: bool | UnsetType = UNSET
    webhook_way: WebhookWay | UnsetType = UNSET
    resend: bool | UnsetType = UNSET
    resend_to: Annotated[str, Meta(max_length=40, description="A phone number; empty for none.")] | UnsetType = (
        UNSET
    )
    pace_from_ms: Pace | UnsetType = UNSET
    pace_to_ms: Pace | UnsetType = UNSET
    resend_unclear: bool | UnsetType = UNSET
    caution: Caution | UnsetType = UNSET
    new_people_per_day: NewPeople | UnsetType = UNSET

    def over(self, before: Settings) -> Settings:
        """These settings over those; raises `Refusal(INPUT_INVALID)`."""
        given = {field: value for field, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        if given.get("resend_to"):
            given["resend_to"] = _number(given["resend_to"])
        return msgspec.structs.replace(before, **given)


def _number(text: str) -> Address:
    try:
        return parse_phone(text)
    except Refusal:
        raise Refusal(Code.INPUT_INVALID, field="settings.resend_to") from None


class TodayAnswer(Answer, frozen=True, kw_only=True):
    """A device's day: accepted to send, acknowledged by WhatsApp, and failed of those accepted."""

    accepted: int
    sent: int
    failed: int


class UndecryptableAnswer(Answer, frozen=True, kw_only=True):
    """Messages of the last seven days that could not be decrypted and have not come again: how many, and since
    when. `next_step` is the key of a sentence: what to do."""

    count: int
    since: Instant
    next_step: str


class DeviceAnswer(Answer, frozen=True, kw_only=True):
    """A device. `number` is as registered, `paired_number` the one that it is on WhatsApp, where that is known.

    `desired`: it is to be kept connected; `connected`: it may send now. `state_until`: when the state ends,
    where WhatsApp says it: of a ban. `means` and `next_step` are the keys of two sentences: what its state means,
    and what to do. `quota`: messages left, null: no limit. `queued` counts the open messages, `held` those of them
    that are kept back. `undecryptable` is null where everything that came could be read.
    """

    id: int
    number: str
    paired_number: str | None
    name: str
    transport: str
    desired: bool
    connected: bool
    state: DeviceState
    state_reason: str
    state_at: Instant
    state_until: Instant | None
    means: str
    next_step: str
    settings: SettingsAnswer
    quota: int | None
    expires_at: Instant | None
    created_at: Instant
    queued: int
    held: int
    today: TodayAnswer
    undecryptable: UndecryptableAnswer | None


class AddedAnswer(Answer, frozen=True, kw_only=True):
    """A device that was added, and its token."""

    device: DeviceAnswer
    token: str


class ConnectionAnswer(Answer, frozen=True, kw_only=True):
    """A line of a device's connection log; `means` is the key of a sentence."""

    at: Instant
    state: DeviceState
    reason: str
    means: str


class FileRuleAnswer(Answer, frozen=True, kw_only=True):
    """What a way to WhatsApp takes of one kind of files: `types` are media types, none: any. `max_caption`:
    characters of the text that goes with it, 0: none may."""

    max_bytes: int
    types: list[str]
    max_caption: int


class CapabilitiesAnswer(Answer, frozen=True, kw_only=True):
    """What a way to WhatsApp can do; what it cannot is refused before anything is queued. `window_ms`: how long one
    may write freely after somebody wrote, 0: always. `warms_up`: its network bans numbers that write to many people
    who do not know them. `edit_ms`, `revoke_ms`: for how long what was sent can be edited, and deleted for
    everyone, 0: never. `files`: by kind, where it takes less than this server.
    """

    in_flight: int
    takes_ref: bool
    media: bool
    location: bool
    poll: bool
    reply: bool
    typing: bool
    check_number: bool
    groups: bool
    pair_qr: bool
    pair_code: bool
    interactive: bool
    template: bool
    contact: bool
    reaction: bool
    edit_ms: int
    revoke_ms: int
    warms_up: bool
    window_ms: int
    max_text: int
    files: dict[MediaKind, FileRuleAnswer]


class TransportAnswer(Answer, frozen=True, kw_only=True):
    """A way to WhatsApp, and what it can do."""

    name: str
    default: bool
    capabilities: CapabilitiesAnswer


def _undecryptable(left: Undecryptable | None) -> UndecryptableAnswer | None:
    if left is None:
        return None
    return UndecryptableAnswer(
        count=left.count, since=instant(Millis(left.since)), next_step="device.next.undecryptable"
    )


def show_device(device: Device, counts: DeviceCounts) -> DeviceAnswer:
    words = words_of(device)
    return DeviceAnswer(
        id=device.id,
        number=device.number,
        paired_number=device.paired_number or None,
        name=device.name,
        transport=device.transport,
        desired=device.desired,
        connected=device.connected,
        state=device.state,
        state_reason=device.state_reason,
        state_at=instant(device.state_at),
        state_until=maybe(device.state_until),
        means=words.means,
        next_step=words.next_step,
        settings=SettingsAnswer(**msgspec.structs.asdict(device.settings)),
        quota=device.quota,
        expires_at=maybe(device.expires_at),
        created_at=instant(device.created_at),
        queued=counts.queued,
        held=counts.held,
        today=TodayAnswer(accepted=counts.accepted, sent=counts.sent, failed=counts.failed),
        undecryptable=_undecryptable(counts.undecryptable),
    )


def show_transport(name: str, able: Capabilities, *, default: bool) -> TransportAnswer:
    shown = {each: getattr(able, each) for each in CapabilitiesAnswer.__struct_fields__}
    files = {
        MediaKind(kind): FileRuleAnswer(
            max_bytes=rule.max_bytes, types=list(rule.types), max_caption=rule.max_caption
        )
        for kind, rule in able.files.items()
    }
    return TransportAnswer(name=name, default=default, capabilities=CapabilitiesAnswer(**{**shown, "files": files}))


def show_connection(change: StateChange, device: Device) -> ConnectionAnswer:
    as_then = msgspec.structs.replace(device, state=change.state, state_reason=change.reason)
    return ConnectionAnswer(
        at=instant(change.at), state=change.state, reason=change.reason, means=words_of(as_then).means
    )
