"""What an endpoint is told. Source: Fonnte docs, webhook update message status, webhook device status."""

import json

import msgspec
import pytest

from merpati.core import facts
from merpati.core.errors import Code
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.log.model import RawEntry, encode_fact, kind_of
from merpati.transports.port import SessionState
from merpati.webhooks.bodies import KIND_OF, TELLS, body_of
from merpati.webhooks.model import Card, EndpointKind

DEVICE, MESSAGE, CHAT, WA = DeviceId(3), MessageId(80367170), Address("6281234567890"), WaId("3EB0A1")
CARD = Card("08123456789", "TOKEN")
AT = 1_700_000_000_500
TO = (DEVICE, MESSAGE, CHAT)


def raw(fact: facts.AnyFact) -> RawEntry:
    return RawEntry(AccountId(1), 7, AT, kind_of(fact), fact.device, encode_fact(fact))


def told(kind: EndpointKind, fact: facts.AnyFact, secret_key: str = "") -> dict[str, object] | None:
    assert KIND_OF[kind_of(fact)] is kind
    body = body_of(raw(fact), CARD, secret_key)
    return json.loads(body) if body is not None else None


@pytest.mark.parametrize(
    ("fact", "body"),
    [
        (facts.MessageSent(*TO, WA, AT), {"id": MESSAGE, "stateid": WA, "status": "sent", "state": "sent"}),
        (facts.MessageDelivered(*TO, WA), {"stateid": WA, "state": "delivered"}),
        (facts.MessageRead(*TO, WA), {"stateid": WA, "state": "read"}),
        (facts.MessageFailed(*TO, Code.RECIPIENT_NOT_ON_WHATSAPP), {"id": MESSAGE, "status": "invalid"}),
        (facts.MessageFailed(*TO, Code.CONTENT_REFUSED), {"id": MESSAGE, "status": "failed"}),
        (facts.MessageFailed(*TO, "a word of the network"), {"id": MESSAGE, "status": "failed"}),
        (facts.MessageFailed(*TO, Code.URL_UNREACHABLE), {"id": MESSAGE, "status": "url unreachable"}),
        (facts.MessageExpired(*TO), {"id": MESSAGE, "status": "expired"}),
        (facts.MessageRetried(*TO, "rate", AT + 1), {"id": MESSAGE, "status": "pending"}),
        (facts.MessageRescheduled(*TO, AT + 1), {"id": MESSAGE, "status": "waiting"}),
        (facts.MessageRescheduled(*TO, AT), {"id": MESSAGE, "status": "pending"}),
        (facts.MessageUncertain(*TO), {"id": MESSAGE, "status": "processing"}),
    ],
)
def test_the_status_webhook_speaks_fonntes_words(fact: facts.AnyFact, body: dict[str, object]) -> None:
    """Each fact of a message's life, with the registered number beside."""
    assert told(EndpointKind.STATUS, fact) == {"device": "08123456789", **body}


def test_what_was_typed_on_the_phone_names_no_sender() -> None:
    """A program that answers whoever wrote finds nobody to answer; receipts of it are told to none."""
    said = facts.Telling(AT, "text", "", "Masih ada, Kak.")
    assert told(EndpointKind.TYPED, facts.MessageTyped(*TO, WA, said)) == {
        "device": "08123456789",
        "typed": True,
        "id": MESSAGE,
        "stateid": WA,
        "target": CHAT,
        "message": "Masih ada, Kak.",
        "type": "text",
        "location": "",
        "timestamp": 1_700_000_000,
        "isgroup": False,
        "filename": "",
        "extension": "",
        "url": "",
    }
    assert told(EndpointKind.TYPED, facts.MessageTyped(*TO, WA)) is None
    assert told(EndpointKind.STATUS, facts.MessageDelivered(*TO, WA, typed=True)) is None
    assert told(EndpointKind.STATUS, facts.MessageRead(*TO, WA, typed=True)) is None


@pytest.mark.parametrize(
    ("state", "reason", "body"),
    [
        (SessionState.OPEN, "", {"status": "connect"}),
        (SessionState.LOGGED_OUT, "", {"status": "disconnect", "reason": "logged_out"}),
        (SessionState.RETRYING, "stream_closed", {"status": "disconnect", "reason": "stream_closed"}),
        (SessionState.OFF, "", {"status": "disconnect", "reason": "off"}),
    ],
)
def test_the_connect_webhook_tells_the_state_and_the_token(
    state: SessionState, reason: str, body: dict[str, object]
) -> None:
    """Reason only with disconnect; seconds, not milliseconds."""
    fact = facts.DeviceStateChanged(DEVICE, state, reason)
    expected = {"device": "08123456789", "token": "TOKEN", "timestamp": 1_700_000_000, **body}
    assert told(EndpointKind.CONNECT, fact) == expected


@pytest.mark.parametrize("state", [SessionState.CONNECTING, SessionState.PAIRING])
def test_the_way_to_a_connection_is_not_told(state: SessionState) -> None:
    """Fonnte has two words only."""
    assert told(EndpointKind.CONNECT, facts.DeviceStateChanged(DEVICE, state, "")) is None


def test_a_configured_secret_rides_in_every_body() -> None:
    """Fonnte's secret, by the key that public receivers check."""
    for kind, fact in (
        (EndpointKind.STATUS, facts.MessageExpired(*TO)),
        (EndpointKind.CONNECT, facts.DeviceStateChanged(DEVICE, SessionState.OPEN, "")),
    ):
        body = told(kind, fact, "s3cret")
        assert body is not None
        assert body["secret_key"] == "s3cret"


def test_the_status_webhook_never_tells_the_token() -> None:
    """Only the body that Fonnte documents with a token has one."""
    assert b"TOKEN" not in (body_of(raw(facts.MessageExpired(*TO)), CARD) or b"")


def test_each_kind_hears_only_facts_that_exist() -> None:
    """A renamed fact would silently be told to nobody. No fact is told by two kinds."""
    told_by = [fact for rows in TELLS.values() for fact in rows]
    assert set(told_by) <= {fact.__name__ for fact in facts.AnyFact.__args__}
    assert len(told_by) == len(KIND_OF)


def test_a_fact_of_a_newer_version_is_unreadable_and_nothing_else() -> None:
    """While versions roll, an older process meets facts it does not know."""
    entry = raw(facts.MessageExpired(*TO))._replace(body='{"kind":"MessageExpired","device":"x"}')
    with pytest.raises(msgspec.ValidationError):
        body_of(entry, CARD)
