"""What happens later: a heap of due times by the injected clock."""

import asyncio
import contextlib
import heapq
from collections.abc import Callable
from itertools import count

from merpati.core.clock import Clock

LONGEST_S = 0.25
"""A clock that a test moves is looked at so often."""


class Timeline:
    """Actions in the order of their times; those of one time in the order in which they were asked for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._count = count()
        self._changed = asyncio.Event()

    def after(self, ms: int, action: Callable[[], None]) -> None:
        """Do this in so many milliseconds; 0: as soon as the loop comes round."""
        heapq.heappush(self._heap, (self.clock.now() + ms, next(self._count), action))
        self._changed.set()

    def run_due(self) -> None:
        """Do all that is due, also what that brings about at once."""
        while self._heap and self._heap[0][0] <= self.clock.now():
            heapq.heappop(self._heap)[2]()

    async def run(self) -> None:
        """Do what is due, for ever."""
        while True:
            self._changed.clear()
            self.run_due()
            wait_s = (self._heap[0][0] - self.clock.now()) / 1_000 if self._heap else LONGEST_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(max(wait_s, 0.0), LONGEST_S)):  # wait_for may swallow a cancellation
                    await self._changed.wait()
