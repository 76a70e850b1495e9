"""What an endpoint is told: facts become Fonnte's bodies. Tables; pure. Incoming messages: `incoming`.

Source: Fonnte docs, webhook update message status and webhook device status. The status webhook's official sample
matches by `id` while there is one, and later by `stateid` alone, so a receipt carries no `id`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, cast

import msgspec

from merpati.core.errors import Code
from merpati.core.facts import (
    AnyFact,
    DeviceStateChanged,
    MessageDelivered,
    MessageEdited,
    MessageExpired,
    MessageFailed,
    MessageRead,
    MessageReceived,
    MessageRescheduled,
    MessageRetried,
    MessageRevoked,
    MessageSent,
    MessageTyped,
    MessageUncertain,
)
from merpati.core.ids import DeviceId
from merpati.log.model import RawEntry
from merpati.transports.port import SessionState
from merpati.webhooks.incoming import Value, Written, tell_received, tell_typed
from merpati.webhooks.model import Card, Endpoint, EndpointKind

Body: TypeAlias = Mapping[str, Value]

FAILURE_WORDS: dict[str, str] = {
    Code.RECIPIENT_NOT_ON_WHATSAPP: "invalid",
    Code.TARGET_INVALID: "invalid",
    Code.URL_INVALID: "url unreachable",
    Code.URL_UNREACHABLE: "url unreachable",
    Code.EXPIRED: "expired",
}
"""Fonnte docs, message status: the word for a message that ended without being sent; otherwise "failed"."""
OTHER_FAILURE = "failed"


def _sent(fact: MessageSent, _at: int, _card: Card) -> Body:
    return {"id": fact.message, "stateid": fact.wa_id, "status": "sent", "state": "sent"}


def _delivered(fact: MessageDelivered, _at: int, _card: Card) -> Body | None:
    return None if fact.typed else {"stateid": fact.wa_id, "state": "delivered"}


def _read(fact: MessageRead, _at: int, _card: Card) -> Body | None:
    """Of what was typed on the phone nothing is told: no program has heard of that id."""
    return None if fact.typed else {"stateid": fact.wa_id, "state": "read"}


def _failed(fact: MessageFailed, _at: int, _card: Card) -> Body:
    return {"id": fact.message, "status": FAILURE_WORDS.get(fact.code, OTHER_FAILURE)}


def _expired(fact: MessageExpired, _at: int, _card: Card) -> Body:
    return {"id": fact.message, "status": "expired"}


def _retried(fact: MessageRetried, _at: int, _card: Card) -> Body:
    """Fonnte: "pending" is also a message whose processing failed and is tried again."""
    return {"id": fact.message, "status": "pending"}


def _rescheduled(fact: MessageRescheduled, at: int, _card: Card) -> Body:
    """Fonnte: "waiting" is scheduled, and its time is not reached."""
    return {"id": fact.message, "status": "waiting" if fact.due_at > at else "pending"}


def _uncertain(fact: MessageUncertain, _at: int, _card: Card) -> Body:
    """Handed over, and nobody knows more: Fonnte has no other word for it."""
    return {"id": fact.message, "status": "processing"}


DISCONNECTED = frozenset(SessionState) - {SessionState.OPEN, SessionState.CONNECTING, SessionState.PAIRING}


def _state(fact: DeviceStateChanged, at: int, _card: Card) -> Body | None:
    """The two words that Fonnte has; on the way to a connection nothing is told."""
    timestamp = at // 1_000
    if fact.state == SessionState.OPEN:
        return {"status": "connect", "timestamp": timestamp}
    if fact.state in DISCONNECTED:
        return {"status": "disconnect", "timestamp": timestamp, "reason": fact.reason or fact.state}
    return None


def _received(fact: Written, _at: int, card: Card) -> Body | None:
    return tell_received(fact, card.link)


def _typed(fact: MessageTyped, _at: int, card: Card) -> Body | None:
    return tell_typed(fact, card.link)


_Tell: TypeAlias = Callable[[AnyFact, int, Card], Body | None]


def _rows(*rows: tuple[type[AnyFact], Callable[..., Body | None]]) -> dict[str, _Tell]:
    return {fact.__name__: cast(_Tell, tell) for fact, tell in rows}


TELLS: dict[EndpointKind, dict[str, _Tell]] = {
    EndpointKind.STATUS: _rows(
        # MessageQueued is not told: the answer of /send has said "pending" already
        # MessageCancelled is not told: Fonnte has no word for a message that was taken back
        (MessageSent, _sent),
        (MessageDelivered, _delivered),
        (MessageRead, _read),
        (MessageFailed, _failed),
        (MessageExpired, _expired),
        (MessageRetried, _retried),
        (MessageRescheduled, _rescheduled),
        (MessageUncertain, _uncertain),
    ),
    EndpointKind.CONNECT: _rows((DeviceStateChanged, _state)),
    EndpointKind.MESSAGE: _rows(
        (MessageReceived, _received), (MessageEdited, _received), (MessageRevoked, _received)
    ),
    # its address is kept until there are chaining messages
    EndpointKind.CHAINING: {},
    EndpointKind.TYPED: _rows((MessageTyped, _typed)),
}
"""What is told of which facts (by kind), for each kind of endpoint."""
KIND_OF: dict[str, EndpointKind] = {fact: kind for kind, rows in TELLS.items() for fact in rows}
"""The one kind that tells such facts."""

TOLD_TOKEN = frozenset({EndpointKind.CONNECT})
"""Fonnte docs, webhook device status (newer copies): this body carries the device's token."""

_encode = msgspec.json.Encoder().encode


def facts_of(kinds: Iterable[EndpointKind]) -> list[str]:
    """The kinds of facts that these tell."""
    return [fact for kind in kinds for fact in TELLS[kind]]


def hears(endpoint: Endpoint, device: DeviceId, fact_kind: str) -> bool:
    """Whether this endpoint is told of such facts of this device."""
    return KIND_OF.get(fact_kind) in endpoint.kinds and endpoint.hears_device(device)


def body_of(entry: RawEntry, card: Card, secret_key: str = "") -> bytes | None:
    """The JSON that is told of this fact, None when nothing is; `secret_key` rides along when it is not empty.

    Raises `msgspec.ValidationError` for a fact that this version does not know.
    """
    kind = KIND_OF[entry.kind]
    told = TELLS[kind][entry.kind](entry.decode(), entry.at, card)
    if told is None:
        return None
    body: dict[str, Value] = {"device": card.number, **told}
    if kind in TOLD_TOKEN:
        body["token"] = card.token
    if secret_key:
        body["secret_key"] = secret_key
    return _encode(body)
