"""A lane: what waits for one endpoint from one device, in the order of the log. Pure.

The endpoint's cursor walks on with the log. A lane that cannot keep up (its endpoint fails, or is slow) stands
**apart**: it has a row of its own, and the cursor does not wait for it. A lane that no longer holds all that waits
is **behind**: it reads the log for itself until it has caught up.
"""

from collections import deque

from merpati.core.ids import DeviceId
from merpati.log.model import RawEntry
from merpati.webhooks.model import ReplayRow

MOST_WAITING = 200
"""Facts that one lane holds in memory; further ones are read when their turn comes."""
KEPT_IN_TROUBLE = 4


class Trouble:
    """Tries that failed in a row: how many, since when, and when the next one is."""

    __slots__ = ("attempt", "next_try_at", "since_at")

    def __init__(self, attempt: int, since_at: int, next_try_at: int) -> None:
        self.attempt, self.since_at, self.next_try_at = attempt, since_at, next_try_at


class Lane:
    """What waits for one endpoint from one device, or in one replay."""

    def __init__(self, device: DeviceId, read_seq: int, replay: ReplayRow | None = None) -> None:
        self.device, self.read_seq, self.replay = device, read_seq, replay
        self.pending: deque[RawEntry] = deque()
        self.apart = self.behind = replay is not None
        self.trouble: Trouble | None = None
        self.refusals = 0
        """Refusals of the oldest fact."""
        self.passes_before = 0
        """How often the endpoint had said yes when the oldest fact was first refused."""
        self.busy = False
        self.not_before = 0
        """Not before this instant, for a reason of ours."""

    @property
    def oldest(self) -> int | None:
        """The number of the oldest fact that may wait; None when none does."""
        if self.pending:
            return self.pending[0].seq
        return self.read_seq + 1 if self.behind else None

    @property
    def attempt(self) -> int:
        """The number of the try that comes next; 1 is the first."""
        return self.trouble.attempt + 1 if self.trouble else 1

    def fall_behind(self, keep: int) -> None:
        """Hold no more than `keep` facts in memory."""
        self.apart = self.behind = True
        while len(self.pending) > keep:
            self.pending.pop()
        if self.pending:
            self.read_seq = self.pending[-1].seq

    def next_waits(self, now: int) -> bool:
        """Whether its next try is not due yet."""
        return self.not_before > now or (self.trouble is not None and self.trouble.next_try_at > now)
