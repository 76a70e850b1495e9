"""Webhooks over the API: addresses, how they are doing, calls, secrets, trials, and what they did not get."""

import json
from collections.abc import AsyncIterator

import pytest

from merpati.core.facts import DeviceStateChanged
from merpati.webhooks.signing import parse_secret, sign
from tests.api.harness import ACCOUNT, ONE, THEIRS, TOKENS, TWO, Api
from tests.api.v1.browser import Browser, program_of
from tests.api.v1.hooks import HOOK, SENT, execute, set_hooks, tell
from tests.api.v1.keys import program_with
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def called(api: Api, endpoint: int, seq: int, at: int, status: int, error: str = "") -> None:
    await execute(
        api,
        "INSERT INTO hook_call (endpoint_id, account_id, seq, attempt, at, took_ms, status, error) "
        "VALUES ($1, $2, $3, 1, $4, 12, $5, $6)",
        *(endpoint, ACCOUNT, seq, at, status, error),
    )


async def buried(api: Api, endpoint: int, first: int, last: int, at: int) -> None:
    await execute(
        api,
        "INSERT INTO dead_letter (endpoint_id, account_id, device_id, first_seq, last_seq, at, reason) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'down')",
        *(endpoint, ACCOUNT, ONE, first, last, at),
    )


async def test_addresses_are_set_changed_and_removed(both: Api, ayu: Browser) -> None:
    """What is left out stays; the runner is told."""
    ids = await set_hooks(ayu, status=HOOK, connect=f"{HOOK}/2")
    assert await set_hooks(ayu, connect="") == {"status": ids["status"]}
    listed = (await ayu.ask("GET", "/webhooks")).body["items"]
    assert listed == [
        {
            "id": ids["status"],
            "name": "",
            "kinds": ["status"],
            "devices": [ONE],
            "of_device": True,
            "url": HOOK,
            "has_secret_key": False,
            "state": "ok",
            "failing_since": None,
            "waiting": 0,
            "next_try_at": None,
            "tries": 0,
            "why": None,
            "last_ok_at": None,
        }
    ]
    assert both.looks == 2


@pytest.mark.parametrize("url", ["ftp://toko.id", "http://10.0.0.1/x", "x", "http://169.254.169.254/"])
async def test_an_address_that_cannot_be_called_is_refused(both: Api, ayu: Browser, url: str) -> None:
    """And nothing of the call is stored."""
    refused = await ayu.ask("PUT", f"/devices/{ONE}/webhooks", {"status": HOOK, "connect": url})
    assert (refused.status, refused.code) == (422, "url_invalid")
    assert await both.count("endpoint") == 0


async def test_how_an_address_is_doing_is_shown(both: Api, ayu: Browser) -> None:
    """Since when it fails, how often it was tried, what waits, when it last worked; and that it is off."""
    id_ = (await set_hooks(ayu, status=HOOK))["status"]
    await called(both, id_, 1, 1_700_000_000_000, 204)
    await called(both, id_, 2, 1_700_000_001_000, 500)
    seq = await tell(both, SENT, DeviceStateChanged(ONE, "open", ""), SENT)
    await execute(
        both, "INSERT INTO hook_lane VALUES ($1, $2, $3, 3, 0, 1700000060000, 1700000000500)", id_, ONE, seq - 2
    )
    (shown,) = (await ayu.ask("GET", "/webhooks")).body["items"]
    assert (shown["state"], shown["tries"], shown["waiting"]) == ("failing", 3, 2)
    assert (shown["failing_since"], shown["next_try_at"], shown["last_ok_at"]) == (
        "2023-11-14T22:13:20.500Z",
        "2023-11-14T22:14:20.000Z",
        "2023-11-14T22:13:20.000Z",
    )
    await execute(both, "UPDATE endpoint SET state = 'disabled' WHERE id = $1", id_)
    assert (await ayu.ask("GET", "/webhooks")).body["items"][0]["state"] == "off"


async def test_calls_are_shown_with_what_they_told_and_no_token(both: Api, ayu: Browser) -> None:
    """Newest first, in pages, two of one moment too; a fact that the log has no more has no body."""
    id_ = (await set_hooks(ayu, connect=HOOK))["connect"]
    seq = await tell(both, *[DeviceStateChanged(ONE, "open", "", "connecting")] * 2)
    await called(both, id_, seq - 1, 1_700_000_000_000, 200)
    await called(both, id_, seq, 1_700_000_000_000, 0, "timeout")
    await called(both, id_, 10_000, 1_600_000_000_000, 503)
    first = (await ayu.ask("GET", f"/webhooks/{id_}/calls?limit=1")).body
    rest = (await ayu.ask("GET", f"/webhooks/{id_}/calls?limit=5&cursor={first['next']}")).body
    calls = [*first["items"], *rest["items"]]
    assert [(call["fact"], call["status"], call["error"], call["ms"]) for call in calls] == [
        (seq, None, "timeout", 12),
        (seq - 1, 200, None, 12),
        (10_000, 503, None, 12),
    ]
    body = json.loads(calls[0]["body"])
    assert (calls[0]["kind"], body["status"], body["token"]) == ("DeviceStateChanged", "connect", "********")
    assert TOKENS["one"] not in str(calls)
    assert (calls[2]["kind"], calls[2]["body"]) == (None, None)


