"""What a webhook endpoint is, its life, and what becomes of a call. Pure.

Source of the kinds: Fonnte docs, API update device (`webhook`, `webhookstatus`, `webhookconnect`,
`webhookchaining`).
"""

from collections.abc import Callable, Collection, Iterable
from enum import Enum, StrEnum
from typing import NamedTuple

import msgspec

from merpati.core.facts import ReceivedFile
from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.core.machine import Machine

READER = "webhook"
"""The `kind` of our cursors and shards in the log."""
EVERY_DEVICE = DeviceId(0)
"""Instead of one device: of all that the endpoint hears."""
MOST_OLD_SECRETS = 3
MOST_ENDPOINTS = 100
"""Endpoints of one's own that an account may have."""


class EndpointKind(StrEnum):
    """Which facts are heard, and in which body. `bodies.TELLS` is the table."""

    MESSAGE = "message"
    STATUS = "status"
    CONNECT = "connect"
    CHAINING = "chaining"
    TYPED = "typed"
    """What its owner writes on a device's own phone; ours: Fonnte has no address for it."""


class EndpointState(StrEnum):
    """Whether an endpoint is called."""

    ACTIVE = "active"
    DISABLED = "disabled"
    REMOVED = "removed"
    """Kept as a row so that the runner notices and dead letters have their endpoint."""


class EndpointEvent(Enum):
    """What can happen to an endpoint."""

    SET = "set"
    UNSET = "unset"
    SWITCHED_OFF = "switched_off"
    GONE = "gone"


_S, _E = EndpointState, EndpointEvent
LIFE = Machine(
    {
        (_S.ACTIVE, _E.SET): _S.ACTIVE,
        (_S.DISABLED, _E.SET): _S.ACTIVE,
        (_S.REMOVED, _E.SET): _S.ACTIVE,
        (_S.ACTIVE, _E.UNSET): _S.REMOVED,
        (_S.DISABLED, _E.UNSET): _S.REMOVED,
        (_S.REMOVED, _E.UNSET): _S.REMOVED,
        (_S.ACTIVE, _E.SWITCHED_OFF): _S.DISABLED,
        (_S.DISABLED, _E.SWITCHED_OFF): _S.DISABLED,
        (_S.ACTIVE, _E.GONE): _S.DISABLED,
    }
)
"""The life of an endpoint. Only one that answers 410 disables itself."""


class OldSecret(NamedTuple):
    """A secret that was replaced and signs beside the new one until then."""

    sealed: str
    until: int
    """By the database's clock."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is told what happened."""

    id: EndpointId
    account: AccountId
    is_slot: bool
    """One of the four addresses that Fonnte's API sets for a device: of one kind, one of each for a device."""
    name: str = ""
    kinds: tuple[EndpointKind, ...]
    """In the order of the enum."""
    devices: tuple[DeviceId, ...]
    """In order; empty: every device of the account."""
    url: str
    secret_sealed: str
    old_secrets: tuple[OldSecret, ...] = ()
    """Newest first; what has run out may still stand there."""
    key_sealed: str = ""
    """Told as `secret_key` in each body; empty: none."""
    state: EndpointState
    state_reason: str = ""
    """An `EndpointEvent`, when the state is not active."""
    version: int = 1

    @property
    def device(self) -> DeviceId:
        """The one whose facts it hears; `EVERY_DEVICE` when there are several."""
        return self.devices[0] if len(self.devices) == 1 else EVERY_DEVICE

    def hears_device(self, device: DeviceId) -> bool:
        return not self.devices or device in self.devices

    def hears_only(self, devices: Collection[DeviceId] | None) -> bool:
        """Whether it hears no other than these; None: all that there are and will be."""
        return devices is None or bool(self.devices and set(self.devices) <= set(devices))


def in_order(kinds: Iterable[EndpointKind]) -> tuple[EndpointKind, ...]:
    """Each of these once, in the order of the enum."""
    wanted = frozenset(kinds)
    return tuple(kind for kind in EndpointKind if kind in wanted)


