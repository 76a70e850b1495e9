"""What followers of the log are told, by the hub over a log of the test's own."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merpati.api.live.feed import MOST_BEHIND
from merpati.api.live.hub import MOST_STREAMS, Grant, Hub, Seat
from merpati.core.errors import Code, Refusal
from merpati.core.facts import DeviceAdded
from merpati.core.ids import AccountId, DeviceId, UserId
from merpati.log import readers
from merpati.log.model import RawEntry, encode_fact
from merpati.storage.port import Storage

ACCOUNT = AccountId(1)
AYU, EVE = UserId(1), UserId(2)
PUBLIC, AYUS = "DeviceAdded", "SignedOut"


class FakeLog:
    """One account's log in memory: what `Hub` reads of a `Storage`."""

    def __init__(self) -> None:
        self.head = 0
        self.kinds = [""]
        """Of every fact there ever was, by its number."""
        self.entries: dict[int, RawEntry] = {}
        self.reads = 0

    def record(self, kind: str, count: int = 1) -> None:
        bodies = {PUBLIC: encode_fact(DeviceAdded(DeviceId(7))), AYUS: f'{{"kind":"SignedOut","user":{AYU}}}'}
        for _ in range(count):
            self.head += 1
            self.kinds.append(kind)
            self.entries[self.head] = RawEntry(ACCOUNT, self.head, 0, kind, DeviceId(7), bodies[kind])

    def forget(self, count: int) -> None:
        for seq in sorted(self.entries)[:count]:
            del self.entries[seq]

    async def read(self, view: object, positions: dict[AccountId, int], span: int = 0) -> object:
        self.reads += 1
        position = positions[ACCOUNT]
        if view is readers.list_news:
            return [(ACCOUNT, self.head)] if self.head > position else []
        assert view is readers.read_after
        return [self.entries[seq] for seq in range(position + 1, position + span + 1) if seq in self.entries]


class Follower:
    """A browser: it keeps the last id, and what it was told since it last read everything."""

    def __init__(self, user: UserId | None = AYU) -> None:
        self.user = user
        self.seat: Seat | None = None
        self.last: int | None = None
        self.base: int | None = None
        """Everything up to here is known from reading the pages afresh."""
        self.told: list[int] = []
        self.reloads = 0

    def join(self, hub: Hub) -> None:
        self.seat = hub.join(Grant(account=ACCOUNT, user=self.user), self.last)

    def go(self, hub: Hub) -> None:
        if self.seat:
            hub.leave(self.seat)
        self.seat = None

    def missed(self, log: FakeLog) -> list[int]:
        """What it may see of what happened since it read everything."""
        assert self.base is not None
        since = range(self.base + 1, log.head + 1)
        return [seq for seq in since if log.kinds[seq] == PUBLIC or self.user == AYU]

    def read(self, hub: Hub) -> None:
        """One portion, when there is one."""
        assert self.seat is not None
        for line in (hub.take(self.seat) or b"").decode().split("\n\n"):
            if line:
                self.hear(dict(part.split(": ", 1) for part in line.split("\n")))

    def hear(self, event: dict[str, str]) -> None:
        self.last = int(event["id"])
        assert json.loads(event["data"])["seq"] == self.last
        if event["event"] == "fact":
            self.told.append(self.last)
        elif event["event"] == "reload" or self.base is None:
            self.base, self.told = self.last, []
            self.reloads += event["event"] == "reload"

    def drain(self, hub: Hub, portions: int = 100) -> None:
        for _ in range(portions):
            self.read(hub)


async def every_grant_holds(grants: Collection[Grant]) -> Collection[Grant]:
    return grants


def hub_on(log: FakeLog) -> Hub:
    return Hub(cast(Storage, log), every_grant_holds)


