"""One call with a sample, so that an owner sees whether an endpoint works. Nothing is stored of it."""

import secrets
from collections.abc import Sequence

import msgspec

from merpati.core.clock import Millis
from merpati.core.facts import AnyFact, DeviceStateChanged, MessageReceived, MessageSent, MessageTyped, Telling
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.egress.client import Egress
from merpati.egress.guard import EgressError
from merpati.log.model import RawEntry, encode_fact, kind_of
from merpati.webhooks.bodies import body_of
from merpati.webhooks.deliver import KIND_HEADER, TIMEOUT_S
from merpati.webhooks.model import Call, Card, Endpoint, EndpointKind
from merpati.webhooks.signing import parse_secret, signed_headers

_BUDI, _DEVICE = Address("6281234567890"), DeviceId(1)


def sample_of(kind: EndpointKind, account: AccountId, now: Millis, card: Card, secret_key: str) -> bytes:
    """A body as an endpoint of this kind is told; one of `TRIED`."""
    fact = _SAMPLES[kind](now)
    entry = RawEntry(account, 0, now, kind_of(fact), _DEVICE, encode_fact(fact))
    return body_of(entry, card, secret_key) or b"{}"


def _status(now: Millis) -> AnyFact:
    return MessageSent(_DEVICE, MessageId(1), _BUDI, WaId("3EB0TEST"), now)


def _connect(_now: Millis) -> AnyFact:
    return DeviceStateChanged(_DEVICE, "open", "", "connecting")


def _typed(now: Millis) -> AnyFact:
    return MessageTyped(_DEVICE, MessageId(1), _BUDI, WaId("3EB0TEST"), Telling(now, "text", "", "Masih ada, Kak."))


def _message(now: Millis) -> AnyFact:
    told = Telling(now, "text", "Budi", "Apakah masih ada?")
    return MessageReceived(_DEVICE, MessageId(1), _BUDI, _BUDI, WaId("3EB0TEST"), told)


_SAMPLES = {
    EndpointKind.STATUS: _status,
    EndpointKind.CONNECT: _connect,
    EndpointKind.MESSAGE: _message,
    EndpointKind.TYPED: _typed,
}
TRIED = frozenset(_SAMPLES)
"""Kinds that are told something today."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """The secrets of an endpoint, opened."""

    signing: Sequence[str]
    secret_key: str


async def call_with_sample(egress: Egress, endpoint: Endpoint, known: Known, card: Card, now: Millis) -> Call:
    """Call it once with the first of its kinds that is told something, signed as always, with a `webhook-id` of its
    own (`test-…`); answers how it ended."""
    kind = next(kind for kind in endpoint.kinds if kind in TRIED)
    body, event = sample_of(kind, endpoint.account, now, card, known.secret_key), f"test-{secrets.token_hex(8)}"
    headers = signed_headers([parse_secret(secret) for secret in known.signing], event, now, body)
    headers[KIND_HEADER] = kind.value
    status, took_ms, error = 0, 0, ""
    try:
        answer = await egress.post(endpoint.url, body, headers, timeout_s=TIMEOUT_S)
        status, took_ms = answer.status, answer.took_ms
    except EgressError as fault:
        error = fault.fault.value
    return Call(
        endpoint=endpoint.id,
        account=endpoint.account,
        seq=0,
        attempt=1,
        at=now,
        took_ms=took_ms,
        status=status,
        error=error,
    )
