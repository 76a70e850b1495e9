"""Meta's paces: no number is faster than its throughput, no pair faster than burst and beat."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from merpati.core.ids import Address
from merpati.transports.cloud_api.pace import PAIR_BURST, PAIR_EVERY_MS, REMEMBERED, LinePace, PairPace

ANI, BUDI = Address("628111"), Address("628222")
GAPS = st.lists(st.integers(min_value=0, max_value=20_000), min_size=1, max_size=200)


@given(gaps=GAPS)
def test_no_more_go_to_one_person_than_the_burst_and_the_beat_allow(gaps: list[int]) -> None:
    """In any stretch of time: 45, and one more for each six seconds of it."""
    pace, now, gone = PairPace(), 0, list[int]()
    for gap in gaps:
        now += gap
        if pace.take(ANI, now) == 0:
            gone.append(now)
    for first in range(len(gone)):
        for last in range(first, len(gone)):
            allowed = PAIR_BURST + (gone[last] - gone[first]) / PAIR_EVERY_MS
            assert last - first + 1 <= allowed + 1e-9


@given(gaps=GAPS)
def test_who_waits_as_long_as_was_said_goes(gaps: list[int]) -> None:
    """And not a millisecond longer than needed: just before, it is refused still."""
    pace, now = PairPace(), 0
    for gap in gaps:
        now += gap
        wait = pace.take(ANI, now)
        if wait:
            assert pace.take(ANI, now + wait - 1) == 1
            assert pace.take(ANI, now + wait) == 0
            now += wait


def test_people_do_not_wait_for_each_other_and_are_forgotten_at_rest() -> None:
    """Each has their own pace."""
    pace = PairPace(burst=1, every_ms=1_000)
    assert pace.take(ANI, 0) == 0
    assert pace.take(ANI, 0) == 1_000
    assert pace.take(BUDI, 0) == 0
    for n in range(REMEMBERED + 1):
        pace.take(Address(str(n)), 10_000)
    assert pace.take(ANI, 10_000) == 0


@given(
    arrivals=st.lists(st.floats(min_value=0, max_value=500), min_size=2, max_size=60),
    rate=st.sampled_from([20, 80, 1_000]),
)
def test_places_of_a_number_keep_their_distance(arrivals: list[float], rate: int) -> None:
    """And nobody waits when there is room."""
    pace, now, places = LinePace(rate), 0.0, list[float]()
    for gap in arrivals:
        now += gap
        places.append(now + pace.take(now))
    distances = [after - before for before, after in itertools.pairwise(places)]
    assert min(distances) >= 1_000 / rate - 1e-6
    assert LinePace(rate).take(5.0) == 0


def test_metas_word_that_it_was_too_fast_holds_everybody() -> None:
    """Until it is over."""
    pace = LinePace(1_000)
    pace.hold(100.0, 1_000)
    assert pace.take(100.0) == 1_000