who = st.integers(0, 2)
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("record"), st.sampled_from([PUBLIC, PUBLIC, PUBLIC, AYUS]), st.sampled_from([1, 2, 499, 3_000])
        ),
        st.tuples(st.just("look")),
        st.tuples(st.just("read"), who, st.sampled_from([1, 3])),
        st.tuples(st.just("come back"), who),
        st.tuples(st.just("go"), who),
        st.tuples(st.just("restart")),
        st.tuples(st.just("forget"), st.sampled_from([0, 1, 400, 2_000])),
        st.tuples(st.just("lose"), st.sampled_from([0, 1, 300])),
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=300)
@given(steps)
def test_once_in_order_or_told_to_reload(script: list[tuple[Any, ...]]) -> None:
    """The law of the stream, over slow readers, reconnects, restarts, bursts and a log that forgets."""
    asyncio.run(_play(script))


async def _play(script: list[tuple[Any, ...]]) -> None:
    log, followers = FakeLog(), [Follower(AYU), Follower(EVE), Follower(None)]
    hub = hub_on(log)
    for each in followers:
        await _catch_up(hub, each)
    for what, *how in script:
        if what == "restart":
            hub = hub_on(log)
            for each in followers:
                each.seat = None
        else:
            await _STEPS[what](log, hub, followers, *how)
        for each in followers:
            assert each.told == each.missed(log)[: len(each.told)]
    for each in followers:
        await _catch_up(hub, each)
        assert each.told == each.missed(log)


async def _record(log: FakeLog, _hub: Hub, _all: list[Follower], kind: str, count: int) -> None:
    log.record(kind, count)


async def _look(_log: FakeLog, hub: Hub, _all: list[Follower]) -> None:
    await hub.look()


async def _read(_log: FakeLog, hub: Hub, all_: list[Follower], which: int, portions: int) -> None:
    if all_[which].seat:
        all_[which].drain(hub, portions)


async def _come_back(_log: FakeLog, hub: Hub, all_: list[Follower], which: int) -> None:
    all_[which].go(hub)
    all_[which].join(hub)
    await hub.look()


async def _go(_log: FakeLog, hub: Hub, all_: list[Follower], which: int) -> None:
    all_[which].go(hub)


async def _forget(log: FakeLog, _hub: Hub, _all: list[Follower], kept: int) -> None:
    log.forget(max(0, len(log.entries) - kept))


async def _lose(log: FakeLog, _hub: Hub, _all: list[Follower], back: int) -> None:
    """One in the middle: clocks of several machines differ, and the log forgets by time."""
    log.entries.pop(log.head - back, None)


_STEPS: dict[str, Callable[..., Awaitable[None]]] = {
    "record": _record,
    "look": _look,
    "read": _read,
    "come back": _come_back,
    "go": _go,
    "forget": _forget,
    "lose": _lose,
}


async def _catch_up(hub: Hub, follower: Follower) -> None:
    if follower.seat is None:
        follower.join(hub)
    for _ in range(30):
        await hub.look()
        follower.drain(hub, 3)


async def test_a_new_follower_is_told_where_it_begins() -> None:
    """At the head; what was before is on the pages."""
    log, follower = FakeLog(), Follower()
    hub = hub_on(log)
    log.record(PUBLIC, 3)
    follower.join(hub)
    await _catch_up(hub, follower)
    assert (follower.base, follower.told) == (3, [])
    log.record(PUBLIC)
    await _catch_up(hub, follower)
    assert follower.told == [4]


async def test_who_comes_back_is_told_what_it_missed() -> None:
    """By the last id that it has seen, also by a process that has just begun."""
    log, follower = FakeLog(), Follower()
    log.record(PUBLIC, 50)
    follower.last, follower.base = 20, 20
    hub = hub_on(log)
    follower.join(hub)
    await _catch_up(hub, follower)
    assert (follower.told, follower.reloads) == (list(range(21, 51)), 0)


@pytest.mark.parametrize(("behind", "reloads"), [(MOST_BEHIND, 0), (MOST_BEHIND + 1, 1)])
async def test_who_is_too_far_behind_is_told_to_reload(behind: int, reloads: int) -> None:
    """Five thousand facts are told again, not one more."""
    log, follower = FakeLog(), Follower()
    log.record(PUBLIC, behind)
    follower.last = follower.base = 0
    hub = hub_on(log)
    follower.join(hub)
    await _catch_up(hub, follower)
    assert (follower.reloads, len(follower.told)) == (reloads, 0 if reloads else behind)


