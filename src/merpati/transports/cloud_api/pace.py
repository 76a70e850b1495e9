"""Meta's two paces, kept before they are broken: messages of a number, and messages to one person. Pure.

Source: Meta's Cloud API, "Throughput": 80 messages a second of a number, 1,000 after an upgrade; "Pair rate
limits": 45 at once to one person, then one each six seconds. Both are virtual schedules (GCRA: ITU-T I.371).
"""

import math
from collections.abc import Mapping

from merpati.core.ids import Address

PER_SECOND: Mapping[str, int] = {"STANDARD": 80, "HIGH": 1_000}
"""By Meta's word for a number's throughput; the lowest for a word that we do not know."""
PAIR_BURST, PAIR_EVERY_MS = 45, 6_000
REMEMBERED = 10_000
"""People whose pace is kept before those at rest are forgotten."""


class LinePace:
    """Of one number: who sends takes the next place; `hold` is Meta's word that it was too fast."""

    def __init__(self, per_second: int = PER_SECOND["STANDARD"]) -> None:
        self.per_second = per_second
        self._next_at = 0.0

    def take(self, now: float, most_ms: float = math.inf) -> float:
        """Milliseconds to wait for the place that is taken by this call; more than `most_ms`: none is taken."""
        at = max(self._next_at, now)
        if at - now <= most_ms:
            self._next_at = at + 1_000 / self.per_second
        return at - now

    def hold(self, now: float, wait_ms: int) -> None:
        """Nobody goes before `wait_ms` have passed."""
        self._next_at = max(self._next_at, now + wait_ms)


class PairPace:
    """Of one number with each person. It forgets with the process; then Meta's own refusal says it."""

    def __init__(self, burst: int = PAIR_BURST, every_ms: int = PAIR_EVERY_MS) -> None:
        self._burst, self._every_ms = burst, every_ms
        self._due: dict[Address, int] = {}

    def take(self, chat: Address, now: int) -> int:
        """0: go, it is counted; else the milliseconds after which one more may go, and nothing is counted."""
        due = max(self._due.get(chat, 0), now)
        wait = due - (self._burst - 1) * self._every_ms - now
        if wait > 0:
            return wait
        self._due[chat] = due + self._every_ms
        if len(self._due) > REMEMBERED:
            self._due = {each: at for each, at in self._due.items() if at > now}
        return 0
