"""A range of the log told once more: same ids, in order, beside what is new."""

import asyncio

import pytest

from merpati.core.errors import Code, Refusal
from merpati.core.ids import EndpointId
from merpati.log.actions import forget_facts
from merpati.storage.port import Tx
from merpati.webhooks.replays import ask_replay, find_range, list_replays, plan_replay, stop_replay
from tests.webhooks.receiver import Receiver
from tests.webhooks.stage import ACCOUNT, Stage


async def test_a_range_is_told_once_more_with_the_same_ids_and_bytes(stage: Stage, receiver: Receiver) -> None:
    """All devices that it hears, in the log's order; then nothing of the replay is left."""
    mine = await stage.add(receiver.url(), 3, 4)
    runner = await stage.start()
    for device in (3, 4, 5, 4, 3):
        await stage.tell(device, 2)
    await receiver.until(lambda: len(receiver.got) == 8)
    first_time = {got.event: got.raw for got in receiver.got}
    asked = await stage.storage.write(ask_replay, mine, 2, 9)
    assert asked.facts == 6
    stage.look()
    await receiver.until(lambda: len(receiver.got) == 14)
    assert [got.seq for got in receiver.got[8:]] == [2, 3, 4, 7, 8, 9]
    assert {got.event: got.raw for got in receiver.got[8:]}.items() <= first_time.items()
    await stage.stop(runner)
    assert await stage.storage.read(list_replays, mine) == []


async def test_what_is_new_keeps_its_order_and_does_not_wait_for_a_replay(stage: Stage, receiver: Receiver) -> None:
    """The replay hangs at its first fact: live facts of the same device pass meanwhile, in order."""
    mine = await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 500)
    await receiver.until(lambda: len(receiver.passed()) == 500)
    receiver.answer = lambda got: None if got.seq <= 500 else "200 OK"
    await stage.storage.write(ask_replay, mine, 1, 500)
    stage.look()
    await receiver.until(lambda: len(receiver.got) == 501)
    for _ in range(5):
        await stage.tell(3, 20)
    await receiver.until(lambda: len(receiver.passed()) == 600)
    assert receiver.passed()[500:] == list(range(501, 601))
    lanes = [len(lane.pending) for hook in runner.feeds.hooks() for lane in hook.every_lane()]
    assert max(lanes) <= 200


async def test_a_replay_goes_on_after_a_crash_and_may_be_stopped(stage: Stage, receiver: Receiver) -> None:
    """Its place is stored; what was told since is repeated by the same ids."""
    mine = await stage.set(3, receiver.url())
    runner = await stage.start("a")
    await stage.tell(3, 400)
    await receiver.until(lambda: len(receiver.got) == 400)
    await stage.stored(lambda: _told(stage, 400))  # or what is told live would be repeated too
    await stage.storage.write(ask_replay, mine, 1, 400)
    stage.look()
    await receiver.until(lambda: len(receiver.got) > 500)
    await stage.kill(runner, "a")
    before = len(receiver.got)
    second = await stage.start("b")
    await receiver.until(lambda: len(receiver.got) > before and receiver.got[-1].seq == 400)
    again = list(dict.fromkeys(got.seq for got in receiver.got[400:]))
    assert again == list(range(1, 401))
    await stage.stored(lambda: _done(stage, mine))

    gate = asyncio.Event()
    receiver.answer = lambda _got: "200 OK" if gate.is_set() else None
    await stage.storage.write(ask_replay, mine, 1, 300)
    stage.look()
    told = len(receiver.got)
    await receiver.until(lambda: len(receiver.got) == told + 1)
    await stage.storage.write(stop_replay, mine, 1)
    stage.look()
    await stage.until(lambda: not any(hook.replays for hook in second.feeds.hooks()))
    gate.set()
    await stage.tell(3)
    await receiver.until(lambda: receiver.got[-1].seq == 401)
    assert len(receiver.got) == told + 2


