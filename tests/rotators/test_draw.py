"""Drawing by weight (Fonnte docs, rotator: rotation cycle full and partial)."""

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.core.ids import Address
from merpati.rotators.draw import chance_of, draw_members
from merpati.rotators.model import Member, RotatorKind

FULL, PARTIAL = RotatorKind.FULL, RotatorKind.PARTIAL
WEIGHTS = st.lists(st.integers(1, 100), min_size=1, max_size=8)
SEEDS = st.integers(0, 2**32)


def members_of(weights: list[int]) -> list[Member]:
    return [Member(address=Address(f"62812000{n}"), weight=weight) for n, weight in enumerate(weights)]


def draw(
    kind: RotatorKind, members: list[Member], count: int, rng: random.Random
) -> tuple[list[Address], list[Member]]:
    """Who was drawn, and the members as they are after it."""
    drawn, had = draw_members(kind, members, count, rng)
    return drawn, [msgspec.structs.replace(member, had_turn=member.address in had) for member in members]


def draw_in_calls(members: list[Member], counts: list[int], rng: random.Random) -> list[Address]:
    """One call after another, each with the state that the one before left behind."""
    every: list[Address] = []
    for count in counts:
        drawn, members = draw(FULL, members, count, rng)
        every += drawn
    return every


@given(WEIGHTS, SEEDS, st.lists(st.integers(0, 12), min_size=1, max_size=12))
def test_a_full_rotation_draws_everyone_once_before_anyone_twice(
    weights: list[int], seed: int, counts: list[int]
) -> None:
    """Each n draws from the beginning of a round on have each of n members once, however they fall into calls."""
    members = members_of(weights)

    drawn = draw_in_calls(members, counts, random.Random(seed))

    n = len(members)
    for start in range(0, len(drawn) - len(drawn) % n, n):
        assert sorted(drawn[start : start + n]) == sorted(member.address for member in members)
    assert len(set(drawn[len(drawn) - len(drawn) % n :])) == len(drawn) % n


@given(WEIGHTS, SEEDS, st.integers(1, 5), st.integers(0, 30))
def test_any_window_of_whole_rounds_is_off_by_one_at_most(
    weights: list[int], seed: int, rounds: int, start: int
) -> None:
    """k·n draws in a row, wherever they begin: each member k times, give or take one."""
    members = members_of(weights)
    length = rounds * len(members)

    drawn = draw_in_calls(members, [1] * (start + length), random.Random(seed))

    times = Counter(drawn[start:])
    assert all(abs(times[member.address] - rounds) <= 1 for member in members)


@given(WEIGHTS, SEEDS, st.data())
def test_who_stays_keeps_the_promise_when_another_comes_or_goes(
    weights: list[int], seed: int, data: st.DataObject
) -> None:
    """In the rest of the round exactly those have a turn who had none, and whoever joined; nobody has a second."""
    members, rng = members_of(weights), random.Random(seed)
    first, members = draw(FULL, members, data.draw(st.integers(0, len(members) - 1)), rng)
    gone = data.draw(st.sets(st.sampled_from([m.address for m in members])))
    joined = Member(address=Address("62899"), weight=7)
    changed = [member for member in members if member.address not in gone] + [joined]
    left = sorted(member.address for member in changed if not member.had_turn)

    rest, _ = draw(FULL, changed, len(left), rng)

    assert sorted(rest) == left
    assert not set(rest) & set(first)


@given(WEIGHTS, SEEDS, st.integers(0, 50))
def test_a_partial_rotation_remembers_nothing(weights: list[int], seed: int, count: int) -> None:
    """It draws members only, as many as asked for, and leaves no turn behind."""
    members = members_of(weights)

    drawn, after = draw(PARTIAL, members, count, random.Random(seed))

    assert len(drawn) == count and set(drawn) <= {member.address for member in members}
    assert after == members


# the 99.9th percentile of chi-square, by degrees of freedom
CRITICAL = {1: 10.83, 2: 13.82, 3: 16.27}
DRAWS = 20_000
SHARES = [[1, 1], [1, 9], [50, 30, 20], [100, 1, 1, 50]]


def chi_square(times: Counter[Address], members: list[Member], draws: int) -> float:
    total = sum(member.weight for member in members)
    wanted = {member.address: draws * member.weight / total for member in members}
    return sum((times[address] - want) ** 2 / want for address, want in wanted.items())


@pytest.mark.parametrize("weights", SHARES)
def test_partial_draws_follow_the_weights(weights: list[int]) -> None:
    """Chi-square of 20,000 draws, below what one honest seed in a thousand would exceed."""
    members = members_of(weights)

    drawn, _ = draw(PARTIAL, members, DRAWS, random.Random(20_261_125))

    assert chi_square(Counter(drawn), members, DRAWS) < CRITICAL[len(weights) - 1]


@pytest.mark.parametrize("weights", SHARES)
def test_who_comes_first_in_a_round_follows_the_weights(weights: list[int]) -> None:
    """In a full rotation the weight decides when one has its turn: the first of a round is a weighted draw."""
    members, rng = members_of(weights), random.Random(20_261_125)

    first = Counter(draw(FULL, members, 1, rng)[0][0] for _ in range(DRAWS))

    assert chi_square(first, members, DRAWS) < CRITICAL[len(weights) - 1]


def test_the_chance_of_the_next_draw() -> None:
    """Of those who had no turn in a full rotation, of all in a partial one; of all again when a round is over."""
    a, b, c = members_of([1, 2, 5])
    b = msgspec.structs.replace(b, had_turn=True)

    assert [chance_of(each, FULL, [a, b, c]) for each in (a, b, c)] == [1 / 6, 0, 5 / 6]
    assert [chance_of(each, PARTIAL, [a, b, c]) for each in (a, b, c)] == [1 / 8, 2 / 8, 5 / 8]
    done = [msgspec.structs.replace(each, had_turn=True) for each in (a, b, c)]
    assert [chance_of(each, FULL, done) for each in done] == [1 / 8, 2 / 8, 5 / 8]