async def test_what_the_log_forgot_is_a_reload() -> None:
    """Not a silent gap."""
    log, follower = FakeLog(), Follower()
    log.record(PUBLIC, 50)
    log.forget(25)
    follower.last = follower.base = 20
    hub = hub_on(log)
    follower.join(hub)
    await _catch_up(hub, follower)
    assert (follower.base, follower.told, follower.reloads) == (50, [], 1)


async def test_who_is_ahead_of_the_log_is_told_to_reload() -> None:
    """The database was put back to an older copy."""
    log, follower = FakeLog(), Follower()
    log.record(PUBLIC, 5)
    follower.last = follower.base = 9
    hub = hub_on(log)
    follower.join(hub)
    await _catch_up(hub, follower)
    assert (follower.base, follower.reloads) == (5, 1)


async def test_a_slow_follower_holds_up_nobody() -> None:
    """It is told to reload when it reads at last; the quick one has got everything meanwhile."""
    log, slow, quick = FakeLog(), Follower(), Follower()
    hub = hub_on(log)
    for each in (slow, quick):
        each.join(hub)
    await hub.look()
    quick.read(hub)
    slow.read(hub)
    for _ in range(20):
        log.record(PUBLIC, 400)
        await hub.look()
        quick.drain(hub, 2)
    slow.drain(hub)
    assert (quick.told, quick.reloads) == (list(range(1, 8_001)), 0)
    assert (slow.base, slow.told, slow.reloads) == (8_000, [], 1)


async def test_followers_cost_no_reads_each() -> None:
    """A hundred who come back after a restart are served by one reading of what they missed."""
    log = FakeLog()
    log.record(PUBLIC, 100)
    hub, followers = hub_on(log), [Follower() for _ in range(100)]
    for each in followers:
        each.last = each.base = 10
        each.join(hub)
    await hub.look()
    for each in followers:
        each.drain(hub, 3)
        assert each.told == list(range(11, 101))
    assert log.reads == 2


async def test_what_is_personal_reaches_nobody_else() -> None:
    """A user's sessions are theirs to know of: not another user's, not a program's."""
    log, followers = FakeLog(), [Follower(AYU), Follower(EVE), Follower(None)]
    hub = hub_on(log)
    for each in followers:
        each.join(hub)
    await hub.look()
    for each in followers:
        each.read(hub)
    log.record(AYUS)
    log.record(PUBLIC)
    for each in followers:
        await _catch_up(hub, each)
    assert [each.told for each in followers] == [[1, 2], [2], [2]]


async def test_a_right_that_is_gone_ends_the_stream() -> None:
    """At the next look after somebody signed out, whatever else there is to do."""
    log, gone, ended = FakeLog(), set[UserId | None](), list[str]()

    async def judge(grants: Collection[Grant]) -> Collection[Grant]:
        return [grant for grant in grants if grant.user not in gone]

    hub = Hub(cast(Storage, log), judge)
    for user in (AYU, EVE):
        seat = hub.join(Grant(account=ACCOUNT, user=user), None)
        seat.on_end = lambda user=user: ended.append(f"user {user}")  # type: ignore[misc]
    await hub.look()
    gone.add(AYU)
    await hub.look()
    assert ended == []
    log.record(AYUS)
    await hub.look()
    assert (ended, hub.count()) == (["user 1"], 1)


async def test_at_the_end_of_the_process_every_stream_ends() -> None:
    """Also one that comes a moment later finds that it is closed."""
    hub, ended = hub_on(FakeLog()), list[int]()
    hub.join(Grant(account=ACCOUNT), None).on_end = lambda: ended.append(1)
    hub.close()
    hub.close()
    assert (ended, hub.count()) == ([1], 0)
    assert hub.join(Grant(account=ACCOUNT), None).has_ended
    assert await hub.look() is None


async def test_there_is_a_most_of_streams() -> None:
    """So that nobody takes all the memory."""
    hub = hub_on(FakeLog())
    for _ in range(MOST_STREAMS):
        hub.join(Grant(account=ACCOUNT), None)
    with pytest.raises(Refusal) as refused:
        hub.join(Grant(account=ACCOUNT), None)
    assert refused.value.code is Code.TOO_MANY_STREAMS
