"""Caution with people who do not know the number: how many of them it writes to first, and how fast. Pure.

WhatsApp bans numbers that write to many strangers, new numbers soonest, and says nowhere how many are too many. The
table is ours: it begins where a person with a new phone would, and ends at what careful gateways keep to (250 a
day). Source of the answers that it is to prevent: WhatsApp Web's "reach-out time-lock" (error 463).
"""

import bisect
from collections.abc import Sequence
from typing import NamedTuple

from merpati.core.clock import DAY_MS, HOUR_MS, SECOND_MS
from merpati.devices.model import Caution, Settings
from merpati.messages.pace import Pace


class Stage(NamedTuple):
    """What a number may do from an age on: first messages to so many people within any 24 hours."""

    age_ms: int
    most: int
    pace: Pace
    """Where its owner has set none."""


def _pace(from_s: int, to_s: int) -> Pace:
    return Pace(from_s * SECOND_MS, to_s * SECOND_MS)


WARM_UP = (
    Stage(0, 20, _pace(4, 9)),
    Stage(3 * DAY_MS, 40, _pace(3, 7)),
    Stage(7 * DAY_MS, 80, _pace(3, 6)),
    Stage(14 * DAY_MS, 150, _pace(2, 5)),
    Stage(28 * DAY_MS, 250, _pace(1, 3)),
)
PAUSES_MS = (6 * HOUR_MS, DAY_MS, 3 * DAY_MS)
"""How long nobody new is written to after WhatsApp refused that, the first, the second … time; the last repeats."""
FORGIVEN_MS = 14 * DAY_MS
"""After so long without a refusal the next one counts as the first."""


class Limit(NamedTuple):
    """From an instant on, first messages to `most` people within any 24 hours."""

    from_at: int
    most: int


def limits_of(settings: Settings, warms_up: bool, since_at: int) -> tuple[Limit, ...]:
    """A device's limits, earliest first; none: it may write to anybody. `warms_up`: its network bans numbers that
    write to many strangers. `since_at`: since when its number is linked here."""
    match settings.caution:
        case Caution.OWN:
            return (Limit(0, settings.new_people_per_day),)
        case Caution.AUTO if warms_up:
            return tuple(Limit(since_at + stage.age_ms, stage.most) for stage in WARM_UP)
        case _:
            return ()


def limit_now(limits: Sequence[Limit], now: int) -> int:
    """The most people within 24 hours, now."""
    return max((limit.most for limit in limits if limit.from_at <= now), default=limits[0].most)


def pace_of(settings: Settings, warms_up: bool, since_at: int, now: int) -> Pace:
    """The device's own, or that of its age."""
    own = Pace(settings.pace_from_ms, settings.pace_to_ms)
    if own.to_ms or settings.caution is not Caution.AUTO or not warms_up:
        return own
    stages = [stage for stage in WARM_UP if since_at + stage.age_ms <= now]
    return stages[-1].pace if stages else WARM_UP[0].pace


class Calendar:
    """When a device wrote, or will write, to people for the first time: places in it are given in turn."""

    def __init__(self, limits: Sequence[Limit], times: Sequence[int]) -> None:
        """`times`: at least the latest of them, as many as any limit allows; in any order."""
        self._limits, self._times = limits, sorted(times)

    def give(self, now: int) -> int:
        """The earliest instant, `now` or later, at which one more may be written to; it is taken then."""
        ends = [limit.from_at for limit in self._limits[1:]]
        for limit, end in zip(self._limits, [*ends, None], strict=True):
            at = max(now, limit.from_at, self._free_at(limit.most))
            if end is None or at < end:
                bisect.insort(self._times, at)
                return at
        raise AssertionError("the last limit has no end")

    def _free_at(self, most: int) -> int:
        """24 hours after the one that is so many places back."""
        return self._times[-most] + DAY_MS if len(self._times) >= most else 0


def pause_after(refusals: int, refused_at: int, now: int) -> tuple[int, int]:
    """How often it was refused by now, and how long it pauses for that. `refused_at`: the last time before."""
    count = refusals + 1 if refused_at > now - FORGIVEN_MS else 1
    return count, PAUSES_MS[min(count, len(PAUSES_MS)) - 1]
