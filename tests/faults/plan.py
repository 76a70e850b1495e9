"""Which process is killed, when, and how: drawn from a seed that is printed and can be given again."""

import os
import random
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

POINTS = (
    "after_accept_stored",
    "after_intent",
    "before_send",
    "after_ack",
    "after_ack_stored",
    "after_receipt_stored",
    "after_inbound_stored",
    "after_hook_posted",
)
"""Named points in merpati's code (`core.crashpoint`): between two things that must not come apart."""
RANDOM_SHARE, DATABASE_SHARE = 0.25, 0.1
LATEST_PASSING = 12
DIES_AT_LAST_S = (0.3, 1.2)
WITH_OTHERS_S = (1.0, 4.0)
"""Where a node first waits for the lease of the one before it, it needs more time to come to an armed point."""


class How(StrEnum):
    POINT = "point"
    RANDOM = "random"
    DATABASE = "database"


class Kill(NamedTuple):
    """One kill: which node, how, where, and after how many seconds at the latest."""

    node: int
    how: How
    point: str
    nth: int
    """At which passing of the point."""
    after_s: float

    @property
    def crash_at(self) -> str:
        """As the setting `crash_at` takes it."""
        return f"{self.point}:{self.nth}" if self.point else ""


def seed_of_run() -> int:
    """MERPATI_FAULT_SEED, or a new one."""
    given = os.environ.get("MERPATI_FAULT_SEED")
    return int(given) if given else random.SystemRandom().getrandbits(32)


def kills_of_run(usual: int = 60) -> int:
    """MERPATI_FAULT_KILLS, or the usual number."""
    return int(os.environ.get("MERPATI_FAULT_KILLS", usual))


def draw_kills(count: int, nodes: int, rng: random.Random, *, database: bool) -> Iterator[Kill]:
    """So many kills; nodes in turn, so that each has time to come back; points evenly, in a random order."""
    points: list[str] = []
    for n in range(count):
        share = rng.random()
        after_s = rng.uniform(*(WITH_OTHERS_S if nodes > 1 else DIES_AT_LAST_S))
        if database and share < DATABASE_SHARE:
            yield Kill(n % nodes, How.DATABASE, "", 0, after_s)
        elif share < RANDOM_SHARE:
            yield Kill(n % nodes, How.RANDOM, "", 0, after_s)
        else:
            points = points or rng.sample(POINTS, len(POINTS))
            yield Kill(n % nodes, How.POINT, points.pop(), rng.randint(1, LATEST_PASSING), after_s)
