"""Addresses of one's own over the API: made, changed, switched off, deleted."""

import asyncio

import pytest

from tests.api.harness import ONE, THEIRS, TWO, Api
from tests.api.v1.browser import Browser, program_of
from tests.api.v1.hooks import HOOK, execute, set_hooks
from tests.api.v1.keys import program_with
from tests.webhooks.receiver import receiving

GIVEN = {"name": "Gudang", "url": HOOK, "kinds": ["message", "status"], "devices": [ONE]}


async def test_an_address_is_made_read_changed_and_deleted(both: Api, ayu: Browser) -> None:
    """What is left out stays; the runner is told each time; several stand beside the device's own."""
    await set_hooks(ayu, status=HOOK)
    made = await ayu.ask("POST", "/webhooks", {**GIVEN, "kinds": ["status", "message", "status"]})
    assert made.status == 201, made.body
    other = (await ayu.ask("POST", "/webhooks", {**GIVEN, "devices": []})).body
    id_ = made.body["id"]
    assert (made.body["kinds"], made.body["devices"], made.body["of_device"]) == (
        ["message", "status"],
        [ONE],
        False,
    )
    assert (await ayu.ask("GET", f"/webhooks/{id_}")).body == made.body
    changed = await ayu.ask("PATCH", f"/webhooks/{id_}", {"devices": [TWO, ONE], "name": "Toko"})
    assert changed.body == {**made.body, "devices": sorted([ONE, TWO]), "name": "Toko"}
    listed = (await ayu.ask("GET", "/webhooks")).body["items"]
    assert [each["id"] for each in listed][:2] == [id_, other["id"]]
    assert (await ayu.ask("DELETE", f"/webhooks/{id_}")).status == 204
    assert (await ayu.ask("GET", f"/webhooks/{id_}")).code == "webhook_unknown"
    assert both.looks == 5


async def test_its_key_is_kept_sealed_and_shown_on_request(both: Api, ayu: Browser) -> None:
    """It rides in the sample as in every body; an empty one ends it. Each address signs with its own secret."""
    async with receiving() as receiver:
        given = {**GIVEN, "url": receiver.url(), "secret_key": "rahasia-kami"}
        id_ = (await ayu.ask("POST", "/webhooks", given)).body["id"]
        other = (await ayu.ask("POST", "/webhooks", GIVEN)).body["id"]
        shown = (await ayu.ask("POST", f"/webhooks/{id_}/reveal-secret")).body
        theirs = (await ayu.ask("POST", f"/webhooks/{other}/reveal-secret")).body
        assert (shown["secret_key"], theirs["secret_key"]) == ("rahasia-kami", None)
        assert shown["secret"] != theirs["secret"]
        assert "rahasia-kami" not in str(await both.rows("SELECT key_sealed FROM endpoint"))
        assert (await ayu.ask("POST", f"/webhooks/{id_}/test")).body["status"] == 200
        (got,) = receiver.got
        assert (got.body["secret_key"], got.headers["webhook-kind"]) == ("rahasia-kami", "message")
    ended = await ayu.ask("PATCH", f"/webhooks/{id_}", {"secret_key": ""})
    assert ended.body["has_secret_key"] is False


async def test_one_that_is_switched_off_says_so_until_it_is_on_again(both: Api, ayu: Browser) -> None:
    """What waits for it is forgotten."""
    id_ = (await ayu.ask("POST", "/webhooks", {**GIVEN, "on": False})).body["id"]
    assert (await ayu.ask("GET", f"/webhooks/{id_}")).body["state"] == "off"
    assert (await ayu.ask("PATCH", f"/webhooks/{id_}", {"on": True})).body["state"] == "ok"
    await execute(both, "INSERT INTO hook_lane VALUES ($1, $2, 1, 1, 0, 9, 9)", id_, ONE)
    assert (await ayu.ask("PATCH", f"/webhooks/{id_}", {"on": False})).body["state"] == "off"
    assert await both.count("hook_lane") == 0
    assert (await ayu.ask("PATCH", f"/webhooks/{id_}", {"name": "B"})).body["state"] == "off"


