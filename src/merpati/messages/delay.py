"""Fonnte's `delay`: how it is written, and what is drawn from it. Pure; randomness comes in.

Source: Fonnte docs, API send message, parameter `delay`: seconds, `a` or `a-b` (drawn anew for each target); the
changelog of January 2025: the first and only target waits too. Decimals (`1.5`) are ours.
"""

import random
import re

from merpati.core.clock import DAY_MS
from merpati.core.errors import Code, Refusal
from merpati.messages.model import DelayRange

LONGEST_MS = DAY_MS
_SECONDS = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*s?"
_DELAY = re.compile(rf"\s*{_SECONDS}(?:\s*[-–—]\s*{_SECONDS})?\s*")


def parse_delay(text: str) -> DelayRange | None:
    """`5` or `5-10` (seconds) as a range; None for no delay ("", "0", "0-0").

    Raises `Refusal(DELAY_INVALID)`: not of that form, longer than a day, the first greater than the second.
    """
    if not text.strip():
        return None
    found = _DELAY.fullmatch(text)
    if found is None:
        raise Refusal(Code.DELAY_INVALID, delay=text[:40])
    from_ms = _millis(found[1])
    to_ms = _millis(found[2]) if found[2] is not None else from_ms
    if not from_ms <= to_ms <= LONGEST_MS:
        raise Refusal(Code.DELAY_INVALID, delay=text[:40])
    return DelayRange(from_ms, to_ms) if to_ms else None


def _millis(seconds: str) -> int:
    return round(float(seconds) * 1_000)


def draw_gap(delay: DelayRange, rng: random.Random) -> int:
    """One wait in whole milliseconds, every value from `from_ms` to `to_ms` as likely as another."""
    return rng.randint(delay.from_ms, delay.to_ms)
