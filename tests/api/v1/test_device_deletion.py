"""A device is taken away: what goes with it, and what stays."""

from merpati.core.ids import DeviceId
from merpati.messages.handover import Outcome
from merpati.messages.recovery import clear_devices
from tests.api.harness import NUMBERS, OFF, ONE, THEIRS, TWO, Api
from tests.api.v1.browser import PASSWORD, Browser, program_of
from tests.api.v1.messages import send, send_and_end, take

PROOF = {"password": PASSWORD}


async def delete(browser: Browser, device: DeviceId = ONE) -> None:
    assert (await browser.ask("DELETE", f"/devices/{device}", PROOF)).status == 204


async def clear(api: Api, device: DeviceId = ONE) -> None:
    """What the job does."""
    await clear_devices(api.storage, api.gateway.clock, [device])


async def test_a_deleted_device_is_gone_everywhere(both: Api, ayu: Browser) -> None:
    """From the list, by its id, by its token and by an older one that overlaps; its session ends."""
    await ayu.ask("POST", f"/devices/{ONE}/rotate-token", {"overlap_hours": 1})
    await delete(ayu)
    assert [device["id"] for device in (await ayu.ask("GET", "/devices")).body["items"]] == [TWO, OFF]
    assert (await ayu.ask("GET", f"/devices/{ONE}")).code == "device_unknown"
    assert (await ayu.ask("POST", f"/devices/{ONE}/connect")).code == "device_unknown"
    assert (await both.post("/device"))["reason"] == "token invalid"
    assert both.sessions.ended == [ONE]
    again = await ayu.ask("DELETE", f"/devices/{ONE}", PROOF)
    assert (again.status, again.code) == (404, "device_unknown")


async def test_a_deleted_devices_number_may_be_added_again(ayu: Browser) -> None:
    """As another device, and deleted and added once more."""
    device = ONE
    for _ in range(2):
        await delete(ayu, device)
        added = await ayu.ask("POST", "/devices", {"name": "Toko Lagi", "number": NUMBERS[ONE]})
        assert added.status == 201
        device = DeviceId(added.body["device"]["id"])
    taken = await ayu.ask("POST", "/devices", {"name": "Toko Lagi", "number": NUMBERS[ONE]})
    assert taken.code == "device_exists"


async def test_what_a_deleted_device_had_waiting_is_cancelled(both: Api, ayu: Browser) -> None:
    """Its history stays, and says why; another device's messages go on waiting."""
    sent, waiting, others = await send_and_end(both, Outcome.SENT), await send(both), await send(both, "two")
    await delete(ayu)
    await clear(both)
    await clear(both)
    message = (await ayu.ask("GET", f"/messages/{waiting}")).body
    assert (message["state"], message["code"], message["device"]) == ("cancelled", "device_deleted", ONE)
    assert (await ayu.ask("GET", f"/messages/{sent}")).body["state"] == "sent"
    assert (await ayu.ask("GET", f"/messages/{others}")).body["state"] == "queued"
    again = await ayu.ask("POST", f"/messages/{waiting}/resend", {})
    assert (again.status, again.code) == (409, "device_deleted")


async def test_of_a_hand_over_that_was_lost_with_its_device_nobody_knows(both: Api, ayu: Browser) -> None:
    """The process that was handing it over is gone, and no other will ever hold the device."""
    id_ = await send(both)
    await take(both)
    await delete(ayu)
    await clear(both)
    assert (await ayu.ask("GET", f"/messages/{id_}")).body["state"] == "uncertain"


async def test_a_device_that_is_there_keeps_what_waits(both: Api, ayu: Browser) -> None:
    """Clearing looks at deleted ones alone."""
    id_ = await send(both)
    await clear(both)
    assert (await ayu.ask("GET", f"/messages/{id_}")).body["state"] == "queued"


async def test_a_device_is_deleted_by_its_owner_alone(both: Api, ayu: Browser) -> None:
    """With the right password; not by a program, nor by a stranger."""
    wrong = await ayu.ask("DELETE", f"/devices/{ONE}", {"password": "salah"})
    assert (wrong.status, wrong.code) == (403, "password_wrong")
    assert (await program_of(both).ask("DELETE", f"/devices/{ONE}", PROOF)).code == "person_required"
    assert (await ayu.ask("DELETE", f"/devices/{THEIRS}", PROOF)).code == "device_unknown"
    assert (await ayu.ask("GET", f"/devices/{ONE}")).status == 200


async def test_the_webhooks_of_a_deleted_device_are_gone(ayu: Browser) -> None:
    """They are not listed, and not called."""
    url = "https://example.com/hook"
    assert (await ayu.ask("PUT", f"/devices/{ONE}/webhooks", {"status": url})).status == 200
    await delete(ayu)
    assert (await ayu.ask("GET", "/webhooks")).body["items"] == []
