"""The device's pace, the life of a message, and what follows from a failed hand-over. Pure."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.errors import Code
from merpati.core.machine import ForbiddenTransition
from merpati.messages.handover import Outcome
from merpati.messages.model import LIFE, MessageEvent, MessageState
from merpati.messages.pace import Pace
from merpati.messages.retries import judge
from merpati.transports.port import SendError, SendFault

FINAL = {MessageState.READ, MessageState.RECEIVED}


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_drawn_gap_lies_in_the_range(from_ms: int, width: int, draw: float) -> None:
    """Never closer than a, never further than b."""
    assert from_ms <= Pace(from_ms, from_ms + width).gap(draw) <= from_ms + width


def test_the_ends_of_the_range_are_drawn_too() -> None:
    """Whole milliseconds, each as likely as another."""
    pace = Pace(2, 4)

    assert {pace.gap(draw / 100) for draw in range(100)} == {2, 3, 4}


GIVEN_UP = {MessageEvent.GIVEN_UP, MessageEvent.GIVEN_UP_FOR_NOW, MessageEvent.RESENT}


@given(st.lists(st.sampled_from([each for each in MessageEvent if each not in GIVEN_UP]), max_size=20))
def test_receipts_never_lower_a_state(events: list[MessageEvent]) -> None:
    """Along any allowed path from `sent`, the state climbs, unless the network itself gives the message up."""
    state = MessageState.SENT
    for event in events:
        try:
            following = LIFE.next(state, event)
        except ForbiddenTransition:
            continue
        assert following > state
        state = following


@pytest.mark.parametrize("state", MessageState)
def test_every_state_but_the_last_ones_has_a_way_on(state: MessageState) -> None:
    """No message is stuck: each state allows something, or is an end."""
    assert (state in FINAL) != any(from_ is state for from_, _ in LIFE.table)


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.DELIVERED, MessageState.READ])
def test_what_was_sent_cannot_be_cancelled_or_expire(state: MessageState) -> None:
    """It has left."""
    for event in (MessageEvent.CANCELLED, MessageEvent.EXPIRED, MessageEvent.TAKEN):
        with pytest.raises(ForbiddenTransition):
            LIFE.next(state, event)


def verdict(
    fault: SendFault, code: str = "x", *, refusals: int = 0, takes_ref: bool = True, after_ms: int = 0
) -> str:
    error = SendError(fault, code, retry_after_ms=after_ms)
    found = judge(error, refusals=refusals, max_tries=5, takes_ref=takes_ref, rng=random.Random(1))
    return f"{found.outcome}:{found.code}"


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("retry:busy", verdict(SendFault.RETRY, "busy")),
        ("failed:tried_too_often", verdict(SendFault.RETRY, "busy", refusals=4)),
        ("retry:device_disconnected", verdict(SendFault.NOT_OPEN, Code.DEVICE_DISCONNECTED, refusals=99)),
        ("retry:throttled", verdict(SendFault.RATE, "throttled", refusals=99)),
        ("retry:locked", verdict(SendFault.AUTH, "locked", refusals=99)),
        ("failed:recipient_not_on_whatsapp", verdict(SendFault.RECIPIENT, Code.RECIPIENT_NOT_ON_WHATSAPP)),
        ("failed:content_refused", verdict(SendFault.CONTENT, Code.CONTENT_REFUSED)),
        ("failed:unsupported", verdict(SendFault.UNSUPPORTED, Code.UNSUPPORTED)),
        ("retry:outcome_unknown", verdict(SendFault.AMBIGUOUS)),
        ("unknown:outcome_unknown", verdict(SendFault.AMBIGUOUS, takes_ref=False)),
    ],
)
def test_each_fault_has_its_consequence(expected: str, found: str) -> None:
    """Only what is certainly unsent goes back; an unclear one only where the network takes our reference."""
    assert found == expected


def test_a_throttled_message_waits_as_long_as_the_network_asks() -> None:
    """`retry_after` is obeyed."""
    error = SendError(SendFault.RATE, "throttled", retry_after_ms=7_000)

    assert judge(error, refusals=0, max_tries=5, takes_ref=True, rng=random.Random(1)).wait_ms == 7_000


@given(st.integers(0, 3), st.integers())
def test_the_back_off_grows_with_the_refusals(refusals: int, seed: int) -> None:
    """2 s, 10 s, 30 s, 2 min, each 20 % more or less."""
    found = judge(
        SendError(SendFault.RETRY, "busy"), refusals=refusals, max_tries=5, takes_ref=True, rng=random.Random(seed)
    )
    wait = (2_000, 10_000, 30_000, 120_000)[refusals]

    assert wait * 0.8 - 1 <= found.wait_ms <= wait * 1.2
    assert found.outcome is Outcome.RETRY
