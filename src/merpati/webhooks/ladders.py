"""When a failing endpoint is tried again: tables. Pure."""

import email.utils
import random

from merpati.core.clock import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

OWN = tuple(
    [5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS]
    + [hours * HOUR_MS for hours in (2, 5, 10, 14, 20, 24)]
)  # fmt: skip
"""Waits before the second, third … try, each ± 20 %; the last one repeats."""
FONNTE_TRIES, FONNTE_WAIT_MS = 15, MINUTE_MS
"""Fonnte docs, update of January 2026: 15 times, one minute apart. Then our ladder, where Fonnte gives up."""
SPREAD = 0.2
LONGEST_RETRY_AFTER_MS = DAY_MS


def wait_ms(attempt: int, rng: random.Random, *, as_fonnte: bool) -> int:
    """How long to wait after the failed try number `attempt`, 1 is the first; `as_fonnte`: its tries come first."""
    skipped = FONNTE_TRIES if as_fonnte else 0
    if attempt <= skipped:
        return FONNTE_WAIT_MS
    rung = OWN[min(attempt - skipped, len(OWN)) - 1]
    return round(rung * rng.uniform(1 - SPREAD, 1 + SPREAD))


def parse_retry_after(text: str, now: int) -> int | None:
    """Milliseconds that the header Retry-After asks for, at most a day; None when nothing. RFC 9110 §10.2.3."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        wait = int(text[:9]) * SECOND_MS
    elif (at := _parse_date(text)) is not None:
        wait = at - now
    else:
        return None
    return max(SECOND_MS, min(wait, LONGEST_RETRY_AFTER_MS))


def _parse_date(text: str) -> int | None:
    parsed = email.utils.parsedate_tz(text)
    try:
        return round(email.utils.mktime_tz(parsed) * 1_000) if parsed else None
    except (ValueError, OverflowError):  # a year beyond the calendar
        return None