async def test_a_secret_is_shown_and_changed(both: Api, ayu: Browser) -> None:
    """The runner is told of the new one."""
    id_ = (await set_hooks(ayu, status=HOOK))["status"]
    secret = (await ayu.ask("POST", f"/webhooks/{id_}/reveal-secret")).body["secret"]
    assert len(parse_secret(secret)) == 32
    version = (await both.rows("SELECT version FROM endpoint"))[0][0]
    new = (await ayu.ask("POST", f"/webhooks/{id_}/rotate-secret", {})).body
    assert (new["secret"] != secret, new["old_valid_until"]) == (True, None)
    assert (await ayu.ask("POST", f"/webhooks/{id_}/reveal-secret")).body == new
    assert (await both.rows("SELECT version FROM endpoint"))[0][0] > version
    assert secret not in str(await both.rows("SELECT secret_sealed FROM endpoint"))


async def test_an_old_secret_goes_on_signing_while_it_overlaps(both: Api, ayu: Browser, receiver: Receiver) -> None:
    """Beside the new one, also after another rotation; one without an overlap ends them all."""
    id_ = (await set_hooks(ayu, status=receiver.url()))["status"]
    secrets = [(await ayu.ask("POST", f"/webhooks/{id_}/reveal-secret")).body["secret"]]
    for hours in (24, 1, 0):
        rotated = await ayu.ask("POST", f"/webhooks/{id_}/rotate-secret", {"overlap_hours": hours})
        secrets.insert(0, rotated.body["secret"])
        shown = (await ayu.ask("POST", f"/webhooks/{id_}/reveal-secret")).body
        assert (shown["old_valid_until"] is not None) == (hours > 0)
        await ayu.ask("POST", f"/webhooks/{id_}/test")
    stored = str(await both.rows("SELECT secret_sealed, old_secrets FROM endpoint"))
    assert [secret for secret in secrets if secret in stored] == []
    for got, believed in zip(receiver.got, (secrets[2:], secrets[1:], secrets[:1]), strict=True):
        stamp = int(got.headers["webhook-timestamp"])
        right = [sign(parse_secret(secret), got.event, stamp, got.raw) for secret in believed]
        assert got.headers["webhook-signature"].split(" ") == right


@pytest.mark.parametrize("hours", [-1, 73, 1.5, None])
async def test_a_secret_s_overlap_has_bounds(ayu: Browser, hours: object) -> None:
    """As a token's: three days are the most."""
    id_ = (await set_hooks(ayu, status=HOOK))["status"]
    answered = await ayu.ask("POST", f"/webhooks/{id_}/rotate-secret", {"overlap_hours": hours})
    assert (answered.status, answered.body["errors"][0]["field"]) == (422, "overlap_hours")


async def test_a_trial_is_a_real_call_with_a_sample(both: Api, ayu: Browser, receiver: Receiver) -> None:
    """Signed as always; it says how the call ended, and leaves no trace."""
    ids = await set_hooks(ayu, status=receiver.url("/status"), connect=receiver.url("/connect"), chaining=HOOK)
    tried = await ayu.ask("POST", f"/webhooks/{ids['status']}/test")
    assert (tried.body["status"], tried.body["error"]) == (200, None)
    receiver.answer = lambda _got: "503 Busy"
    assert (await ayu.ask("POST", f"/webhooks/{ids['connect']}/test")).body["status"] == 503
    status, connect = receiver.got
    assert status.body["state"] == "sent"
    assert connect.body["token"] == TOKENS["one"]
    secret = (await ayu.ask("POST", f"/webhooks/{ids['status']}/reveal-secret")).body["secret"]
    stamp = int(status.headers["webhook-timestamp"])
    assert status.event.startswith("test-")
    assert status.headers["webhook-signature"] == sign(parse_secret(secret), status.event, stamp, status.raw)
    assert await both.count("hook_call") == 0
    refused = await ayu.ask("POST", f"/webhooks/{ids['chaining']}/test")
    assert (refused.status, refused.code) == (409, "webhook_untold")


async def test_a_trial_says_why_nobody_answered(ayu: Browser) -> None:
    """The address is nobody's."""
    ids = await set_hooks(ayu, status="http://127.0.0.1:9/")
    tried = (await ayu.ask("POST", f"/webhooks/{ids['status']}/test")).body
    assert (tried["status"], bool(tried["error"])) == (None, True)


