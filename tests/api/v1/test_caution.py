"""Caution with people who do not know a number: set, shown, waited for, and ended."""

from typing import Any

import pytest

from merpati.messages.handover import Outcome
from merpati.storage.clock import database_now
from merpati.storage.port import Tx
from tests.api.harness import ONE, Api
from tests.api.v1.browser import Browser
from tests.api.v1.messages import end, send, take

HERE = f"/devices/{ONE}/caution"


async def limit(ayu: Browser, **settings: Any) -> Any:  # noqa: ANN401 - JSON
    return await ayu.ask("PATCH", f"/devices/{ONE}", {"settings": settings})


async def look(ayu: Browser) -> Any:  # noqa: ANN401 - JSON
    return (await ayu.ask("GET", HERE)).body


async def hand_over(api: Api) -> int:
    """What may go goes; answers how many."""
    taken = await take(api)
    for message in taken:
        await end(api, message)
    return len(taken)


async def test_what_is_beyond_the_limit_waits_and_says_why_and_until_when(both: Api, ayu: Browser) -> None:
    """In the history, in the message, and for the device."""
    assert (await limit(ayu, caution="own", new_people_per_day=1)).status == 200
    first, second = await send(both, target="081200000001"), await send(both, target="081200000002")
    assert await hand_over(both) == 1
    whole = (await ayu.ask("GET", f"/messages/{second}")).body
    assert whole["why"]["key"] == "caution"
    assert whole["held"] == {"reason": "caution", "until": whole["due_at"]}
    assert (whole["can"]["send_now"], whole["can"]["cancel"]) == (True, True)
    assert [step["key"] for step in whole["timeline"]] == ["timeline.accepted_by", "timeline.held.caution"]
    now = await look(ayu)
    assert (now["new_people_per_day"], now["written"], now["waiting"]) == (1, 1, 1)
    assert now["next_at"] > whole["due_at"]
    assert (now["paused_until"], now["rises"]) == (None, [])
    assert (await ayu.ask("GET", f"/messages/{first}")).body["state"] == "sent"


async def test_a_person_sends_one_now(both: Api, ayu: Browser) -> None:
    """Knowing what that risks."""
    await limit(ayu, caution="own", new_people_per_day=1)
    await send(both, target="081200000001")
    second = await send(both, target="081200000002")
    await hand_over(both)
    assert (await ayu.ask("POST", f"/messages/{second}/send-now")).status == 200
    assert await hand_over(both) == 1


async def test_a_pause_is_shown_and_ended(both: Api, ayu: Browser) -> None:
    """By whom WhatsApp lets again."""

    async def begin(tx: Tx) -> None:
        at = await database_now(tx)
        await tx.run("INSERT INTO warm_up VALUES ($1, $2, $3, 0, 0, 0, 0)", ONE, "6281", at)

    await both.storage.write(begin)
    await limit(ayu, caution="own", new_people_per_day=5)
    waiting = await send(both, target="081200000001")
    (taken,) = await take(both)
    await end(both, taken, Outcome.RETRY, "number_slowed")
    until = (await look(ayu))["paused_until"]
    assert until is not None
    assert (await ayu.ask("GET", f"/messages/{waiting}")).body["held"] == {"reason": "caution", "until": until}
    assert (await ayu.ask("POST", f"{HERE}/end-pause", {})).body["paused_until"] is None
    assert await hand_over(both) == 1


async def test_a_simulated_device_has_no_limit_of_itself(ayu: Browser) -> None:
    """Its network bans nobody for that."""
    now = await look(ayu)
    assert (now["new_people_per_day"], now["waiting"], now["rises"]) == (None, 0, [])
    [way] = [way for way in (await ayu.ask("GET", "/transports")).body if way["name"] == "simulator"]
    assert way["capabilities"]["warms_up"] is False


@pytest.mark.parametrize(
    "settings", [{"caution": "never"}, {"new_people_per_day": 0}, {"new_people_per_day": 10_001}]
)
async def test_a_limit_that_makes_no_sense_is_refused(ayu: Browser, settings: dict[str, Any]) -> None:
    """Whatever it is that makes none."""
    refused = await limit(ayu, **settings)
    assert (refused.status, refused.body["code"]) == (422, "input_invalid")
