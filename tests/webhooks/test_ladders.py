"""When a failing endpoint is tried again."""

import random

import pytest

from merpati.core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from merpati.webhooks.ladders import FONNTE_TRIES, OWN, parse_retry_after, wait_ms
from merpati.webhooks.model import Outcome, judge_status

NOW = 784_111_777_000  # Sun, 06 Nov 1994 08:49:37 GMT


def test_fonntes_tries_come_first_then_our_ladder_whose_last_rung_repeats() -> None:
    """15 times one minute apart; then 5 s to 24 h, each within 20 %."""
    rng = random.Random(1)
    waits = [wait_ms(attempt, rng, as_fonnte=True) for attempt in range(1, FONNTE_TRIES + len(OWN) + 3)]
    assert waits[:FONNTE_TRIES] == [MINUTE_MS] * 15
    for wait, rung in zip(waits[FONNTE_TRIES:], [*OWN, OWN[-1], OWN[-1]], strict=True):
        assert rung * 0.8 <= wait <= rung * 1.2
    assert OWN[-1] == 24 * HOUR_MS
    own = [wait_ms(attempt, rng, as_fonnte=False) for attempt in range(1, len(OWN) + 1)]
    assert all(rung * 0.8 <= wait <= rung * 1.2 for wait, rung in zip(own, OWN, strict=True))


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("7", 7_000),
        (" 120 ", 120_000),
        ("0", 1_000),
        ("99999999999999999999", DAY_MS),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60_000),
        ("Sun, 06 Nov 1994 08:00:00 GMT", 1_000),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(text: str, wait: int | None) -> None:
    """Seconds or a date; at least a second, at most a day."""
    assert parse_retry_after(text, NOW) == wait


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((200, 201, 204, 299), Outcome.PASSED),
        ((400, 401, 403, 404, 405, 413, 422), Outcome.REFUSED),
        ((301, 302, 308, 408, 425, 429, 500, 502, 503, 504, 520), Outcome.FAILED),
        ((410,), Outcome.GONE),
    ],
)
def test_a_status_has_one_meaning(statuses: tuple[int, ...], outcome: Outcome) -> None:
    """Every 2xx is a yes; a redirect is a failure; 410 is the end."""
    assert {judge_status(status) for status in statuses} == {outcome}
