"""Keys over the API: made, shown once, changed, replaced, revoked; what they open, from where and until when."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from merpati.accounts.key_model import MOST_KEYS, Scope
from merpati.core.clock import DAY_MS, HOUR_MS, Clock, Millis, SystemClock
from merpati.core.tokens import hash_token
from tests.api.conftest import api_on_sqlite
from tests.api.files import PNG
from tests.api.harness import ACCOUNT, OFF, ONE, THEIRS, TWO, Api
from tests.api.v1.browser import Browser, program_of, signed_in
from tests.api.v1.following import Follower
from tests.api.v1.keys import bearer, made, program_with
from tests.api.v1.messages import send
from tests.api.v1.test_events import tell
from tests.api.v1.test_files import upload
from tests.api.v1.test_nodes import OpenPostgres, two_nodes

READ = [Scope.MESSAGES_READ]


class MovedClock(Clock):
    """Ahead of the machine's by as much as one says."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def now(self) -> Millis:
        return Millis(SystemClock().now() + self.ahead_ms)

    def elapsed(self) -> float:
        return SystemClock().elapsed() + self.ahead_ms / 1_000


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


async def test_a_key_is_made_and_its_secret_shown_once(both: Api, ayu: Browser) -> None:
    """Only the hash is stored; the list has what tells it from others."""
    given = {"devices": [TWO, ONE], "networks": ["10.0.0.0/8", "2001:db8::/32", "::1"]}
    answered = await made(ayu, [Scope.MESSAGES_SEND, Scope.MESSAGES_READ], **given)
    key, secret = answered["key"], answered["secret"]
    assert secret.startswith("mk_")
    assert key == {
        "id": key["id"],
        "name": "Toko online",
        "hint": secret[-4:],
        "scopes": ["messages:send", "messages:read"],
        "devices": [ONE, TWO],
        "networks": ["10.0.0.0/8", "2001:db8::/32", "::1/128"],
        "created_at": key["created_at"],
        "expires_at": None,
        "expired": False,
        "used_at": None,
        "used_from": None,
        "old_valid_until": None,
    }
    assert (await ayu.ask("GET", "/keys")).body == {"items": [key], "next": None}
    assert (await ayu.ask("GET", f"/keys/{key['id']}")).body == key
    assert await both.rows("SELECT token_hash FROM api_key") == [(hash_token(secret),)]
    assert secret not in str(await both.rows("SELECT * FROM api_key")) + str(await both.rows("SELECT * FROM fact"))


async def test_a_key_says_who_it_is(both: Api, ayu: Browser) -> None:
    """With any scope, or none that helps: a program can look at what it was given."""
    program = await program_with(both, ayu, READ, devices=[ONE])
    said = (await program.ask("GET", "/session")).body
    assert (said["account"]["id"], said["user"], said["csrf_token"]) == (ACCOUNT, None, None)
    assert said["key"] == {
        "id": said["key"]["id"],
        "name": "Toko online",
        "scopes": ["messages:read"],
        "devices": [ONE],
        "expires_at": None,
    }
    assert (await ayu.ask("GET", "/session")).body["key"] is None
    assert (await program_of(both).ask("GET", "/session")).body["key"] is None


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"name": " "}, "input_invalid", "name"),
    ({"scopes": []}, "input_invalid", "scopes"),
    ({"scopes": ["everything"]}, "input_invalid", "scopes"),
    ({"devices": []}, "input_invalid", "devices"),
    ({"devices": [THEIRS]}, "device_unknown", "devices"),
    ({"networks": ["10.0.0.1/8"]}, "network_invalid", "networks"),
    ({"networks": ["toko.id"]}, "network_invalid", "networks"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "key_expiry_past", "expires_at"),
    ({"admin": True}, "input_invalid", "admin"),
]


