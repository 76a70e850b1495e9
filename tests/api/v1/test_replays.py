"""Replays over the API: counted, asked for, watched, stopped; by number, by time, by day."""

import pytest

from tests.api.harness import Api
from tests.api.v1.browser import Browser
from tests.api.v1.hooks import HOOK, SENT, execute, set_hooks, tell

MIDNIGHT = 1_700_006_400_000 - 7 * 3_600_000
"""2023-11-15 in Jakarta."""


async def test_a_range_is_counted_and_asked_for_then_watched_and_stopped(both: Api, ayu: Browser) -> None:
    """Counting tells nothing; the runner is told of the replay and of its end."""
    id_ = (await set_hooks(ayu, status=HOOK))["status"]
    last = await tell(both, SENT, SENT, SENT)
    path = f"/webhooks/{id_}/replays"
    given = {"first": last - 1, "last": last}
    plan = await ayu.ask("POST", f"{path}/preview", given)
    assert (plan.status, plan.body) == (200, {"first": last - 1, "last": last, "facts": 2})
    assert await both.count("hook_replay") == 0
    asked = await ayu.ask("POST", path, given)
    assert asked.status == 201
    assert (await ayu.ask("GET", path)).body["items"] == [asked.body]
    assert (asked.body["n"], asked.body["next"], asked.body["facts"]) == (last - 1, last - 1, 2)
    assert (await ayu.ask("POST", path, {"first": last})).code == "replay_running"
    assert (await ayu.ask("DELETE", f"{path}/{last - 1}")).status == 204
    assert (await ayu.ask("DELETE", f"{path}/{last - 1}")).code == "replay_unknown"
    assert (await ayu.ask("GET", path)).body["items"] == []
    assert both.looks == 3


async def test_a_day_is_that_of_its_zone(both: Api, ayu: Browser) -> None:
    """The same facts by time; a day of which some is forgotten is refused with what is kept."""
    id_ = (await set_hooks(ayu, status=HOOK))["status"]
    last = await tell(both, SENT, SENT, SENT)
    for seq, at in ((last - 2, MIDNIGHT - 1), (last - 1, MIDNIGHT), (last, MIDNIGHT + 86_400_000)):
        await execute(both, "UPDATE fact SET at = $1 WHERE seq = $2", at, seq)
    await execute(both, "UPDATE fact SET at = 1 WHERE seq < $1", last - 2)
    path = f"/webhooks/{id_}/replays/preview"
    day = (await ayu.ask("POST", path, {"day": "2023-11-15", "zone": "Asia/Jakarta"})).body
    assert day == {"first": last - 1, "last": last - 1, "facts": 1}
    hours = {"from": "2023-11-15T00:00:00+07:00", "to": "2023-11-16T00:00:00+07:00"}
    assert (await ayu.ask("POST", path, hours)).body == day
    empty = (await ayu.ask("POST", path, {"day": "2023-11-20"})).body
    assert empty["facts"] == 0
    await execute(both, "DELETE FROM fact WHERE seq < $1", last)
    refused = await ayu.ask("POST", path, hours)
    assert (refused.status, refused.code) == (410, "log_forgot")
    assert str(last) in refused.body["detail"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "input_invalid"),
        ({"first": 1, "day": "2023-11-15"}, "input_invalid"),
        ({"from": "2023-11-15T00:00:00Z"}, "input_invalid"),
        ({"first": 0}, "input_invalid"),
        ({"first": 9_000_000}, "input_invalid"),
        ({"day": "2023-11-15", "zone": "Mars/Olympus"}, "input_invalid"),
    ],
)
async def test_what_is_no_range_is_refused(ayu: Browser, given: dict[str, object], code: str) -> None:
    """Neither counted nor told."""
    id_ = (await set_hooks(ayu, status=HOOK))["status"]
    for path in ("/preview", ""):
        assert (await ayu.ask("POST", f"/webhooks/{id_}/replays{path}", given)).code == code
