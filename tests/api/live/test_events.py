"""What leaves the log by the stream."""

import json
from typing import get_args

from merpati.api.live.events import SHOWN, STATES, STAYING, tell
from merpati.core.facts import AnyFact, MessageReceived, MessageRescheduled, Telling
from merpati.core.ids import AccountId, Address, DeviceId, MessageId, WaId
from merpati.log.model import RawEntry, encode_fact, kind_of

FACTS = get_args(AnyFact)


FOR_WEBHOOKS = {"told"}
"""Has the text of a message, and never leaves by the stream."""


def test_every_field_of_every_fact_is_an_id_a_key_or_a_state() -> None:
    """A new field is shown to browsers when its name stands in `SHOWN`, which no text does."""
    fields = {name for fact in FACTS for name in fact.__struct_fields__} - {"device"}
    assert fields == SHOWN | FOR_WEBHOOKS


def test_what_webhooks_are_told_of_a_message_does_not_leave_by_the_stream() -> None:
    """Its text least of all."""
    told = Telling(1, "text", "Budi", "rahasia")
    fact = MessageReceived(DeviceId(3), MessageId(5), Address("6281"), Address("6281"), WaId("A"), told)
    event = tell(RawEntry(AccountId(1), 9, 0, kind_of(fact), DeviceId(3), encode_fact(fact))).event
    assert b"rahasia" not in event and b"Budi" not in event


def test_every_fact_of_a_message_says_its_state() -> None:
    """So that a page shows it without asking; an edit or a deletion leaves it."""
    assert {fact.__name__ for fact in FACTS if "message" in fact.__struct_fields__} == set(STATES) | STAYING


def test_a_fact_is_told_with_its_keys_and_instants_as_text() -> None:
    """The number of the event is the fact's."""
    fact = MessageRescheduled(DeviceId(3), MessageId(5), Address("6281"), due_at=1_700_000_000_123)
    told = tell(RawEntry(AccountId(1), 9, 1_700_000_000_000, kind_of(fact), DeviceId(3), encode_fact(fact)))
    assert told.event.startswith(b"id: 9\nevent: fact\ndata: ")
    assert told.event.endswith(b"\n\n")
    assert json.loads(told.event.split(b"data: ")[1]) == {
        "seq": 9,
        "kind": "MessageRescheduled",
        "at": "2023-11-14T22:13:20.000Z",
        "device": 3,
        "state": "queued",
        "message": 5,
        "chat": "6281",
        "due_at": "2023-11-14T22:13:20.123Z",
    }


def test_nothing_in_a_fact_breaks_the_stream() -> None:
    """A line break in an id stays within its event."""
    fact = MessageReceived(
        DeviceId(3), MessageId(5), Address("a\n\nevent: reload"), Address("b"), WaId("\r\nid: 1")
    )
    told = tell(RawEntry(AccountId(1), 9, 0, kind_of(fact), DeviceId(3), encode_fact(fact)))
    assert told.event.count(b"\n") == 4
    assert b"\r" not in told.event


def test_a_fact_of_a_later_version_is_told_by_its_keys() -> None:
    """What this version does not know it does not show."""
    told = tell(RawEntry(AccountId(1), 9, 0, "Later", DeviceId(0), '{"kind":"Later","message":5,"text":"hush"}'))
    assert b"hush" not in told.event
    assert b'"message":5' in told.event