@pytest.mark.parametrize(("given", "code", "field"), WRONG, ids=lambda value: str(value)[:30])
async def test_what_is_wrong_with_a_key_is_said_of_its_field(
    ayu_on_sqlite: Browser, given: dict[str, Any], code: str, field: str
) -> None:
    """When it is made and when it is changed; nothing is stored."""
    key = (await made(ayu_on_sqlite))["key"]
    whole = {"name": "Kasir", "scopes": READ, **given}
    for answered in (
        await ayu_on_sqlite.ask("POST", "/keys", whole),
        await ayu_on_sqlite.ask("PATCH", f"/keys/{key['id']}", given),
    ):
        assert answered.code == code
        assert answered.body["errors"][0]["field"].startswith(field)
    assert (await ayu_on_sqlite.ask("GET", "/keys")).body["items"] == [key]


async def test_there_are_not_more_keys_than_a_person_can_look_after(ayu_on_sqlite: Browser) -> None:
    """One must go before the next."""
    keys = [(await made(ayu_on_sqlite))["key"]["id"] for _ in range(MOST_KEYS)]
    refused = await ayu_on_sqlite.ask("POST", "/keys", {"name": "x", "scopes": READ})
    assert (refused.status, refused.code) == (409, "too_many_keys")
    assert (await ayu_on_sqlite.ask("DELETE", f"/keys/{keys[0]}")).status == 204
    await made(ayu_on_sqlite)


async def test_a_key_does_what_its_scopes_say(both: Api, ayu: Browser) -> None:
    """And is told which one is missing."""
    program = await program_with(both, ayu, [Scope.MESSAGES_SEND])
    body = {"device": ONE, "targets": "081234567890", "text": "halo"}
    assert (await program.ask("POST", "/messages", body)).status == 202
    refused = await program.ask("GET", "/messages", headers={"Accept-Language": "en"})
    assert (refused.status, refused.code) == (403, "key_scope_missing")
    assert "messages:read" in refused.body["detail"]
    assert (await program.ask("GET", "/keys")).code == "person_required"
    assert (await program.ask("POST", "/account/token")).code == "person_required"


async def test_a_key_is_changed_and_that_holds_at_once(both: Api, ayu: Browser) -> None:
    """What is left out stays, the secret too."""
    answered = await made(ayu, READ, devices=[ONE], expires_at=in_hours(1))
    path, program = f"/keys/{answered['key']['id']}", bearer(both, answered["secret"])
    assert (await program.ask("GET", "/messages")).status == 200
    changed = await ayu.ask("PATCH", path, {"scopes": [Scope.DEVICES_READ], "devices": None, "expires_at": None})
    same = {"name", "hint", "networks", "created_at"}
    assert {name: changed.body[name] for name in same} == {name: answered["key"][name] for name in same}
    assert (changed.body["devices"], changed.body["expires_at"]) == (None, None)
    assert (await program.ask("GET", "/messages")).code == "key_scope_missing"
    assert len((await program.ask("GET", "/devices")).body["items"]) == 3
    assert (await ayu.ask("PATCH", path, {"name": "  Kasir  baru "})).body["name"] == "Kasir baru"


async def test_a_key_goes_on_with_devices_that_were_chosen_before(ayu: Browser) -> None:
    """Also when one of them is no more: to name another thing is no reason to refuse."""
    key = (await made(ayu, devices=[ONE, OFF]))["key"]
    await ayu.ask("DELETE", f"/devices/{OFF}", {"password": "rahasia sekali"})
    assert (await ayu.ask("PATCH", f"/keys/{key['id']}", {"devices": [ONE, OFF]})).status == 200


async def test_a_key_is_for_the_networks_it_names(both: Api, ayu: Browser) -> None:
    """Where the caller is, is what the socket says, or a proxy that is trusted."""
    program = await program_with(both, ayu, networks=["203.0.113.0/24", "2001:db8::/32"])
    for address, code in (
        ("203.0.113.9", None),
        ("::ffff:203.0.113.9", None),
        ("2001:db8::7", None),
        ("203.0.114.9", "key_elsewhere"),
        ("2001:db9::7", "key_elsewhere"),
        ("nowhere", "key_elsewhere"),
    ):
        answered = await program.ask("GET", "/session", headers={"X-Forwarded-For": address})
        assert (None if answered.status == 200 else answered.code) == code, address
    refused = await program.ask("GET", "/session")
    assert (refused.status, refused.code) == (403, "key_elsewhere")
    assert "127.0.0.1" in refused.body["detail"]


