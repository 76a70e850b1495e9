"""A device's token: shown again, and replaced with an overlap."""

import pytest

from merpati.core.clock import HOUR_MS, Millis
from merpati.storage.port import Storage, Tx
from tests.api.harness import ONE, THEIRS, TOKENS, Api
from tests.api.v1.browser import Browser


async def opens(api: Api, token: str) -> bool:
    async with api.client.post(f"{api.url}/device", headers={"Authorization": token}) as answer:
        return bool((await answer.json())["status"])


async def rotated(browser: Browser, hours: int, device: int = ONE) -> str:
    answered = await browser.ask("POST", f"/devices/{device}/rotate-token", {"overlap_hours": hours})
    assert answered.status == 200
    return str(answered.body["token"])


async def run_out(storage: Storage) -> None:
    """All overlaps are over."""

    async def end(tx: Tx) -> None:
        await tx.run("UPDATE device_old_token SET valid_until = $1", Millis(1))

    await storage.write(end)


async def test_a_token_is_shown_again(ayu: Browser) -> None:
    """As it is."""
    answered = await ayu.ask("POST", f"/devices/{ONE}/reveal-token")
    assert (answered.status, answered.body) == (200, {"token": TOKENS["one"]})


async def test_without_an_overlap_the_old_token_stops_at_once(both: Api, ayu: Browser) -> None:
    """And the new one works."""
    assert await opens(both, TOKENS["one"])
    token = await rotated(ayu, 0)
    assert (await opens(both, token), await opens(both, TOKENS["one"])) == (True, False)
    assert (await ayu.ask("POST", f"/devices/{ONE}/reveal-token")).body["token"] == token


async def test_an_old_token_goes_on_working_while_it_overlaps(both: Api, ayu: Browser) -> None:
    """Until then, and not longer."""
    before = both.gateway.clock.now()
    token = await rotated(ayu, 24)
    assert (await opens(both, token), await opens(both, TOKENS["one"])) == (True, True)
    ((until,),) = await both.rows("SELECT valid_until FROM device_old_token")
    assert abs(until - before - 24 * HOUR_MS) < HOUR_MS
    await run_out(both.storage)
    both.gateway.devices.forget_device(ONE)
    assert (await opens(both, token), await opens(both, TOKENS["one"])) == (True, False)


async def test_a_rotation_without_overlap_ends_all_before_it(both: Api, ayu: Browser) -> None:
    """Whoever fears that one leaked need not wait."""
    second = await rotated(ayu, 72)
    third = await rotated(ayu, 72)
    assert [await opens(both, token) for token in (TOKENS["one"], second, third)] == [True, True, True]
    fourth = await rotated(ayu, 0)
    assert [await opens(both, token) for token in (TOKENS["one"], second, third, fourth)] == [False] * 3 + [True]
    assert await opens(both, TOKENS["two"])


@pytest.mark.parametrize("hours", [-1, 73, "x", 1.5])
async def test_an_overlap_has_bounds(both: Api, ayu: Browser, hours: object) -> None:
    """At most three days."""
    answered = await ayu.ask("POST", f"/devices/{ONE}/rotate-token", {"overlap_hours": hours})
    assert (answered.status, answered.code) == (422, "input_invalid")
    assert await opens(both, TOKENS["one"])


@pytest.mark.parametrize(("path", "body"), [("reveal-token", None), ("rotate-token", {})])
async def test_another_account_s_token_is_neither_shown_nor_replaced(
    both: Api, ayu: Browser, path: str, body: object
) -> None:
    """As if there were no such device."""
    answered = await ayu.ask("POST", f"/devices/{THEIRS}/{path}", body)
    assert (answered.status, answered.code) == (404, "device_unknown")
    assert await opens(both, TOKENS["theirs"])
