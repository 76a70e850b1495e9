"""How many people who do not know a number it writes to first: by its age, by its owner, after a refusal."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.clock import DAY_MS, HOUR_MS, SECOND_MS
from merpati.devices.model import Caution, Settings
from merpati.messages.pace import Pace
from merpati.messages.warm_up import (
    FORGIVEN_MS,
    PAUSES_MS,
    WARM_UP,
    Calendar,
    Limit,
    limit_now,
    limits_of,
    pace_of,
    pause_after,
)

NOW = 100 * DAY_MS
AUTO, OWN, OFF = (
    Settings(),
    Settings(caution=Caution.OWN, new_people_per_day=7),
    Settings(caution=Caution.OFF),
)


def test_a_number_is_allowed_more_as_it_grows_older() -> None:
    """From stage to stage: more people, less wait."""
    for younger, older in itertools.pairwise(WARM_UP):
        assert younger.age_ms < older.age_ms
        assert younger.most < older.most
        assert (older.pace.from_ms, older.pace.to_ms) <= (younger.pace.from_ms, younger.pace.to_ms)
    limits = limits_of(AUTO, True, NOW)
    assert [limit_now(limits, NOW + day * DAY_MS) for day in (0, 2, 3, 7, 14, 28, 400)] == [
        20,
        20,
        40,
        80,
        150,
        250,
        250,
    ]


def test_only_a_network_that_bans_for_it_has_a_warm_up() -> None:
    """An owner's own limit holds on every one."""
    assert limits_of(AUTO, False, NOW) == ()
    assert limits_of(OWN, False, NOW) == limits_of(OWN, True, NOW) == (Limit(0, 7),)
    assert limits_of(OFF, True, NOW) == ()


@pytest.mark.parametrize(
    ("set_so", "warms_up", "age_ms", "pace"),
    [
        (AUTO, True, 0, WARM_UP[0].pace),
        (AUTO, True, 400 * DAY_MS, WARM_UP[-1].pace),
        (AUTO, False, 0, Pace(0, 0)),
        (OFF, True, 0, Pace(0, 0)),
        (OWN, True, 0, Pace(0, 0)),
        (msgspec.structs.replace(AUTO, pace_from_ms=1, pace_to_ms=2), True, 0, Pace(1, 2)),
    ],
)
def test_a_young_number_goes_slowly_unless_its_owner_says_how_fast(
    set_so: Settings, warms_up: bool, age_ms: int, pace: Pace
) -> None:
    """And only where that is dangerous."""
    assert pace_of(set_so, warms_up, NOW - age_ms, NOW) == pace


MOSTS = st.lists(st.integers(1, 6), min_size=1, max_size=4).map(sorted)
STEPS = st.lists(st.integers(0, 2 * DAY_MS), min_size=1, max_size=60)


@given(MOSTS, STEPS)
def test_no_day_has_more_first_messages_than_its_limit(mosts: list[int], steps: list[int]) -> None:
    """Any 24 hours, however they lie; and nobody waits longer than that takes."""
    limits = [Limit(NOW + n * 3 * DAY_MS, most) for n, most in enumerate(mosts)]
    calendar, now, given_at = Calendar(limits, []), NOW, []
    for step in steps:
        now += step
        given_at.append(calendar.give(now))
        assert given_at[-1] >= now
    for at in given_at:
        assert sum(at - DAY_MS < other <= at for other in given_at) <= limit_now(limits, at)
    assert max(given_at) <= now + (len(steps) // mosts[0] + 1) * DAY_MS


@given(st.integers(1, 5), st.integers(1, 30))
def test_those_who_wait_go_in_their_order(most: int, count: int) -> None:
    """As many a day as may, none left out in between."""
    calendar = Calendar([Limit(0, most)], [])
    assert [calendar.give(NOW) for _ in range(count)] == [NOW + n // most * DAY_MS for n in range(count)]


def test_each_refusal_pauses_longer_until_it_is_forgiven() -> None:
    """Two weeks without one, and the next is the first."""
    counted, refused_at, now = 0, 0, NOW
    for pause_ms in (*PAUSES_MS, PAUSES_MS[-1]):
        counted, length_ms = pause_after(counted, refused_at, now)
        assert length_ms == pause_ms
        refused_at, now = now, now + length_ms + HOUR_MS
    assert pause_after(counted, NOW, NOW + FORGIVEN_MS - SECOND_MS)[0] == counted + 1
    assert pause_after(counted, NOW, NOW + FORGIVEN_MS) == (1, PAUSES_MS[0])