async def test_one_that_is_down_says_why_and_when_it_is_tried(both: Api, ayu: Browser) -> None:
    """Three failures in a row: the oldest fact alone is tried."""
    id_ = (await ayu.ask("POST", "/webhooks", GIVEN)).body["id"]
    await execute(both, "INSERT INTO hook_outage VALUES ($1, 4, 1700000000500, 1700000060000)", id_)
    await execute(both, "INSERT INTO hook_call VALUES ($1, 1700000000500, 1, 1, 4, 15000, 0, 'timeout')", id_)
    shown = (await ayu.ask("GET", f"/webhooks/{id_}")).body
    assert (shown["state"], shown["tries"], shown["next_try_at"]) == ("down", 4, "2023-11-14T22:14:20.000Z")
    assert shown["why"] == {"at": "2023-11-14T22:13:20.500Z", "status": None, "error": "timeout"}
    assert (await ayu.ask("POST", f"/webhooks/{id_}/try-now")).status == 204
    assert (await ayu.ask("GET", f"/webhooks/{id_}")).body["state"] == "ok"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"url": "http://10.0.0.1/x"}, "url_invalid"),
        ({"url": "http://169.254.169.254/"}, "url_invalid"),
        ({"kinds": []}, "input_invalid"),
        ({"kinds": ["nothing"]}, "input_invalid"),
        ({"name": ""}, "input_invalid"),
        ({"devices": [THEIRS]}, "device_unknown"),
        ({"devices": [2**63]}, "device_unknown"),
    ],
)
async def test_what_cannot_be_is_refused(both: Api, ayu: Browser, wrong: dict[str, object], code: str) -> None:
    """When it is made, and when it is changed; nothing is stored."""
    assert (await ayu.ask("POST", "/webhooks", {**GIVEN, **wrong})).code == code
    assert await both.count("endpoint") == 0
    id_ = (await ayu.ask("POST", "/webhooks", GIVEN)).body["id"]
    before = await both.rows("SELECT * FROM endpoint")
    assert (await ayu.ask("PATCH", f"/webhooks/{id_}", wrong)).code == code
    assert await both.rows("SELECT * FROM endpoint") == before


async def test_a_devices_own_address_keeps_its_device_and_kind(ayu: Browser) -> None:
    """All else changes as with any other."""
    id_ = (await set_hooks(ayu, status=HOOK))["status"]
    refused = await ayu.ask("PATCH", f"/webhooks/{id_}", {"kinds": ["message"]})
    assert (refused.status, refused.code) == (409, "webhook_of_device")
    changed = (await ayu.ask("PATCH", f"/webhooks/{id_}", {"secret_key": "k", "url": f"{HOOK}/2"})).body
    assert (changed["url"], changed["has_secret_key"], changed["kinds"]) == (f"{HOOK}/2", True, ["status"])


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_another_accounts_is_not_there(both: Api, ayu: Browser, method: str) -> None:
    """As if it did not exist."""
    theirs = await program_of(both, "stranger").ask("POST", "/webhooks", {**GIVEN, "devices": [THEIRS]})
    refused = await ayu.ask(method, f"/webhooks/{theirs.body['id']}", {} if method == "PATCH" else None)
    assert (refused.status, refused.code) == (404, "webhook_unknown")


async def test_two_changes_in_one_moment_are_both_kept(ayu: Browser) -> None:
    """What one leaves out is not put back as it was when that one began."""
    id_ = (await ayu.ask("POST", "/webhooks", GIVEN)).body["id"]
    for n in range(10):
        await ayu.ask("PATCH", f"/webhooks/{id_}", {"on": True})
        changes: list[dict[str, object]] = [{"name": f"Toko {n}"}, {"on": False}, {"url": f"{HOOK}/{n}"}]
        await asyncio.gather(*(ayu.ask("PATCH", f"/webhooks/{id_}", each) for each in changes))
        shown = (await ayu.ask("GET", f"/webhooks/{id_}")).body
        assert (shown["name"], shown["state"], shown["url"]) == (f"Toko {n}", "off", f"{HOOK}/{n}")


async def test_an_address_of_a_device_that_is_set_twice_in_one_moment_is_one(both: Api, ayu: Browser) -> None:
    """And nothing is read for another that is not there."""
    urls = [f"{HOOK}/{n}" for n in range(4)]
    await asyncio.gather(*(ayu.ask("PUT", f"/devices/{ONE}/webhooks", {"status": url}) for url in urls))
    assert await both.rows("SELECT reader_id FROM reader_cursor WHERE kind = 'webhook'") == await both.rows(
        "SELECT id FROM endpoint"
    )


async def test_a_key_without_the_scope_for_tokens_sets_no_address_that_is_told_them(
    both: Api, ayu: Browser
) -> None:
    """A call about a device's connection carries its token, which opens Fonnte's API."""
    program = await program_with(both, ayu, ["webhooks:manage"])
    id_ = (await program.ask("POST", "/webhooks", GIVEN)).body["id"]
    theirs = (await ayu.ask("POST", "/webhooks", {**GIVEN, "kinds": ["connect"]})).body["id"]
    refused = [
        await program.ask("POST", "/webhooks", {**GIVEN, "kinds": ["status", "connect"]}),
        await program.ask("PATCH", f"/webhooks/{id_}", {"kinds": ["connect"]}),
        await program.ask("PATCH", f"/webhooks/{theirs}", {"url": f"{HOOK}/mine"}),
        await program.ask("PATCH", f"/webhooks/{theirs}", {"devices": [ONE, TWO]}),
        await program.ask("PUT", f"/devices/{ONE}/webhooks", {"connect": HOOK}),
    ]
    assert {(each.status, each.code) for each in refused} == {(403, "key_scope_missing")}
    assert "devices:tokens" in refused[0].body["detail"]
    assert (await program.ask("PATCH", f"/webhooks/{theirs}", {"on": False})).body["state"] == "off"
    trusted = await program_with(both, ayu, ["webhooks:manage", "devices:tokens"])
    assert (await trusted.ask("POST", "/webhooks", {**GIVEN, "kinds": ["connect"]})).status == 201
