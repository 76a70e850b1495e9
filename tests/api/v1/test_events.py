"""The log as a browser follows it: on a real connection, on each engine."""

import asyncio
import contextlib
import gc
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from merpati.accounts.actions import rotate_account_token
from merpati.api.live.hub import Seat
from merpati.api.server import LimitedProtocol
from merpati.core.clock import Clock, SystemClock
from merpati.core.facts import AnyFact, DeviceAdded, MessageFailed, MessageSent
from merpati.core.ids import AccountId, Address, MessageId, WaId
from merpati.log.actions import record
from merpati.log.model import Recorded
from merpati.storage.port import Storage, Tx
from tests.api.harness import ACCOUNT, ONE, STRANGER, THEIRS, Api, running_api
from tests.api.v1.browser import Browser, browser_of, program_of, signed_in
from tests.api.v1.following import Follower
from tests.sqlite import open_empty

CHAT = Address("6281234567890")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def tell(api: Api, *facts: AnyFact, account: AccountId = ACCOUNT, ring: bool = True) -> None:
    """Something happens."""

    async def happen(tx: Tx) -> None:
        await tx.lock([account])
        await record(tx, [Recorded(account, fact) for fact in facts])

    await api.storage.write(happen)
    if ring:
        api.gateway.live.bell.ring()


def added(count: int) -> list[AnyFact]:
    return [DeviceAdded(ONE)] * count


async def head_of(api: Api, account: AccountId = ACCOUNT) -> int:
    return int((await api.rows(f"SELECT seq FROM account_clock WHERE account_id = {account}"))[0][0])


async def test_a_stream_says_where_it_begins_and_then_each_fact(both: Api, ayu: Browser) -> None:
    """The state of a message is told with the fact; instants as everywhere; nothing of another account."""
    follower, head = Follower(ayu), await head_of(both)
    sent = MessageSent(ONE, MessageId(5), CHAT, WaId("W"), 1_700_000_000_000)
    async with follower.connected() as answer:
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        await follower.read(answer, lambda: len(follower.events) == 1)
        assert follower.events[0] == ("ready", str(head), {"seq": head})
        await tell(both, DeviceAdded(THEIRS), account=STRANGER)
        await tell(both, sent, MessageFailed(ONE, MessageId(6), CHAT, "unsupported"))
        await follower.read(answer, lambda: len(follower.events) == 3)
    first, second = (event.data for event in follower.events[1:])
    assert INSTANT.fullmatch(first.pop("at"))
    assert first == {
        "seq": head + 1,
        "kind": "MessageSent",
        "device": ONE,
        "message": 5,
        "state": "sent",
        "chat": CHAT,
        "wa_id": "W",
        "handed_at": "2023-11-14T22:13:20.000Z",
    }
    assert (second["seq"], second["state"], second["code"]) == (head + 2, "failed", "unsupported")
    assert follower.events[2].id == str(head + 2)


async def test_who_comes_back_misses_nothing_and_hears_nothing_twice(both: Api, ayu: Browser) -> None:
    """Connections end at any moment; by the last id the stream goes on."""
    follower, head = Follower(ayu), await head_of(both)
    follower.last = str(head)
    for round_ in range(5):
        await tell(both, *added(7))
        async with follower.connected() as answer:
            await tell(both, *added(3))
            await follower.read(answer, lambda wanted=10 * round_ + 4: len(follower.facts) >= wanted)  # type: ignore[misc]
    async with follower.connected() as answer:
        await follower.read(answer, lambda: len(follower.facts) == 50)
    assert follower.facts == list(range(head + 1, head + 51))
    assert {event.name for event in follower.events} == {"ready", "fact"}


async def test_after_in_the_address_is_for_who_has_no_header(both: Api) -> None:
    """A program says where it is; a browser's own header is newer than the address that its page opened."""
    head = await head_of(both)
    await tell(both, *added(10))
    for last, first in (("", head + 3), (str(head + 6), head + 7)):
        follower = Follower(program_of(both))
        follower.last = last
        async with follower.connected(f"/events?after={head + 2}") as answer:
            await follower.read(answer, lambda: len(follower.events) > 1 and follower.facts[-1] == head + 10)  # noqa: B023
        assert follower.facts == list(range(first, head + 11))


