"""Time comes in as a value. Instants are whole milliseconds since 1970 (UTC) in columns and fields named `_at`."""

import time
from typing import NewType, Protocol

Millis = NewType("Millis", int)
"""An instant: milliseconds since 1970-01-01T00:00Z."""

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Clock(Protocol):
    """Where the time comes from; tests bring their own."""

    def now(self) -> Millis:
        """The wall clock. It may step: never use it to measure how long something took."""
        ...

    def elapsed(self) -> float:
        """Seconds that only grow, counted also while the machine sleeps."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000)

    def elapsed(self) -> float:
        return time.clock_gettime(_ELAPSED)


# CLOCK_BOOTTIME goes on while a laptop or a virtual machine is suspended; a lease must not outlive that.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
