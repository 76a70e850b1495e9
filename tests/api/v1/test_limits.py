"""How often one may call: the bucket by itself, and over the API."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.api.v1.bucket import SECOND_NS, Budget, take
from merpati.api.v1.limits import Caller, CallerKind, CallLimits, stranger
from tests.api.conftest import api_on_sqlite
from tests.api.v1.browser import browser_of, program_of, signed_in
from tests.api.v1.keys import program_with
from tests.runtime.rig import HandClock

BUDGETS = st.builds(Budget, st.floats(0.01, 10_000), st.integers(1, 500))
WAITS_NS = st.lists(st.one_of(st.just(0), st.integers(0, 100_000), st.integers(0, 20 * SECOND_NS)), max_size=200)


@given(BUDGETS, WAITS_NS)
def test_no_window_has_more_than_the_burst_and_what_came_back(budget: Budget, waits: list[int]) -> None:
    """However the calls come."""
    now, full_at, allowed = 10**15, 0, []
    for wait in waits:
        now += wait
        full_at, standing = take(budget, full_at, now)
        if standing.allowed:
            allowed.append(now)
    for first, begin in enumerate(allowed):
        for last in range(first, len(allowed)):
            span_s = (allowed[last] - begin) / SECOND_NS
            assert last - first + 1 <= budget.burst + budget.rate_per_s * span_s + 1e-6


@given(BUDGETS, WAITS_NS)
def test_what_is_said_of_a_bucket_is_so(budget: Budget, waits: list[int]) -> None:
    """As many calls as are left are allowed, and after the wait that is told the next one is."""
    now, full_at = 10**15, 0
    for wait in waits:
        now += wait
        full_at, standing = take(budget, full_at, now)
    begun, standing = take(budget, full_at, now)
    spent = begun
    for _ in range(standing.left):
        spent, each = take(budget, spent, now)
        assert each.allowed
    spent, over = take(budget, spent, now)
    assert not over.allowed
    assert over.retry_s >= 1
    assert take(budget, spent, now + over.retry_s * SECOND_NS)[1].allowed
    assert not take(budget, spent, now + (over.retry_s - 1) * SECOND_NS)[1].allowed or over.retry_s == 1
    assert take(budget, spent, now + over.full_s * SECOND_NS)[1].left == budget.burst - 1


def test_callers_have_buckets_of_their_own() -> None:
    """Of strangers an IPv6 network has one; who was longest away is forgotten when there are too many."""
    clock = HandClock()
    limits = CallLimits(clock, Budget(1, 1), Budget(1, 1), most=2)
    key, session = Caller(CallerKind.KEY, "1"), Caller(CallerKind.SESSION, "1")
    for caller in (key, session):
        first, second = limits.take(caller), limits.take(caller)
        assert first is not None and second is not None
        assert (first.allowed, second.allowed, second.retry_s) == (True, False, 1)
    assert stranger("2001:db8::1") == stranger("2001:db8::2") != stranger("2001:db8:0:1::1")
    limits.take(stranger("192.0.2.1"))
    again = limits.take(key)
    assert again is not None and again.allowed
    assert CallLimits(clock, Budget(0, 1)).take(key) is None


async def test_who_calls_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    """Each key and each session by itself; then the calls go on."""
    clock = HandClock()
    limits = CallLimits(clock, known=Budget(0.4, 3))
    async with api_on_sqlite(tmp_path, limits=limits) as api:
        ayu = await signed_in(api)
        key, token = await program_with(api, ayu), program_of(api)
        answers = [await key.ask("GET", "/session") for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["RateLimit-Policy"] == '"calls";q=3;w=8'
        assert answers[0].headers["RateLimit"] == '"calls";r=2;t=3'
        refused = answers[3]
        assert refused.code == "too_many_calls"
        assert refused.headers["Retry-After"] == str(math.ceil(1 / 0.4))
        assert refused.headers["RateLimit"] == '"calls";r=0;t=8'
        assert refused.body["retry_at"]
        assert "3" in refused.body["detail"]
        assert (await token.ask("GET", "/session")).status == 200
        assert (await ayu.ask("GET", "/session")).status == 200
        clock.seconds = 3
        assert (await key.ask("GET", "/session")).status == 200


@pytest.mark.parametrize("path", ["/session", "/messages", "/setup/x", "/keys"])
async def test_strangers_count_by_address(tmp_path: Path, path: str) -> None:
    """Whatever they ask; who is known is not held up by a stranger at the same address."""
    limits = CallLimits(HandClock(), strangers=Budget(0.01, 3))
    async with api_on_sqlite(tmp_path, limits=limits) as api:
        ayu = await signed_in(api)
        codes = []
        for n in range(3):
            guess = browser_of(api)
            guess.headers["Authorization"] = f"Bearer mk_guess{n}"
            codes.append((await guess.ask("GET", path)).status)
        assert codes[:2] != [429, 429]
        assert codes[2] == 429
        assert (await ayu.ask("GET", "/session")).status == 200
        elsewhere = {"X-Forwarded-For": "203.0.113.9"}
        assert (await browser_of(api).ask("GET", path, headers=elsewhere)).status != 429


async def test_nobody_says_where_they_are_unless_they_are_trusted(tmp_path: Path) -> None:
    """Whoever may write the header chooses an address: no proxy is believed that the operator has not named."""
    async with api_on_sqlite(tmp_path, trusted_proxies=()) as api:
        program = await program_with(api, await signed_in(api), networks=["203.0.113.0/24"])
        refused = await program.ask("GET", "/session", headers={"X-Forwarded-For": "203.0.113.9"})
        assert (refused.status, refused.code) == (403, "key_elsewhere")