async def test_trying_now_ends_the_wait(both: Api, ayu: Browser) -> None:
    """The ladder begins anew; the runner is told. Not of one that is off."""
    id_ = (await set_hooks(ayu, status=HOOK))["status"]
    await execute(both, "INSERT INTO hook_lane VALUES ($1, $2, 1, 9, 2, 99, 98)", id_, ONE)
    assert (await ayu.ask("POST", f"/webhooks/{id_}/try-now")).status == 204
    assert await both.rows("SELECT attempt, next_try_at FROM hook_lane") == [(0, 0)]
    assert both.looks == 2
    await execute(both, "UPDATE endpoint SET state = 'disabled'")
    assert (await ayu.ask("POST", f"/webhooks/{id_}/try-now")).code == "webhook_off"


async def test_dead_letters_are_listed_told_after_all_and_dropped(both: Api, ayu: Browser) -> None:
    """Newest first, in pages; what is told again is no dead letter any more."""
    id_ = (await set_hooks(ayu, status=HOOK))["status"]
    for first in (1, 4, 7):
        await buried(both, id_, first, first + 2, 1_700_000_000_000)
    page = (await ayu.ask("GET", f"/webhooks/{id_}/dead-letters?limit=2")).body
    assert [(each["n"], each["first"], each["last"], each["reason"]) for each in page["items"]] == [
        (7, 7, 9, "down"),
        (4, 4, 6, "down"),
    ]
    rest = (await ayu.ask("GET", f"/webhooks/{id_}/dead-letters?limit=2&cursor={page['next']}")).body
    assert [each["n"] for each in rest["items"]] == [1]
    assert (await ayu.ask("POST", f"/webhooks/{id_}/dead-letters/4/replay")).status == 204
    assert await both.rows("SELECT first_seq, last_seq, next_seq FROM hook_replay") == [(4, 6, 4)]
    assert (await ayu.ask("DELETE", f"/webhooks/{id_}/dead-letters/1")).status == 204
    left = (await ayu.ask("GET", f"/webhooks/{id_}/dead-letters")).body["items"]
    assert [each["n"] for each in left] == [7]
    for method, path in (("DELETE", "/1"), ("POST", "/4/replay"), ("DELETE", "/9223372036854775808")):
        assert (await ayu.ask(method, f"/webhooks/{id_}/dead-letters{path}")).code == "dead_letter_unknown"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/calls"),
        ("POST", "/reveal-secret"),
        ("POST", "/rotate-secret"),
        ("POST", "/test"),
        ("POST", "/try-now"),
        ("GET", "/dead-letters"),
        ("POST", "/dead-letters/1/replay"),
        ("DELETE", "/dead-letters/1"),
    ],
)
async def test_the_webhook_of_another_account_is_not_there(both: Api, ayu: Browser, method: str, path: str) -> None:
    """Nor one that was removed, nor a number that is nobody's."""
    theirs = (await set_hooks(program_of(both, "stranger"), THEIRS, status=HOOK))["status"]
    removed = (await set_hooks(ayu, status=HOOK))["status"]
    await set_hooks(ayu, status="")
    for id_ in (theirs, removed, 0, 2**63):
        refused = await ayu.ask(method, f"/webhooks/{id_}{path}", {} if path == "/rotate-secret" else None)
        assert (refused.status, refused.code) == (404, "webhook_unknown")
    assert (await ayu.ask("GET", "/webhooks")).body["items"] == []
    refused = await ayu.ask("PUT", f"/devices/{THEIRS}/webhooks", {"status": HOOK})
    assert (refused.status, refused.code) == (404, "device_unknown")


async def test_a_key_is_not_shown_what_was_told_of_a_device_out_of_its_reach(both: Api, ayu: Browser) -> None:
    """The address heard that device before: its calls are there, what they told is not."""
    given = {"name": "Gudang", "url": HOOK, "kinds": ["connect"], "devices": []}
    id_ = (await ayu.ask("POST", "/webhooks", given)).body["id"]
    seq = await tell(both, *(DeviceStateChanged(device, "open", "", "connecting") for device in (ONE, TWO)))
    for each in (seq - 1, seq):
        await called(both, id_, each, 1_700_000_000_000, 200)
    await ayu.ask("PATCH", f"/webhooks/{id_}", {"devices": [ONE]})
    program = await program_with(both, ayu, ["webhooks:read"], devices=[ONE])
    theirs, ours = (await program.ask("GET", f"/webhooks/{id_}/calls")).body["items"]
    assert (theirs["fact"], theirs["kind"], theirs["body"]) == (seq, None, None)
    assert ours["body"] is not None
    items = (await ayu.ask("GET", f"/webhooks/{id_}/calls")).body["items"]
    assert all(each["body"] for each in items)
