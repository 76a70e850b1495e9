"""What a device is, and the life of its session. Pure.

Sources: Fonnte docs, API add device, update device, device profile (the fields); `transports.port.SessionState`
(the states).
"""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from merpati.core.address import HOME_COUNTRY, parse_phone
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId, Epoch, Incarnation
from merpati.core.machine import Machine
from merpati.transports.port import SessionState

DeviceState = SessionState
"""A device is in the state of its session."""

SHORTEST_NAME, LONGEST_NAME = 2, 30
SHORTEST_NUMBER, LONGEST_NUMBER = 8, 15
LONGEST_PACE_MS = 3_600_000
MOST_NEW_PEOPLE, LARGEST_NEW_PEOPLE = 250, 10_000
"""A day: what is set until somebody says otherwise, and what may be."""


class Source(StrEnum):
    """What answers incoming messages. Fonnte docs, API update device, parameter `source`."""

    AUTOREPLY = "autoreply"
    SPREADSHEET = "spreadsheet"
    FLOW = "flow"


class WebhookWay(StrEnum):
    """What a device's webhook hears, and what it means for automatic answers."""

    FONNTE = "fonnte"
    """The chats that autoread covers; while a webhook is set, nothing answers by itself. Fonnte docs, webhook reply
    message; that it takes autoread is what its users report."""
    BOTH = "both"
    """Every chat; automatic answers go on beside it."""


class Caution(StrEnum):
    """With people who do not know the number: how many a day it writes to first."""

    AUTO = "auto"
    """As many as its age allows, where WhatsApp bans numbers that write to many strangers."""
    OWN = "own"
    """As many as its owner says."""
    OFF = "off"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner decides about a device. Fonnte docs, API update device (its names where ours differ)."""

    autoread: bool = False
    personal: bool = False
    in_groups: bool = False
    """Fonnte's `group`."""
    quick: bool = False
    resend: bool = False
    """Forward incoming attachments to `resend_to`."""
    resend_to: str = ""
    """Fonnte's `target`."""
    source: Source = Source.AUTOREPLY
    inbox: bool = True
    """Webhooks tell the id of an incoming message (`inboxid`), so that an answer can quote it."""
    webhook_way: WebhookWay = WebhookWay.BOTH
    pace_from_ms: int = 0
    """The device hands over no sooner than a time drawn in this range after its last; 0 and 0: no pace."""
    pace_to_ms: int = 0
    resend_unclear: bool = False
    """What nobody answered, and WhatsApp does not say by itself that it has, is sent again: it may arrive twice."""
    caution: Caution = Caution.AUTO
    new_people_per_day: int = MOST_NEW_PEOPLE
    """How many people its own caution lets it write to first, within any 24 hours."""


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One sender."""

    id: DeviceId
    account: AccountId
    number: str
    """As registered: a name of digits, not necessarily the number that WhatsApp knows. Its owner may change it."""
    name: str
    transport: str
    """A name that `wiring.Transports` knows."""
    paired_number: str = ""
    """The number that it is on WhatsApp, from its first open session until WhatsApp logs it out; empty: none."""
    paired_at: Millis = Millis(0)
    """Since when it is that number; 0: it is none."""
    desired: bool
    """Keep it connected."""
    state: DeviceState
    state_reason: str
    state_at: Millis
    state_until: Millis | None = None
    """The end of the state, where the network tells it: of a ban."""
    settings: Settings
    quota: int | None
    """Messages left; None: no limit."""
    expires_at: Millis | None
    package: str
    """The name of its plan; empty: it has none."""
    created_at: Millis

    def has_ended(self, at: Millis) -> bool:
        """Whether its plan is over."""
        return self.expires_at is not None and self.expires_at <= at

    @property
    def connected(self) -> bool:
        """A session that its owner has just ended is not, though its last word may say so for a moment."""
        return self.desired and self.state is DeviceState.OPEN


class Claim(NamedTuple):
    """A device's ownership as its holder knows it."""

    inc: Incarnation
    epoch: Epoch


class Owned(NamedTuple):
    """A device that an incarnation holds."""

    device: DeviceId
    epoch: Epoch
    desired: bool
    """False: its owner wants it disconnected."""


class StateChange(msgspec.Struct, frozen=True):
    """One line of a device's connection log."""

    at: Millis
    state: DeviceState
    reason: str


class Reason(StrEnum):
    """Our own words for why a state changed; a transport brings others."""

    NEW = "new"
    NODE_LOST = "node_lost"
    """The process that held the session ended or lost its lease."""
    RELEASED = "released"
    """The process that held the session gave it back: it stopped."""
    UNWANTED = "unwanted"
    """The owner of the device disconnected it."""


