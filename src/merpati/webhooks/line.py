"""Whose turn it is at one endpoint. Pure.

Each lane has one fact a turn and goes to the end of the line, so that no device waits for the backlog of others.
"""

from collections import deque
from collections.abc import Iterable

from merpati.webhooks.lanes import Lane


class Line:
    """The lanes that wait for a place to call from, each once."""

    def __init__(self) -> None:
        self._lanes: deque[Lane] = deque()
        self._known: set[Lane] = set()

    def join(self, lanes: Iterable[Lane], now: int) -> None:
        """Those that can be called now go to the end, the one with the oldest fact first."""
        new = [lane for lane in lanes if lane not in self._known and can_be_called(lane, now)]
        new.sort(key=lambda lane: lane.pending[0].seq)
        self._lanes.extend(new)
        self._known.update(new)

    def call_up(self, now: int) -> Lane | None:
        """The first that can still be called; None when there is none."""
        while self._lanes:
            lane = self._lanes.popleft()
            self._known.discard(lane)
            if can_be_called(lane, now):
                return lane
        return None

    def __contains__(self, lane: Lane) -> bool:
        return lane in self._known


def can_be_called(lane: Lane, now: int) -> bool:
    """Whether something waits in it that nobody is calling with, and that is due."""
    return bool(lane.pending) and not lane.busy and not lane.next_waits(now)