async def test_more_than_five_thousand_behind_is_told_to_reload(both: Api, ayu: Browser) -> None:
    """And then goes on with what is new."""
    follower, head = Follower(ayu), await head_of(both)
    await tell(both, *added(5_001))
    follower.last = str(head)
    async with follower.connected() as answer:
        await follower.read(answer, lambda: len(follower.events) == 1)
        await tell(both, *added(1))
        await follower.read(answer, lambda: len(follower.events) == 2)
    assert follower.events[0] == ("reload", str(head + 5_001), {"seq": head + 5_001})
    assert follower.facts == [head + 5_002]


async def test_what_the_log_forgot_is_told_as_a_reload(both: Api, ayu: Browser) -> None:
    """Rather than a silent gap."""
    follower, head = Follower(ayu), await head_of(both)
    await tell(both, *added(20))

    async def forget(tx: Tx) -> None:
        await tx.run("DELETE FROM fact WHERE account_id = $1 AND seq <= $2", ACCOUNT, head + 10)

    await both.storage.write(forget)
    follower.last = str(head + 5)
    async with follower.connected() as answer:
        await follower.read(answer, lambda: len(follower.events) == 1)
    assert follower.events[0].name == "reload"


async def test_signing_out_ends_the_stream(both: Api, ayu: Browser) -> None:
    """Of that session alone, and within five seconds: here at once, as the log tells it."""
    other = browser_of(both)
    await other.sign_in()
    mine, others = Follower(ayu), Follower(other)
    async with mine.connected() as ended, others.connected() as goes_on:
        await mine.read(ended, lambda: bool(mine.events))
        await others.read(goes_on, lambda: bool(others.events))
        assert (await ayu.ask("DELETE", "/session")).status == 204
        async with asyncio.timeout(5):
            await mine.read(ended, lambda: False)
        await tell(both, *added(1))
        await others.read(goes_on, lambda: any(event.data.get("kind") == "DeviceAdded" for event in others.events))
    assert both.gateway.live.count() <= 1


async def test_another_token_ends_the_streams_of_the_old_one(both: Api) -> None:
    """Within five seconds, though nobody rings."""
    program = Follower(program_of(both))
    async with program.connected() as answer:
        await program.read(answer, lambda: bool(program.events))
        sealed = both.gateway.sealer.seal_token("account", ACCOUNT, "AnotherTokenOfTheFirstAccount123")
        await both.storage.write(rotate_account_token, ACCOUNT, sealed)
        async with asyncio.timeout(5):
            await program.read(answer, lambda: False)


async def test_what_nobody_rings_for_is_seen_too(both: Api, ayu: Browser) -> None:
    """Another process recorded it: the log is looked at without a bell."""
    follower = Follower(ayu)
    async with follower.connected() as answer:
        await follower.read(answer, lambda: bool(follower.events))
        began = asyncio.get_running_loop().time()
        await tell(both, *added(1), ring=False)
        await follower.read(answer, lambda: bool(follower.facts))
        assert asyncio.get_running_loop().time() - began < 2


async def test_nobody_follows_without_a_right(both: Api) -> None:
    """As everywhere: a stranger, and a token that opens nothing."""
    assert (await browser_of(both).ask("GET", "/events")).code == "not_signed_in"
    assert (await program_of(both, "unknown").ask("GET", "/events")).code == "token_invalid"


@pytest.mark.parametrize("after", ["-1", "x", str(2**63)])
async def test_an_impossible_position_is_refused(both: Api, after: str) -> None:
    """In the address; a browser's header that makes no sense is as if it were not there."""
    answered = await program_of(both).ask("GET", f"/events?after={after}")
    assert (answered.status, answered.body["errors"][0]["field"]) == (422, "after")
    follower = Follower(program_of(both))
    follower.last = after
    async with follower.connected() as answer:
        await follower.read(answer, lambda: bool(follower.events))
    assert follower.events[0].name == "ready"


async def test_a_stream_that_is_left_is_forgotten(both: Api) -> None:
    """No reader remains of a browser that has gone."""
    ayu = await signed_in(both)
    follower = Follower(ayu)
    async with follower.connected() as answer:
        await follower.read(answer, lambda: bool(follower.events))
        assert both.gateway.live.count() == 1
    async with asyncio.timeout(5):
        while both.gateway.live.count():  # noqa: ASYNC110 — the server's end is noticed by the server alone
            await asyncio.sleep(0)


async def test_nothing_of_a_stream_stays_until_cyclic_garbage_is_looked_for(both: Api) -> None:
    """That is seldom done, and each browser that comes and goes would leave a request behind."""
    follower = Follower(program_of(both))
    with without_collection():
        before = seats()
        async with follower.connected() as answer:
            await follower.read(answer, lambda: bool(follower.events))
            assert seats() == before + 1
        async with asyncio.timeout(5):
            while seats() > before:
                for _ in range(100):  # a look stops everything for longer than all these turns of the loop take
                    await asyncio.sleep(0)


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Only counting references frees anything here."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seats() -> int:
    return sum(isinstance(each, Seat) for each in gc.get_objects())


