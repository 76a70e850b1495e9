"""Events for programs that fetch them: where each is, what it is done with, what it lost."""

import asyncio

import pytest

from merpati.accounts.key_model import Scope
from tests.api.harness import ONE, TWO, Api
from tests.api.v1.browser import Browser, program_of
from tests.api.v1.hooks import SENT, execute, tell
from tests.api.v1.keys import bearer, made, program_with


async def test_a_consumer_begins_at_the_head_and_fetches_again_until_it_is_done(both: Api, ayu: Browser) -> None:
    """Fetching moves nothing; events are as the stream tells them, without text."""
    await tell(both, SENT)
    assert (await ayu.ask("GET", "/consumers/gudang/events")).body["items"] == []
    last = await tell(both, SENT, SENT, SENT)
    first = (await ayu.ask("GET", "/consumers/gudang/events?limit=2")).body
    assert [each["seq"] for each in first["items"]] == [last - 2, last - 1]
    assert (first["items"][0]["kind"], first["items"][0]["device"]) == ("MessageSent", ONE)
    assert (first["upto"], first["head"], first["lost"]) == (last - 1, last, None)
    assert (await ayu.ask("GET", "/consumers/gudang/events?limit=2")).body == first
    await ayu.ask("POST", "/consumers/gudang/ack", {"seq": first["upto"]})
    rest = (await ayu.ask("GET", "/consumers/gudang/events")).body
    assert [each["seq"] for each in rest["items"]] == [last]


async def test_a_position_moves_forward_only_and_never_beyond_what_is(both: Api, ayu: Browser) -> None:
    """The same twice is once; a lower number changes nothing."""
    await ayu.ask("GET", "/consumers/a/events")
    last = await tell(both, SENT, SENT)
    for seq, position in ((last - 1, last - 1), (last - 1, last - 1), (last, last), (1, last), (0, last)):
        assert (await ayu.ask("POST", "/consumers/a/ack", {"seq": seq})).body["position"] == position
    refused = await ayu.ask("POST", "/consumers/a/ack", {"seq": last + 1})
    assert (refused.status, refused.code) == (409, "ack_beyond")
    assert (await ayu.ask("POST", "/consumers/b/ack", {"seq": 1})).code == "consumer_unknown"


async def test_after_only_reads(both: Api, ayu: Browser) -> None:
    """It moves no position, and makes no consumer."""
    last = await tell(both, SENT, SENT)
    found = (await ayu.ask("GET", f"/consumers/a/events?after={last - 1}")).body
    assert [each["seq"] for each in found["items"]] == [last]
    assert (await ayu.ask("GET", "/consumers")).body["items"] == []


async def test_what_the_log_forgot_is_said_until_it_is_acknowledged(both: Api, ayu: Browser) -> None:
    """From where to where; the events that are left come with it."""
    await ayu.ask("GET", "/consumers/a/events")
    begun = (await ayu.ask("GET", "/consumers")).body["items"][0]["position"]
    last = await tell(both, SENT, SENT, SENT)
    await execute(both, "DELETE FROM fact WHERE seq < $1", last)
    found = (await ayu.ask("GET", "/consumers/a/events?wait=20")).body
    assert found["lost"] == {"first": begun + 1, "last": last - 1}
    assert [each["seq"] for each in found["items"]] == [last]
    (shown,) = (await ayu.ask("GET", "/consumers")).body["items"]
    assert (shown["lost"], shown["acked_at"]) == (found["lost"], None)
    await execute(both, "DELETE FROM fact")
    assert (await ayu.ask("GET", "/consumers/a/events")).body["lost"] == {"first": begun + 1, "last": last}
    acked = (await ayu.ask("POST", "/consumers/a/ack", {"seq": last})).body
    assert (acked["lost"], acked["position"], acked["head"]) == (None, last, last)


async def test_who_waits_is_answered_when_something_happens(both: Api, ayu: Browser) -> None:
    """And at the end of the time with nothing."""
    await ayu.ask("GET", "/consumers/a/events")
    waiting = asyncio.create_task(ayu.ask("GET", "/consumers/a/events?wait=20"))
    await asyncio.sleep(0)
    last = await tell(both, SENT)
    both.gateway.live.bell.ring()
    assert [each["seq"] for each in (await waiting).body["items"]] == [last]
    nothing = (await ayu.ask("GET", f"/consumers/a/events?after={last}&wait=1")).body
    assert (nothing["items"], nothing["upto"]) == ([], last)


async def test_one_is_deleted_and_begins_anew(both: Api, ayu: Browser) -> None:
    """At the head, as the first time."""
    await ayu.ask("GET", "/consumers/a/events")
    await tell(both, SENT)
    assert (await ayu.ask("DELETE", "/consumers/a")).status == 204
    assert (await ayu.ask("DELETE", "/consumers/a")).code == "consumer_unknown"
    assert await both.rows("SELECT 1 FROM reader_cursor WHERE kind = 'pull'") == []
    assert (await ayu.ask("GET", "/consumers/a/events")).body["items"] == []


@pytest.mark.parametrize("name", ["Besar", "a" * 65, "a%20b", "~"])
async def test_a_name_is_short_and_plain(ayu: Browser, name: str) -> None:
    """Small letters, digits, dot, dash, underscore."""
    assert (await ayu.ask("GET", f"/consumers/{name}/events")).code == "input_invalid"


async def test_consumers_of_another_account_and_of_a_narrow_key_are_apart(both: Api, ayu: Browser) -> None:
    """A key for chosen devices sees those alone, and moves nobody else's position."""
    narrow = await program_with(both, ayu, {Scope.EVENTS_READ}, devices=[TWO])
    stranger = program_of(both, "stranger")
    for who in (ayu, narrow, stranger):
        await who.ask("GET", "/consumers/a/events")
    last = await tell(both, SENT)
    assert len((await ayu.ask("GET", "/consumers/a/events")).body["items"]) == 1
    theirs = (await narrow.ask("GET", "/consumers/a/events")).body
    assert (theirs["items"], theirs["upto"]) == ([], last)
    assert (await stranger.ask("GET", "/consumers/a/events")).body["items"] == []
    await narrow.ask("POST", "/consumers/a/ack", {"seq": last})
    assert len((await ayu.ask("GET", "/consumers/a/events")).body["items"]) == 1


async def test_a_revoked_key_leaves_no_consumers(both: Api, ayu: Browser) -> None:
    """Nobody else could delete them, and they would count among the account's for ever."""
    key = await made(ayu, {Scope.EVENTS_READ}, devices=[TWO])
    await ayu.ask("GET", "/consumers/a/events")
    for name in ("a", "b"):
        await bearer(both, key["secret"]).ask("GET", f"/consumers/{name}/events")
    assert len(await both.rows("SELECT 1 FROM consumer")) == 3
    assert (await ayu.ask("DELETE", f"/keys/{key['key']['id']}")).status == 204
    assert len(await both.rows("SELECT 1 FROM consumer")) == 1
    assert len(await both.rows("SELECT 1 FROM reader_cursor WHERE kind = 'pull'")) == 1