async def test_an_expired_key_says_so(tmp_path: Path) -> None:
    """And is listed until it is revoked; it may be given a new end."""
    clock = MovedClock()
    async with api_on_sqlite(tmp_path, clock=clock) as api:
        ayu = await signed_in(api)
        answered = await made(ayu, READ, expires_at=in_hours(1))
        path, program = f"/keys/{answered['key']['id']}", bearer(api, answered["secret"])
        assert (await program.ask("GET", "/messages")).status == 200
        clock.ahead_ms = HOUR_MS
        refused = await program.ask("GET", "/messages")
        assert (refused.status, refused.code) == (401, "key_expired")
        assert (await ayu.ask("GET", path)).body["expired"]
        assert not (await ayu.ask("PATCH", path, {"expires_at": in_hours(48)})).body["expired"]
        assert (await program.ask("GET", "/messages")).status == 200


async def test_a_replaced_secret_works_while_it_overlaps(both: Api, ayu: Browser) -> None:
    """Both do then; without an overlap the old ones are worth nothing at once."""
    answered = await made(ayu, READ)
    path = f"/keys/{answered['key']['id']}"
    rotated = await ayu.ask("POST", f"{path}/rotate", {"overlap_hours": 1})
    assert rotated.body["key"]["hint"] == rotated.body["secret"][-4:]
    assert rotated.body["key"]["old_valid_until"] is not None
    old, new = bearer(both, answered["secret"]), bearer(both, rotated.body["secret"])
    assert [(await each.ask("GET", "/messages")).status for each in (old, new)] == [200, 200]
    last = await ayu.ask("POST", f"{path}/rotate", {})
    assert last.body["key"]["old_valid_until"] is None
    newest = bearer(both, last.body["secret"])
    assert [(await each.ask("GET", "/messages")).status for each in (old, new, newest)] == [401, 401, 200]
    assert (await ayu.ask("POST", f"{path}/rotate", {"overlap_hours": 73})).code == "input_invalid"


async def test_an_overlap_ends(tmp_path: Path) -> None:
    """Though the secret was looked up a moment before."""
    clock = MovedClock()
    async with api_on_sqlite(tmp_path, clock=clock) as api:
        ayu = await signed_in(api)
        answered = await made(ayu, READ)
        await ayu.ask("POST", f"/keys/{answered['key']['id']}/rotate", {"overlap_hours": 72})
        program = bearer(api, answered["secret"])
        clock.ahead_ms = 3 * DAY_MS - HOUR_MS
        assert (await program.ask("GET", "/messages")).status == 200
        clock.ahead_ms = 3 * DAY_MS + 1
        assert (await program.ask("GET", "/messages")).code == "token_invalid"


async def test_a_revoked_key_is_nothing(both: Api, ayu: Browser) -> None:
    """Nor is a secret that it had before."""
    answered = await made(ayu, READ)
    path = f"/keys/{answered['key']['id']}"
    rotated = await ayu.ask("POST", f"{path}/rotate", {"overlap_hours": 1})
    assert (await ayu.ask("DELETE", path)).status == 204
    for secret in (answered["secret"], rotated.body["secret"], "mk_nobody"):
        refused = await bearer(both, secret).ask("GET", "/messages")
        assert (refused.status, refused.code) == (401, "token_invalid")
    assert (await ayu.ask("DELETE", path)).code == "key_unknown"
    assert (await ayu.ask("GET", "/keys")).body["items"] == []


async def test_when_a_key_was_used_is_kept_beside_the_calls(tmp_path: Path) -> None:
    """At most once a minute, with where it came from; a call that is refused for its scope is a use too."""
    clock = MovedClock()
    async with api_on_sqlite(tmp_path, clock=clock) as api:
        ayu = await signed_in(api)
        answered = await made(ayu, READ)
        program, uses = bearer(api, answered["secret"]), api.gateway.keys.uses

        async def used() -> tuple[Any, Any]:
            shown = (await ayu.ask("GET", f"/keys/{answered['key']['id']}")).body
            return shown["used_at"], shown["used_from"]

        assert await used() == (None, None)
        await program.ask("GET", "/messages")
        await uses.write_due()
        first = await used()
        assert first[1] == "127.0.0.1"
        await program.ask("GET", "/messages", headers={"X-Forwarded-For": "203.0.113.9"})
        await uses.write_due()
        assert await used() == first
        clock.ahead_ms = 61_000
        await uses.write_due()
        second = await used()
        assert second[0] > first[0]
        assert second[1] == "203.0.113.9"