async def test_one_that_was_stopped_and_asked_anew_begins_anew(stage: Stage, receiver: Receiver) -> None:
    """Though nobody looked in between, and it had come far."""
    mine = await stage.set(3, receiver.url())
    await stage.start()
    await stage.tell(3, 300)
    await receiver.until(lambda: len(receiver.got) == 300)
    gate = asyncio.Event()
    receiver.answer = lambda got: "200 OK" if gate.is_set() or got.seq <= 100 else "503 Down"
    await stage.storage.write(ask_replay, mine, 1, 300)
    stage.look()
    await stage.stored(lambda: _has_come_to(stage, mine, 101))
    gate.set()
    before = len(receiver.got)

    async def ask_anew(tx: Tx) -> None:
        await stop_replay(tx, mine, 1)
        await ask_replay(tx, mine, 1, 300)

    await stage.storage.write(ask_anew)
    stage.look()
    await stage.stored(lambda: _done(stage, mine))
    assert {got.seq for got in receiver.got[before:]} == set(range(1, 301))


async def _has_come_to(stage: Stage, endpoint: EndpointId, seq: int) -> bool:
    return [each.row.next for each in await stage.storage.read(list_replays, endpoint)] == [seq]


async def _told(stage: Stage, seq: int) -> bool:
    """Whether the place of every reader is stored."""

    async def read(tx: Tx) -> int:
        return int((await tx.all("SELECT count(*) FROM reader_cursor WHERE seq < $1", seq))[0][0])

    return await stage.storage.read(read) == 0


async def _done(stage: Stage, endpoint: EndpointId) -> bool:
    return await stage.storage.read(list_replays, endpoint) == []


async def test_what_cannot_be_replayed_is_refused_and_says_why(stage: Stage, receiver: Receiver) -> None:
    """One at a time; not what is forgotten, not what never was, not what it does not hear."""
    mine = await stage.set(3, receiver.url())
    await stage.tell(3, 10)
    await stage.tell(4, 2)
    await stage.storage.write(ask_replay, mine, 1, 10)
    assert await _refused(stage, mine, 1, 1) == Code.REPLAY_RUNNING
    await stage.storage.write(stop_replay, mine, 1)
    assert await _refused(stage, mine, 11, 12) == Code.REPLAY_EMPTY
    assert await _refused(stage, mine, 1, 13) == Code.INPUT_INVALID
    await stage.storage.write(forget_facts, 2**62, 4)
    assert await _refused(stage, mine, 4, 5) == Code.LOG_FORGOT
    (endpoint,) = await stage.endpoints()
    assert (await stage.storage.read(plan_replay, endpoint, 5, 12)).facts == 6
    await stage.set(3, "")
    assert await _refused(stage, mine, 5, 5) == Code.WEBHOOK_OFF


async def _refused(stage: Stage, endpoint: EndpointId, first: int, last: int) -> Code:
    with pytest.raises(Refusal) as refused:
        await stage.storage.write(ask_replay, endpoint, first, last)
    return refused.value.code


async def _date(tx: Tx, at: int) -> None:
    await tx.run("UPDATE fact SET at = $1 WHERE at > 1000", at)


async def test_a_time_is_a_range_of_the_log(stage: Stage) -> None:
    """From one instant to before another; a time of which some is forgotten is refused."""
    for at in (100, 200, 200, 300):
        await stage.tell(3)
        await stage.storage.write(_date, at)
    find = stage.storage.read
    assert await find(find_range, ACCOUNT, 0, 10_000) == (1, 4)
    assert await find(find_range, ACCOUNT, 150, 300) == (2, 3)
    assert await find(find_range, ACCOUNT, 400, 500) == (5, 4)
    await stage.storage.write(forget_facts, 150, 10)
    assert await find(find_range, ACCOUNT, 200, 300) == (2, 3)
    with pytest.raises(Refusal) as refused:
        await find(find_range, ACCOUNT, 150, 300)
    assert refused.value.code is Code.LOG_FORGOT
