"""The day at a glance, and the devices' activity."""

import pytest

from merpati.core.clock import MINUTE_MS, Millis
from merpati.devices.connection import is_down_in
from merpati.devices.model import DeviceState
from merpati.messages.handover import Outcome
from tests.api.harness import OFF, ONE, THEIRS, TWO, Api
from tests.api.v1.browser import Browser, program_of
from tests.api.v1.hooks import HOOK, SENT, execute, set_hooks, tell
from tests.api.v1.messages import receive, send, send_and_end

UTC = {"zone": "UTC"}


async def test_the_day_is_counted(both: Api, ayu: Browser) -> None:
    """What became of it, by hour, with what waits for a person."""
    await send_and_end(both, Outcome.SENT)
    await send_and_end(both, Outcome.FAILED, "content_refused")
    await send_and_end(both, Outcome.UNKNOWN, "outcome_unknown")
    await send(both, "off", connectOnly=False)
    await receive(both)
    await send(both, "theirs")
    answered = await ayu.ask("GET", "/home")
    assert answered.status == 200
    home = answered.body
    assert home["today"] == {"accepted": 4, "sent": 1, "delivered": 0, "read": 0, "failed": 1, "incoming": 1}
    assert [hour["hour"] for hour in home["hours"]] == list(range(24))
    assert (sum(hour["out"] for hour in home["hours"]), sum(hour["in"] for hour in home["hours"])) == (1, 1)
    assert [(wait["kind"], wait["device"], wait["count"]) for wait in home["waits"]] == [
        ("device_down", OFF, 1),
        ("uncertain", None, 1),
        ("failed", None, 1),
    ]
    assert all(wait["since"] for wait in home["waits"])
    assert [each["desired"] for each in home["devices"]] == [True, True, False]
    assert [(each["id"], each["queued"], each["held"], each["sent_today"]) for each in home["devices"]] == [
        (ONE, 0, 0, 1),
        (TWO, 0, 0, 0),
        (OFF, 1, 1, 0),
    ]


async def test_an_account_s_day_is_its_own(both: Api) -> None:
    """And a quiet one is full of zeros."""
    await send(both)
    home = (await program_of(both, "stranger").ask("GET", "/home", params=UTC)).body
    assert set(home["today"].values()) == {0}
    assert home["waits"] == []
    assert [each["id"] for each in home["devices"]] == [THEIRS]


async def test_a_device_that_went_down_waits_for_a_person(both: Api, ayu: Browser) -> None:
    """Also while nothing waits for it; one that its owner switched off does not."""
    await both.set_state(TWO, DeviceState.LOGGED_OUT)
    (down,) = (await ayu.ask("GET", "/home")).body["waits"]
    assert (down["kind"], down["device"], down["count"]) == ("device_down", TWO, 0)


async def test_a_webhook_whose_calls_fail_waits_for_a_person(both: Api, ayu: Browser) -> None:
    """With its host, but nothing else of its address; since when, what waits, when it is tried again."""
    stranger, at = program_of(both, "stranger"), 1_700_000_000_000
    ours = await set_hooks(ayu, ONE, status="https://u:p@toko.id/hook?key=1", connect=HOOK)
    theirs = await set_hooks(stranger, THEIRS, status=HOOK)
    seq = await tell(both, SENT, SENT)
    for id_, tries in ((ours["status"], 3), (ours["connect"], 0), (theirs["status"], 1)):
        values = (id_, ONE, seq, tries, 0, at + MINUTE_MS, at)
        await execute(both, "INSERT INTO hook_lane VALUES ($1, $2, $3, $4, $5, $6, $7)", *values)
    (wait,) = (await ayu.ask("GET", "/home")).body["waits"]
    assert wait == {
        "kind": "webhook_failing",
        "device": ONE,
        "count": 2,
        "since": "2023-11-14T22:13:20.000Z",
        "webhook": {"id": ours["status"], "host": "toko.id", "next_try_at": "2023-11-14T22:14:20.000Z"},
    }


async def test_the_devices_day_is_told_in_half_hours(both: Api, ayu: Browser) -> None:
    """What went out in each, and when each was down."""
    await send_and_end(both, Outcome.SENT)
    answered = await ayu.ask("GET", "/devices/activity")
    assert answered.status == 200
    one, two, off = answered.body["items"]
    assert [each["device"] for each in (one, two, off)] == [ONE, TWO, OFF]
    assert {len(each[key]) for each in (one, two, off) for key in ("handed_over", "down")} == {48}
    assert (sum(one["handed_over"]), sum(two["handed_over"])) == (1, 0)
    assert sum(off["down"]) >= 1


@pytest.mark.parametrize("path", ["/home", "/devices/activity"])
async def test_a_zone_that_nobody_knows_is_refused(ayu: Browser, path: str) -> None:
    """Its day cannot be told."""
    answered = await ayu.ask("GET", path, params={"zone": "Mars/Olympus"})
    assert (answered.status, answered.code) == (422, "input_invalid")


@pytest.mark.parametrize(
    ("turns", "down"),
    [
        ([], False),
        ([(0, True)], False),
        ([(0, False)], True),
        ([(0, False), (10, True)], False),
        ([(0, False), (11, True)], True),
        ([(0, True), (19, False)], True),
        ([(0, True), (20, False)], False),
        ([(15, False)], True),
        ([(0, True), (12, False), (13, True)], True),
    ],
)
def test_a_span_with_a_moment_of_no_connection_is_down(turns: list[tuple[int, bool]], down: bool) -> None:
    """From 10 until before 20."""
    assert is_down_in([(Millis(at), up) for at, up in turns], 10, 20) is down