# -- the life of a session --

_S = DeviceState

LIVE = frozenset({_S.PAIRING, _S.CONNECTING, _S.OPEN, _S.RETRYING})
"""States of a session that some process runs."""
ENDED = frozenset({_S.LOGGED_OUT, _S.REPLACED, _S.BANNED, _S.OUTDATED, _S.PASSKEY_REQUIRED, _S.FAILED})
"""States that end a session until a person or a new start does something about it."""

_FOLLOWS: dict[frozenset[DeviceState], frozenset[DeviceState]] = {
    frozenset({_S.OFF}): LIVE - {_S.RETRYING} | ENDED,
    LIVE: LIVE | ENDED | {_S.OFF},
    # a late word of a session that has ended does not open it again
    ENDED: frozenset({_S.OFF, _S.PAIRING, _S.CONNECTING}) | ENDED,
}
LIFE: Machine[DeviceState, DeviceState] = Machine(
    {(old, new): new for olds, news in _FOLLOWS.items() for old in olds for new in news if old is not new}
)
"""The state a session is in and the one it reports -> the state it is in then."""


def may_follow(old: DeviceState, new: DeviceState) -> bool:
    """Whether a session in `old` may report `new`."""
    return (old, new) in LIFE.table


class StateWords(NamedTuple):
    """Keys of the sentences that explain a state: what it means, what to do next."""

    means: str
    next_step: str


WORDS = {state: StateWords(f"device.state.{state}", f"device.next.{state}") for state in DeviceState}
NOT_PAIRED = StateWords("device.state.not_paired", "device.next.not_paired")
"""Of a session that its network ended at once, as no phone is linked yet: nobody has logged it out."""


AT_META = frozenset(
    {
        Code.META_TOKEN_REFUSED,
        Code.META_PERMISSION_MISSING,
        Code.META_ACCOUNT_RESTRICTED,
        Code.META_PAYMENT_MISSING,
        Code.META_NUMBER_NOT_SET_UP,
        Code.OFFICIAL_NOT_SET_UP,
    }
)
"""Reasons of an official number, which say more than its state does."""


def words_of(device: Device) -> StateWords:
    """The words for the state that the device is in."""
    if device.state_reason in AT_META and device.state is not DeviceState.OPEN:
        return StateWords(f"error.{device.state_reason}", "device.next.official")
    unpaired = device.state is DeviceState.LOGGED_OUT and device.state_reason == "not_paired"
    return NOT_PAIRED if unpaired else WORDS[device.state]


# -- checks --


def check_name(text: str) -> str:
    """A device's name: 2 to 30 characters; raises `Refusal(INPUT_INVALID)`. Fonnte docs, API add device, `name`."""
    name = " ".join(text.split())
    if not (SHORTEST_NAME <= len(name) <= LONGEST_NAME and name.isprintable()):
        raise Refusal(Code.INPUT_INVALID, field="name")
    return name


def check_number(text: str) -> str:
    """A device's number: 8 to 15 digits; raises `Refusal(INPUT_INVALID)`. Fonnte docs, API add device, `device`."""
    number = text.strip()
    if not (SHORTEST_NUMBER <= len(number) <= LONGEST_NUMBER and number.isascii() and number.isdigit()):
        raise Refusal(Code.INPUT_INVALID, field="device")
    return number


def written_numbers(number: str) -> tuple[str, str]:
    """A device's number as registered, and as WhatsApp writes it where it can be a phone's."""
    try:
        return number, parse_phone(number)
    except Refusal:
        return number, number


def spellings(number: str) -> tuple[str, str, str]:
    """A device's number as registered, as WhatsApp writes it, and as it is dialled at home: all are one phone's."""
    number, full = written_numbers(number)
    return number, full, f"0{full.removeprefix(HOME_COUNTRY)}" if full.startswith(HOME_COUNTRY) else full


def check_settings(settings: Settings) -> Settings:
    """Settings that make sense; raises `Refusal(INPUT_INVALID)` with the field."""
    if not 0 <= settings.pace_from_ms <= settings.pace_to_ms <= LONGEST_PACE_MS:
        raise Refusal(Code.INPUT_INVALID, field="pace")
    if not 1 <= settings.new_people_per_day <= LARGEST_NEW_PEOPLE:
        raise Refusal(Code.INPUT_INVALID, field="new_people_per_day")
    if settings.resend and not settings.resend_to:
        raise Refusal(Code.INPUT_INVALID, field="target")
    return settings