async def test_a_key_for_chosen_devices_sees_no_other(both: Api, ayu: Browser) -> None:
    """Lists, counts and the day at a glance are of these alone."""
    mine, others = await send(both, "one"), await send(both, "two")
    program = await program_with(both, ayu, devices=[ONE])
    assert [item["id"] for item in (await program.ask("GET", "/messages")).body["items"]] == [mine]
    assert (await program.ask("GET", f"/messages?device={TWO}")).body["items"] == []
    assert (await program.ask("GET", "/messages/counts")).body["all"] == 1
    assert [item["id"] for item in (await program.ask("GET", "/devices")).body["items"]] == [ONE]
    home = (await program.ask("GET", "/home")).body
    assert ([device["id"] for device in home["devices"]], home["today"]["accepted"]) == ([ONE], 1)
    activity = (await program.ask("GET", "/devices/activity")).body["items"]
    assert [item["device"] for item in activity] == [ONE]
    assert [item["device"] for item in (await program.ask("GET", "/requests")).body["items"]] == [ONE]
    assert (await program.ask("GET", f"/messages/{others}")).code == "message_unknown"
    assert (await program.ask("GET", f"/messages?q={others}")).body["items"] == []


async def test_a_key_for_chosen_devices_adds_none(both: Api, ayu: Browser) -> None:
    """It would not reach it."""
    program = await program_with(both, ayu, devices=[ONE])
    refused = await program.ask("POST", "/devices", {"name": "Baru", "number": "081200001111"})
    assert (refused.status, refused.code) == (403, "key_devices_chosen")


async def test_a_webhook_is_within_reach_when_all_that_it_hears_is(both: Api, ayu: Browser) -> None:
    """One that hears other devices too, or all, is not there; nor may the key make such a one."""
    program = await program_with(both, ayu, devices=[ONE])
    given = {"name": "Toko", "url": "https://toko.id/hook", "kinds": ["status"]}
    ids = {}
    for devices in ([ONE], [ONE, TWO], []):
        made_one = await ayu.ask("POST", "/webhooks", {**given, "devices": devices})
        assert made_one.status == 201, made_one.body
        ids[len(devices)] = made_one.body["id"]
    assert [item["id"] for item in (await program.ask("GET", "/webhooks")).body["items"]] == [ids[1]]
    for other in (ids[2], ids[0]):
        assert (await program.ask("GET", f"/webhooks/{other}")).code == "webhook_unknown"
    for devices, code in (([], "key_devices_chosen"), ([TWO], "device_unknown"), ([ONE, TWO], "device_unknown")):
        assert (await program.ask("POST", "/webhooks", {**given, "devices": devices})).code == code
        changed = await program.ask("PATCH", f"/webhooks/{ids[1]}", {"devices": devices})
        assert changed.code == code


async def test_a_key_for_chosen_devices_sends_only_its_own_files(both: Api, ayu: Browser) -> None:
    """A file is no device's: what came to another device, or others uploaded, is not there for it."""
    program = await program_with(both, ayu, devices=[ONE])
    theirs = (await upload(ayu, PNG, "a.png")).body["id"]
    mine = (await upload(program, PNG, "a.png")).body["id"]
    body = {"device": ONE, "targets": "081234567890"}
    assert (await program.ask("POST", "/messages", {**body, "file": theirs})).code == "file_unknown"
    assert (await program.ask("POST", "/messages", {**body, "file": mine})).status == 202
    assert (await ayu.ask("POST", "/messages", {**body, "file": mine})).status == 202


