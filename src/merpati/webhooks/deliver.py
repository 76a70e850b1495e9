"""One call: the body, the headers, the request, and what its answer means."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from merpati.core.clock import Clock, Millis
from merpati.core.crashpoint import crashpoint
from merpati.core.ids import DeviceId, EndpointId
from merpati.egress.client import Egress
from merpati.egress.guard import EgressError
from merpati.log.model import RawEntry
from merpati.webhooks.bodies import KIND_OF, body_of, hears
from merpati.webhooks.ladders import parse_retry_after
from merpati.webhooks.model import Call, Card, Endpoint, Outcome, judge_status, secrets_in_force
from merpati.webhooks.signing import parse_secret, signed_headers, webhook_id

TIMEOUT_S = 15.0
CARD_LIFE_MS = 10_000
KIND_HEADER = "webhook-kind"
"""Ours: which `EndpointKind` it is, for an address that hears several."""

Cards = Callable[[DeviceId], Awaitable[Card | None]]
"""Reads what bodies say of a device; None when it is gone."""
Unseal = Callable[[EndpointId, str], str]
"""Opens a sealed secret of an endpoint."""


class Delivered(NamedTuple):
    """How a call ended."""

    outcome: Outcome
    asked_ms: int | None = None
    """How long the endpoint wants to be left alone (Retry-After of a failure)."""
    call: Call | None = None
    """None when there was nothing to tell."""


class Deliverer:
    """Calls endpoints. Knows their keys and the devices' cards for a short while, so that a call reads nothing."""

    def __init__(self, egress: Egress, cards: Cards, unseal: Unseal, clock: Clock) -> None:
        self._egress, self._read_card, self._unseal, self._clock = egress, cards, unseal, clock
        self._cards: dict[DeviceId, tuple[Millis, Card | None]] = {}
        self._keys: dict[str, bytes] = {}
        self._told_keys: dict[str, str] = {}

    async def deliver(self, endpoint: Endpoint, entry: RawEntry, attempt: int) -> Delivered:
        """Tell this fact; raises `msgspec.ValidationError` for one that cannot be read, `StorageError` when the
        device's card cannot be, `core.tokens.CannotUnseal` when a secret of theirs does not open."""
        body = await self._body(endpoint, entry)
        if body is None:
            return Delivered(Outcome.SKIPPED)
        now = self._clock.now()
        event = webhook_id(entry.account, entry.seq)
        keys = [self._key(endpoint.id, sealed) for sealed in secrets_in_force(endpoint, now)]
        call = Call(
            endpoint=endpoint.id,
            account=entry.account,
            seq=entry.seq,
            attempt=attempt,
            at=now,
            took_ms=0,
            status=0,
            error="",
        )
        headers = signed_headers(keys, event, now, body) | {KIND_HEADER: KIND_OF[entry.kind].value}
        return await self._call(endpoint.url, body, headers, call)

    async def _body(self, endpoint: Endpoint, entry: RawEntry) -> bytes | None:
        """None when there is nothing to tell: also of what this endpoint was set to hear no more."""
        card = await self._card(entry.device) if hears(endpoint, entry.device, entry.kind) else None
        return body_of(entry, card, self._secret_key(endpoint)) if card is not None else None

    async def _call(self, url: str, body: bytes, headers: dict[str, str], call: Call) -> Delivered:
        try:
            answer = await self._egress.post(url, body, headers, timeout_s=TIMEOUT_S)
        except EgressError as error:
            took = self._clock.now() - call.at
            ended = msgspec.structs.replace(call, took_ms=took, error=error.fault.value)
            return Delivered(Outcome.FAILED, None, ended)
        crashpoint("after_hook_posted")
        outcome = judge_status(answer.status)
        asked = parse_retry_after(answer.retry_after, call.at) if outcome is Outcome.FAILED else None
        return Delivered(
            outcome, asked, msgspec.structs.replace(call, took_ms=answer.took_ms, status=answer.status)
        )

    async def _card(self, device: DeviceId) -> Card | None:
        known = self._cards.get(device)
        now = self._clock.now()
        if known is None or not 0 <= now - known[0] < CARD_LIFE_MS:
            known = self._cards[device] = (now, await self._read_card(device))
        return known[1]

    def _secret_key(self, endpoint: Endpoint) -> str:
        sealed = endpoint.key_sealed
        if sealed and sealed not in self._told_keys:
            self._told_keys[sealed] = self._unseal(endpoint.id, sealed)
        return self._told_keys[sealed] if sealed else ""

    def _key(self, endpoint: EndpointId, sealed: str) -> bytes:
        key = self._keys.get(sealed)
        if key is None:
            key = self._keys[sealed] = parse_secret(self._unseal(endpoint, sealed))
        return key