async def test_a_reader_that_takes_nothing_holds_up_nobody(both: Api, ayu: Browser) -> None:
    """The other one hears all at once; the slow one is told the rest when it reads, or to reload."""
    slow, quick, head = Follower(ayu), Follower(ayu), await head_of(both)
    async with slow.connected() as unread, quick.connected() as answer:
        await slow.read(unread, lambda: bool(slow.events))
        await quick.read(answer, lambda: bool(quick.events))
        for round_ in range(1, 6):
            await tell(both, *added(2_000))
            await quick.read(answer, lambda wanted=2_000 * round_: len(quick.facts) == wanted)  # type: ignore[misc]
        await slow.read(unread, lambda: slow.last == str(head + 10_000))
    assert quick.facts == list(range(head + 1, head + 10_001))
    since = max([head, *(int(event.id) for event in slow.events if event.name == "reload")])
    assert [seq for seq in slow.facts if seq > since] == list(range(since + 1, head + 10_001))


class Hasty(LimitedProtocol):
    """Gives up on a head after a moment."""

    head_timeout_s = 0.3


async def test_a_stream_is_not_cut_by_the_limit_on_slow_heads(tmp_path: Path) -> None:
    """It outlives a connection whose head does not come, though that one was opened later."""
    async with storage_on(tmp_path) as storage, running_api(storage, tmp_path, protocol=Hasty) as api:
        follower = Follower(program_of(api))
        async with follower.connected() as answer:
            await follower.read(answer, lambda: bool(follower.events))
            for _ in range(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]))
                writer.write(b"GET / HTTP/1.1\r\n")
                assert await reader.read() == b""
                writer.close()
            await tell(api, *added(1))
            await follower.read(answer, lambda: bool(follower.facts))
        assert len(follower.facts) == 1


@contextlib.asynccontextmanager
async def storage_on(folder: Path) -> AsyncIterator[Storage]:
    storage = await open_empty(folder / "merpati.db")
    try:
        yield storage
    finally:
        await storage.close()


async def test_open_streams_do_not_hold_up_the_end(tmp_path: Path) -> None:
    """The server stops at once; a browser comes back and goes on at the next process."""
    async with contextlib.AsyncExitStack() as stack:
        storage = await stack.enter_async_context(storage_on(tmp_path))
        api = await stack.enter_async_context(running_api(storage, tmp_path))
        follower = Follower(await signed_in(api))
        answer = await stack.enter_async_context(follower.connected())
        await follower.read(answer, lambda: bool(follower.events))
        began = asyncio.get_running_loop().time()
        api.gateway.live.close()
        await follower.read(answer, lambda: False)
    assert asyncio.get_running_loop().time() - began < 2


@pytest.mark.postgres
async def test_facts_of_another_process_come_within_a_quarter_of_a_second(
    open_postgres: Callable[[Clock], Awaitable[Storage]], tmp_path: Path
) -> None:
    """Each browser follows the process that it met; all hear the same, in the same order."""
    async with contextlib.AsyncExitStack() as stack:
        (tmp_path / "one").mkdir()
        (tmp_path / "two").mkdir()
        one_storage, two_storage = await open_postgres(SystemClock()), await open_postgres(SystemClock())
        one = await stack.enter_async_context(running_api(one_storage, tmp_path / "one"))
        two = await stack.enter_async_context(running_api(two_storage, tmp_path / "two", populated=False))
        here, there = Follower(await signed_in(one)), Follower(program_of(two))
        head = await head_of(one)
        first = await stack.enter_async_context(here.connected())
        second = await stack.enter_async_context(there.connected())
        await here.read(first, lambda: bool(here.events))
        await there.read(second, lambda: bool(there.events))
        late = []
        for told in range(2, 42, 2):
            began = asyncio.get_running_loop().time()
            await asyncio.gather(tell(one, *added(1)), tell(two, *added(1)))
            await here.read(first, lambda wanted=told: len(here.facts) == wanted)  # type: ignore[misc]
            await there.read(second, lambda wanted=told: len(there.facts) == wanted)  # type: ignore[misc]
            late.append(asyncio.get_running_loop().time() - began)
        assert here.facts == there.facts == list(range(head + 1, head + 41))
        assert sorted(late)[len(late) // 2] < 0.35
