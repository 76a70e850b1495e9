"""Webhooks, their calls and what they did not get, as the API shows them. Pure."""

from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from merpati.api.v1.shapes import Answer, Given, Instant, OverlapHours, instant, maybe
from merpati.core.clock import Millis
from merpati.webhooks.model import Call, DeadLetter, EndpointKind, EndpointState, GivenUp
from merpati.webhooks.views import Standing

Url: TypeAlias = Annotated[str, Meta(max_length=2_000, description="Empty: told no more.")]


class WebhookState(StrEnum):
    """Whether it works.

    `failing`: some of its calls failed, and wait for their next try; others pass. `down`: three calls failed in a
    row, so its oldest fact alone is tried, and all others wait for that. `off`: it answered 410, or was switched
    off, and is not called until it is switched on or set again.
    """

    OK = "ok"
    FAILING = "failing"
    DOWN = "down"
    OFF = "off"


class FailureAnswer(Answer, frozen=True, kw_only=True):
    """The newest call that it did not take; `status` is HTTP's, null when there was no answer: `error` says why."""

    at: Instant
    status: int | None
    error: str | None


class WebhookAnswer(Answer, frozen=True, kw_only=True):
    """An address that is told what happened, of these devices; empty: of every device of the account.

    `of_device`: one of the addresses of a device that Fonnte's API knows; its device and kind stay.
    `has_secret_key`: its bodies carry `secret_key`. `waiting` counts facts up to 1,000. `why` is null while nothing
    fails.
    """

    id: int
    name: str
    kinds: list[EndpointKind]
    devices: list[int]
    of_device: bool
    url: str
    has_secret_key: bool
    state: WebhookState
    failing_since: Instant | None
    waiting: int
    next_try_at: Instant | None
    tries: int
    why: FailureAnswer | None
    last_ok_at: Instant | None


class WebhooksAnswer(Answer, frozen=True, kw_only=True):
    """Those of your own as they were made, then each device's by kind."""

    items: list[WebhookAnswer]


class WebhooksForm(Given, frozen=True, kw_only=True):
    """Where to tell what; what is left out stays as it is."""

    status: Url | UnsetType = UNSET
    connect: Url | UnsetType = UNSET
    message: Url | UnsetType = UNSET
    chaining: Url | UnsetType = UNSET


Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=60)]
GivenUrl: TypeAlias = Annotated[str, Meta(min_length=1, max_length=2_000)]
Kinds: TypeAlias = Annotated[list[EndpointKind], Meta(min_length=1, description="What it is told.")]
Devices: TypeAlias = Annotated[
    list[int], Meta(max_length=1_000, description="Of which devices; empty: of every one, later ones too.")
]
SecretKey: TypeAlias = Annotated[
    str, Meta(max_length=200, description="Told as `secret_key` in each body, as at Fonnte; empty: none.")
]


class WebhookGiven(Given, frozen=True, kw_only=True):
    """An address of your own."""

    name: Name
    url: GivenUrl
    kinds: Kinds
    devices: Devices = msgspec.field(default_factory=list)
    secret_key: SecretKey = ""
    on: bool = True


class WebhookChange(Given, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    name: Name | UnsetType = UNSET
    url: GivenUrl | UnsetType = UNSET
    kinds: Kinds | UnsetType = UNSET
    devices: Devices | UnsetType = UNSET
    secret_key: SecretKey | UnsetType = UNSET
    on: bool | UnsetType = UNSET


class CallAnswer(Answer, frozen=True, kw_only=True):
    """One call. `status` is HTTP's, null when there was no answer: `error` says why.

    `kind` and `body` are null when the log has the fact no more, or it is of a device out of your reach; secrets in
    the body are masked.
    """

    at: Instant
    fact: int
    kind: str | None
    attempt: int
    status: int | None
    ms: int
    error: str | None
    body: str | None


class SecretAnswer(Answer, frozen=True, kw_only=True):
    """What signs the calls (Standard Webhooks), and until when an earlier one does too; null: none does.

    `secret_key` is told in each body; null: none is.
    """

    secret: str
    secret_key: str | None
    old_valid_until: Instant | None


class RotateSecretGiven(Given, frozen=True, kw_only=True):
    """For how long calls are signed with the old secret too; 0: not at all, nor with any before it."""

    overlap_hours: OverlapHours = 0


class TrialAnswer(Answer, frozen=True, kw_only=True):
    """How the call ended."""

    status: int | None
    ms: int
    error: str | None


class DeadLetterAnswer(Answer, frozen=True, kw_only=True):
    """Facts of one device, `first` to `last`, that the address did not get; `n` names it."""

    n: int
    device: int
    first: int
    last: int
    at: Instant
    reason: GivenUp


def show_webhook(standing: Standing) -> WebhookAnswer:
    endpoint = standing.endpoint
    return WebhookAnswer(
        id=endpoint.id,
        name=endpoint.name,
        kinds=list(endpoint.kinds),
        devices=[int(device) for device in endpoint.devices],
        of_device=endpoint.is_slot,
        url=endpoint.url,
        has_secret_key=bool(endpoint.key_sealed),
        state=_state(standing),
        failing_since=maybe(standing.failing_since),
        waiting=standing.waiting,
        next_try_at=maybe(standing.next_try_at),
        tries=standing.tries,
        why=_why(standing.last_failure),
        last_ok_at=maybe(standing.last_ok_at),
    )


def _state(standing: Standing) -> WebhookState:
    if standing.endpoint.state is not EndpointState.ACTIVE:
        return WebhookState.OFF
    if standing.is_down:
        return WebhookState.DOWN
    return WebhookState.OK if standing.failing_since is None else WebhookState.FAILING


def _why(call: Call | None) -> FailureAnswer | None:
    if call is None:
        return None
    return FailureAnswer(at=instant(Millis(call.at)), status=call.status or None, error=call.error or None)


def show_dead_letter(letter: DeadLetter) -> DeadLetterAnswer:
    return DeadLetterAnswer(
        n=letter.first,
        device=letter.device,
        first=letter.first,
        last=letter.last,
        at=instant(Millis(letter.at)),
        reason=letter.reason,
    )
