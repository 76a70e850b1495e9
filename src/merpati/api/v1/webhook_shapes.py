"""Webhooks, their calls and what they did not get, as the API shows them. Pure."""

from enum import StrEnum
from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from merpati.api.v1.shapes import Answer, Given, Instant, OverlapHours, instant, maybe
from merpati.core.clock import Millis
from merpati.webhooks.model import DeadLetter, EndpointKind, EndpointState, GivenUp
from merpati.webhooks.views import Standing

Url: TypeAlias = Annotated[str, Meta(max_length=2_000, description="Empty: told no more.")]


class WebhookState(StrEnum):
    """Whether it works; `off`: it answered 410, or was switched off, and is not called until it is set again."""

    OK = "ok"
    FAILING = "failing"
    OFF = "off"


class WebhookAnswer(Answer, frozen=True, kw_only=True):
    """An address that is told what happened. `waiting` counts facts up to 1,000."""

    id: int
    device: int
    kind: EndpointKind
    url: str
    state: WebhookState
    failing_since: Instant | None
    waiting: int
    next_try_at: Instant | None
    tries: int
    last_ok_at: Instant | None


class WebhooksAnswer(Answer, frozen=True, kw_only=True):
    """Every address, by device and kind."""

    items: list[WebhookAnswer]


class WebhooksForm(Given, frozen=True, kw_only=True):
    """Where to tell what; what is left out stays as it is."""

    status: Url | UnsetType = UNSET
    connect: Url | UnsetType = UNSET
    message: Url | UnsetType = UNSET
    chaining: Url | UnsetType = UNSET


class CallAnswer(Answer, frozen=True, kw_only=True):
    """One call. `status` is HTTP's, null when there was no answer: `error` says why.

    `kind` and `body` are null when the log has the fact no more; secrets in the body are masked.
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
    """What signs the calls (Standard Webhooks), and until when an earlier one does too; null: none does."""

    secret: str
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
    failing = WebhookState.FAILING if standing.failing_since is not None else WebhookState.OK
    return WebhookAnswer(
        id=endpoint.id,
        device=endpoint.device,
        kind=endpoint.kind,
        url=endpoint.url,
        state=failing if endpoint.state is EndpointState.ACTIVE else WebhookState.OFF,
        failing_since=maybe(standing.failing_since),
        waiting=standing.waiting,
        next_try_at=maybe(standing.next_try_at),
        tries=standing.tries,
        last_ok_at=maybe(standing.last_ok_at),
    )


def show_dead_letter(letter: DeadLetter) -> DeadLetterAnswer:
    return DeadLetterAnswer(
        n=letter.first,
        device=letter.device,
        first=letter.first,
        last=letter.last,
        at=instant(Millis(letter.at)),
        reason=letter.reason,
    )