def secrets_in_force(endpoint: Endpoint, now: int) -> list[str]:
    """Which secrets sign a call now, sealed: the present one first, then those replaced of late, newest first."""
    return [endpoint.secret_sealed, *(old.sealed for old in endpoint.old_secrets if old.until > now)]


def replaced_secrets(endpoint: Endpoint, now: int, until: int) -> tuple[OldSecret, ...]:
    """What `old_secrets` become when the present one is replaced and is to sign until then.

    Without an overlap no old one signs any more, those of earlier overlaps included. Each call carries a signature
    for every one, so only the newest few are kept.
    """
    if until <= now:
        return ()
    kept = [old for old in endpoint.old_secrets if old.until > now]
    return (OldSecret(endpoint.secret_sealed, until), *kept)[:MOST_OLD_SECRETS]


class Card(msgspec.Struct, frozen=True):
    """What a body says of the device; read at delivery, never stored with a fact."""

    number: str
    """As registered."""
    token: str
    link: Callable[[ReceivedFile], str] = lambda _file: ""
    """The address of a file; empty: there is none."""


class GivenUp(StrEnum):
    """Why facts became dead letters."""

    REFUSED = "refused"
    """One fact, which the endpoint refused five times while it took others."""
    DOWN = "down"
    """The endpoint failed longer than the log is kept."""
    GONE = "gone"
    """The endpoint answered 410."""
    FORGOTTEN = "forgotten"
    """The log dropped the facts before they were delivered."""
    UNREADABLE = "unreadable"
    """One fact, which this version cannot read."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one device, `first` to `last`, that an endpoint did not get."""

    endpoint: EndpointId
    account: AccountId
    device: DeviceId
    first: int
    last: int
    at: int
    reason: GivenUp


class LaneRow(NamedTuple):
    """A lane apart from its endpoint's cursor, as stored."""

    endpoint: EndpointId
    device: DeviceId
    seq: int
    attempt: int
    refusals: int
    next_try_at: int
    since_at: int


class OutageRow(NamedTuple):
    """An endpoint that failed `OPENS_AFTER` times in a row, as stored."""

    endpoint: EndpointId
    attempt: int
    since_at: int
    next_try_at: int


class ReplayRow(NamedTuple):
    """A replay, as stored."""

    endpoint: EndpointId
    device: DeviceId
    first: int
    last: int
    next: int
    asked_at: int
    """Tells it from one of the same facts that was stopped before."""


class AskedReplay(NamedTuple):
    """A replay with how many facts it had."""

    row: ReplayRow
    facts: int
    """0: that of a dead letter, which nobody counted."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call to an endpoint, for its owner to look at. Nothing of the body, nothing of the URL."""

    endpoint: EndpointId
    account: AccountId
    seq: int
    attempt: int
    """1 is the first."""
    at: int
    took_ms: int
    status: int
    """HTTP; 0: no answer."""
    error: str
    """Why there was no answer (`egress.guard.EgressFault`); empty when there was one."""


class Outcome(Enum):
    """What a call means for its fact."""

    PASSED = "passed"
    SKIPPED = "skipped"
    """There was nothing to tell, and no call."""
    REFUSED = "refused"
    """The endpoint does not want this fact; it may want others."""
    FAILED = "failed"
    """The endpoint does not work now."""
    GONE = "gone"
    """The endpoint wants nothing any more."""


REFUSALS_TO_SET_ASIDE = 5
OPENS_AFTER = 3
"""Failures in a row, of whichever devices, after which one fact at a time probes the endpoint; all others wait."""
PARALLEL = 4
"""Lanes of one endpoint at work at once."""
_TRY_AGAIN_4XX = frozenset({408, 425, 429})


def judge_status(status: int) -> Outcome:
    """What an HTTP status means. Fonnte wants exactly 200; we take every 2xx as a yes. A redirect is a failure."""
    if 200 <= status < 300:
        return Outcome.PASSED
    if status == 410:
        return Outcome.GONE
    if 400 <= status < 500 and status not in _TRY_AGAIN_4XX:
        return Outcome.REFUSED
    return Outcome.FAILED
