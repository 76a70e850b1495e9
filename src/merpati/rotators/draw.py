"""Drawing members by weight. Pure; randomness comes in.

Source: Fonnte docs, rotator: *full* draws by weight among those that had no turn yet, and begins again when all
had theirs; *partial* draws by weight among all, each time.
"""

import random
from collections.abc import Callable, Mapping, Sequence

from merpati.core.ids import Address
from merpati.rotators.model import Member, RotatorKind

Drawn = tuple[list[Address], frozenset[Address]]
"""Who was drawn, in order, and who has had a turn in the round that this leaves behind."""


def rng_of(seed: int) -> random.Random:
    """The chance that a seed stands for: an action that runs again draws the same."""
    return random.Random(seed)


def draw_members(kind: RotatorKind, members: Sequence[Member], count: int, rng: random.Random) -> Drawn:
    """`count` draws, one after the other; of no members none can be drawn, so there has to be one."""
    return _DRAWS[kind](members, count, rng)


def _draw_full(members: Sequence[Member], count: int, rng: random.Random) -> Drawn:
    had = frozenset(member.address for member in members if member.had_turn)
    drawn: list[Address] = []
    while len(drawn) < count:
        left = [member for member in members if member.address not in had]
        if not left:
            had, left = frozenset(), list(members)
        turns = _in_turn(left, rng)[: count - len(drawn)]
        drawn += turns
        had = had.union(turns)
    return drawn, had


def _in_turn(members: Sequence[Member], rng: random.Random) -> list[Address]:
    """All of them, in a weighted order without replacement.

    Each gets a time that is exponential with its weight as the rate, the earliest comes first: so whoever is left
    is at every moment next with a chance of its weight in the sum of theirs (Efraimidis and Spirakis, 2006). That
    the times are drawn anew for the rest of a round changes nothing, as an exponential time has no memory.
    """
    timed = [(rng.expovariate(member.weight), n) for n, member in enumerate(members)]
    return [members[n].address for _, n in sorted(timed)]


def _draw_partial(members: Sequence[Member], count: int, rng: random.Random) -> Drawn:
    addresses, weights = [m.address for m in members], [m.weight for m in members]
    return rng.choices(addresses, weights, k=count), frozenset()


_DRAWS: Mapping[RotatorKind, Callable[[Sequence[Member], int, random.Random], Drawn]] = {
    RotatorKind.FULL: _draw_full,
    RotatorKind.PARTIAL: _draw_partial,
}


def chance_of(member: Member, kind: RotatorKind, members: Sequence[Member]) -> float:
    """The chance that this one is drawn next, from 0 to 1."""
    left = members
    if kind is RotatorKind.FULL:
        left = [each for each in members if not each.had_turn] or members
    return member.weight / sum(each.weight for each in left) if member in left else 0.0
