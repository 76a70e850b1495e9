"""One heap of due times for the whole network: no task and no poll per device or message."""

import heapq
from collections.abc import Callable
from itertools import count


class Timers:
    """What is due later, in order of time, then of asking. Never cancelled: what comes due checks if it holds.

    `on_earlier` is called when something is due before everything else, so that a driver can wake up sooner.
    """

    def __init__(self, elapsed: Callable[[], float], retry_on: type[Exception], retry_ms: int = 1_000) -> None:
        self._elapsed, self._retry_on, self._retry_ms = elapsed, retry_on, retry_ms
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self.on_earlier: Callable[[], None] | None = None

    def after(self, delay_ms: float, do: Callable[[], None]) -> None:
        """Call `do` from `run`, not before `delay_ms` milliseconds from now."""
        item = (self._elapsed() + delay_ms / 1_000, next(self._numbers), do)
        heapq.heappush(self._heap, item)
        if self._heap[0] is item and self.on_earlier is not None:
            self.on_earlier()

    def wait_s(self) -> float | None:
        """Seconds until the next is due, at least 0; None when nothing waits."""
        return max(0.0, self._heap[0][0] - self._elapsed()) if self._heap else None

    def run(self) -> None:
        """Do all that is due; what that adds waits for the next call. Who raises `retry_on` is called again."""
        now, last = self._elapsed(), next(self._numbers)
        while self._heap and self._heap[0][0] <= now and self._heap[0][1] < last:
            do = heapq.heappop(self._heap)[2]
            try:
                do()
            except self._retry_on:
                self.after(self._retry_ms, do)
