"""How many calls a caller may make: a bucket of tokens, kept as one number. Pure.

The bucket is full at rest and has room for `burst`; a call takes one, and `rate_per_s` come back. All that is kept
is when it will be full again, in whole nanoseconds: nothing is lost to rounding, however long it is used.
"""

from typing import NamedTuple

import msgspec

SECOND_NS = 1_000_000_000


class Budget(msgspec.Struct, frozen=True):
    """What a caller may use up: `burst` at once, `rate_per_s` for as long as they like. A rate of 0: no limit."""

    rate_per_s: float
    burst: int

    @property
    def interval_ns(self) -> int:
        """Between two calls, for ever; at least a nanosecond, and rounded up: never more than the rate."""
        return max(1, int(-(-SECOND_NS // self.rate_per_s)))

    @property
    def refill_s(self) -> int:
        """How long an empty bucket takes to be full, in whole seconds."""
        return _seconds(self.interval_ns * self.burst)


class Standing(NamedTuple):
    """How a caller stands after asking."""

    budget: Budget
    allowed: bool
    left: int
    """Calls that may be made at once now."""
    full_s: int
    """Whole seconds until the bucket is full."""
    retry_s: int
    """Whole seconds after which a call is allowed; 0: at once."""


def take(budget: Budget, full_at: int, now: int) -> tuple[int, Standing]:
    """One call at `now`, of a bucket that is full at `full_at` (nanoseconds of one clock): when it is full
    then, and how the caller stands. A call that is refused takes nothing."""
    interval, room = budget.interval_ns, budget.interval_ns * budget.burst
    missing = max(full_at - now, 0)
    allowed = missing + interval <= room
    if allowed:
        missing += interval
    left = (room - missing) // interval
    retry_s = 0 if left else _seconds(missing + interval - room)
    return now + missing, Standing(budget, allowed, left, _seconds(missing), retry_s)


def _seconds(ns: int) -> int:
    return -(-ns // SECOND_NS)
