"""One call with a sample, so that an owner sees whether an endpoint works. Nothing is stored of it."""

import secrets
from collections.abc import Sequence

from merpati.core.clock import Millis
from merpati.core.facts import AnyFact, DeviceStateChanged, MessageReceived, MessageSent, Telling
from merpati.core.ids import Address, MessageId, WaId
from merpati.egress.client import Egress
from merpati.egress.guard import EgressError
from merpati.log.model import RawEntry, encode_fact, kind_of
from merpati.webhooks.bodies import body_of
from merpati.webhooks.deliver import TIMEOUT_S
from merpati.webhooks.model import Call, Card, Endpoint, EndpointKind
from merpati.webhooks.signing import parse_secret, signed_headers

_BUDI = Address("6281234567890")


def sample_of(endpoint: Endpoint, now: Millis, card: Card) -> bytes:
    """A body as this endpoint is told; of a kind that is told nothing yet, only the device."""
    fact = _SAMPLES[endpoint.kind](endpoint, now)
    entry = RawEntry(endpoint.account, 0, now, kind_of(fact), endpoint.device, encode_fact(fact))
    return body_of(EndpointKind(endpoint.kind), entry, card) or b"{}"


def _status(endpoint: Endpoint, now: Millis) -> AnyFact:
    return MessageSent(endpoint.device, MessageId(1), _BUDI, WaId("3EB0TEST"), now)


def _connect(endpoint: Endpoint, _now: Millis) -> AnyFact:
    return DeviceStateChanged(endpoint.device, "open", "", "connecting")


def _message(endpoint: Endpoint, now: Millis) -> AnyFact:
    told = Telling(now, "text", "Budi", "Apakah masih ada?")
    return MessageReceived(endpoint.device, MessageId(1), _BUDI, _BUDI, WaId("3EB0TEST"), told)


_SAMPLES = {EndpointKind.STATUS: _status, EndpointKind.CONNECT: _connect, EndpointKind.MESSAGE: _message}
TRIED = frozenset(_SAMPLES)
"""Kinds that are told something today."""


async def call_with_sample(
    egress: Egress, endpoint: Endpoint, signing: Sequence[str], card: Card, now: Millis
) -> Call:
    """Call it once, signed as always, with a `webhook-id` of its own (`test-…`); answers how it ended."""
    body, event = sample_of(endpoint, now, card), f"test-{secrets.token_hex(8)}"
    headers = signed_headers([parse_secret(secret) for secret in signing], event, now, body)
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
