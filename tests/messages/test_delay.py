"""Fonnte's `delay` (docs, API send message; changelog of January 2025: the first target waits too)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.clock import DAY_MS
from merpati.core.errors import Code, Refusal
from merpati.messages.delay import draw_gap, parse_delay
from merpati.messages.model import DelayRange

READ = [
    ("", None),
    ("0", None),
    ("0-0", None),
    ("5", DelayRange(5_000, 5_000)),
    ("1-10", DelayRange(1_000, 10_000)),
    (" 5 - 100 ", DelayRange(5_000, 100_000)),
    ("5–10", DelayRange(5_000, 10_000)),
    ("0-3", DelayRange(0, 3_000)),
    ("1.5", DelayRange(1_500, 1_500)),
    ("5s", DelayRange(5_000, 5_000)),
    ("86400", DelayRange(DAY_MS, DAY_MS)),
]


@pytest.mark.parametrize(("text", "delay"), READ)
def test_a_delay_is_seconds_or_a_range_of_seconds(text: str, delay: DelayRange | None) -> None:
    """The two forms of the documentation, and what people make of them."""
    assert parse_delay(text) == delay


@pytest.mark.parametrize(
    "text", ["10-5", "86401", "1-86401", "-5", "5-", "-", "a-b", "1e3", "1-2-3", "9" * 30, "٥"]
)
def test_an_absurd_delay_is_refused(text: str) -> None:
    """Longer than a day, the wrong way round, no number."""
    with pytest.raises(Refusal) as refused:
        parse_delay(text)

    assert refused.value.code is Code.DELAY_INVALID


ranges = st.tuples(st.integers(0, DAY_MS), st.integers(0, DAY_MS)).map(lambda ab: DelayRange(min(ab), max(ab)))


@given(ranges, st.integers())
def test_a_gap_is_drawn_inside_its_range(delay: DelayRange, seed: int) -> None:
    """Never closer than a, never further than b."""
    assert delay.from_ms <= draw_gap(delay, random.Random(seed)) <= delay.to_ms


def test_both_ends_of_the_range_are_drawn() -> None:
    """`a-b` means a and b included."""
    rng = random.Random(1)

    assert {draw_gap(DelayRange(1, 3), rng) for _ in range(200)} == {1, 2, 3}
