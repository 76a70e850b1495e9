"""How long a device was disconnected: the pure part, against a model that counts every millisecond."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from merpati.core.clock import Millis
from merpati.devices.connection import Interval, expiry_cutoff, intervals

NOW = 60

turns_in_order = st.lists(st.tuples(st.integers(0, NOW), st.booleans()), max_size=8).map(
    lambda turns: sorted(turns, key=lambda turn: turn[0])
)


def down_at_each_instant(turns: list[tuple[int, bool]]) -> list[bool]:
    """Instant by instant; before the first turn nothing is known, which counts as connected."""
    down = [False] * NOW
    for at, connected in turns:
        for instant in range(at, NOW):
            down[instant] = not connected
    return down


@given(turns_in_order, st.integers(1, NOW + 5))
def test_the_cutoff_is_the_latest_instant_since_which_the_sum_reaches_the_limit(
    turns: list[tuple[int, bool]], limit_ms: int
) -> None:
    """Whatever came in between: connected time does not count, disconnected time adds up."""
    down = down_at_each_instant(turns)
    expected = next((t for t in range(NOW, -1, -1) if sum(down[t:]) >= limit_ms), None)

    newest_first = [(Millis(at), connected) for at, connected in reversed(turns)]
    assert expiry_cutoff(intervals(newest_first, Millis(NOW)), Millis(NOW), limit_ms) == expected


@given(turns_in_order)
def test_the_intervals_are_exactly_the_disconnected_time(turns: list[tuple[int, bool]]) -> None:
    """Newest first, without overlaps."""
    found = intervals([(Millis(at), connected) for at, connected in reversed(turns)], Millis(NOW))

    covered = [any(i.from_at <= t < i.to_at for i in found) for t in range(NOW)]
    assert covered == down_at_each_instant(turns)
    assert all(newer.from_at >= older.to_at for newer, older in pairwise(found))


def test_two_outages_add_up() -> None:
    """20 hours, an hour of connection, 4 hours: 24 in sum since the first began."""
    outages = [Interval(Millis(21), Millis(25)), Interval(Millis(0), Millis(20))]

    assert expiry_cutoff(outages, Millis(25), 24) == 0
    assert expiry_cutoff(outages, Millis(25), 25) is None
    assert expiry_cutoff(outages, Millis(25), 4) == 21
    assert expiry_cutoff([], Millis(25), 1) is None