async def test_a_stream_by_a_key_tells_of_its_devices(both: Api, ayu: Browser) -> None:
    """And nothing that concerns no device of its."""
    program = Follower(await program_with(both, ayu, [Scope.EVENTS_READ], devices=[ONE]))
    async with program.connected() as answer:
        await program.read(answer, lambda: bool(program.events))
        await made(ayu)
        await send(both, "two")
        await send(both, "one")
        await program.read(answer, lambda: bool(program.facts))
    assert {event.data.get("device") for event in program.events if event.name == "fact"} == {ONE}


CHANGES: list[dict[str, Any] | None] = [
    None,
    {"scopes": READ},
    {"devices": [ONE, TWO]},
    {"networks": ["203.0.113.0/24"]},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)) if change else "revoked")
async def test_a_stream_ends_when_its_key_may_no_more(
    both: Api, ayu: Browser, change: dict[str, Any] | None
) -> None:
    """Within five seconds; a stream of another key goes on."""
    answered = await made(ayu, [Scope.EVENTS_READ], devices=[ONE])
    ended, other = Follower(bearer(both, answered["secret"])), Follower(await program_with(both, ayu))
    async with ended.connected() as answer, other.connected() as goes_on:
        await ended.read(answer, lambda: bool(ended.events))
        await other.read(goes_on, lambda: bool(other.events))
        path = f"/keys/{answered['key']['id']}"
        assert (await ayu.ask("PATCH" if change else "DELETE", path, change)).status in (200, 204)
        async with asyncio.timeout(5):
            await ended.read(answer, lambda: False)
        await tell(both)
        assert both.gateway.live.count() == 1


async def test_a_stream_goes_on_when_only_the_name_changes(both: Api, ayu: Browser) -> None:
    """Nor does a new secret end it while the old one overlaps."""
    answered = await made(ayu, [Scope.EVENTS_READ])
    path, program = f"/keys/{answered['key']['id']}", Follower(bearer(both, answered["secret"]))
    async with program.connected() as answer:
        await program.read(answer, lambda: bool(program.events))
        await ayu.ask("PATCH", path, {"name": "Lain"})
        await ayu.ask("POST", f"{path}/rotate", {"overlap_hours": 1})
        await program.read(answer, lambda: len(program.facts) == 2)
        assert [event.data["kind"] for event in program.events[1:]] == ["KeyChanged"] * 2
        assert program.events[1].data["key"] == answered["key"]["id"]


async def test_an_answer_to_one_key_is_never_given_to_another(both: Api, ayu: Browser) -> None:
    """Though both know the idempotency key: it may hold a secret."""
    keys = [await program_with(both, ayu) for _ in range(2)]
    header, path = {"Idempotency-Key": "once"}, f"/devices/{ONE}/rotate-token"
    first, again = [await keys[0].ask("POST", path, {}, headers=header) for _ in range(2)]
    assert (first.status, again.body) == (200, first.body)
    assert (await keys[1].ask("POST", path, {}, headers=header)).code == "key_reused"
    assert (await program_of(both).ask("POST", path, {}, headers=header)).code == "key_reused"


@pytest.mark.postgres
async def test_a_key_revoked_on_one_node_is_nothing_on_the_other_within_two_seconds(
    open_postgres: OpenPostgres, tmp_path: Path
) -> None:
    """The other remembers it for no longer."""
    async with two_nodes(open_postgres, tmp_path) as (one, other):
        ayu = await signed_in(one)
        answered = await made(ayu, READ)
        elsewhere = bearer(other, answered["secret"])
        assert (await elsewhere.ask("GET", "/messages")).status == 200
        await ayu.ask("DELETE", f"/keys/{answered['key']['id']}")
        async with asyncio.timeout(2.5):
            while (await elsewhere.ask("GET", "/messages")).status == 200:
                pass


async def test_keys_are_listed_in_pages(ayu_on_sqlite: Browser) -> None:
    """Newest first."""
    ids = [(await made(ayu_on_sqlite))["key"]["id"] for _ in range(3)]
    first = (await ayu_on_sqlite.ask("GET", "/keys?limit=2")).body
    second = (await ayu_on_sqlite.ask("GET", f"/keys?limit=2&cursor={first['next']}")).body
    assert [key["id"] for key in (*first["items"], *second["items"])] == ids[::-1]
    assert second["next"] is None
