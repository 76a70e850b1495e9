"""Facts that an endpoint does not want, endpoints that stay down, and what becomes of both."""

import asyncio

import pytest

from merpati.core.errors import Refusal
from merpati.core.facts import MessageExpired
from merpati.core.ids import AccountId, DeviceId, MessageId
from merpati.core.tokens import CannotUnseal
from merpati.log.actions import forget_facts
from merpati.storage.port import StorageGone, Tx
from merpati.webhooks.actions import drop_dead_letter, forget_calls, replay_dead_letter
from merpati.webhooks.hook import Hook
from merpati.webhooks.model import OPENS_AFTER, PARALLEL, Card
from merpati.webhooks.runner import Webhooks
from tests.webhooks.receiver import DEADLINE_S, Receiver
from tests.webhooks.stage import ACCOUNT, CHAT, Stage

HOUR_MS, DAY_MS = 3_600_000, 24 * 3_600_000


async def _fail_until(stage: Stage, runner: Webhooks, tries: int, first: int = 1) -> None:
    for n in range(first, tries + 1):
        await stage.failed(runner, n)
        stage.wait_for_retry()


async def test_a_fact_that_alone_is_refused_is_set_aside_after_five_tries(stage: Stage, receiver: Receiver) -> None:
    """The next fact passes, so it is the fact and not the endpoint; order is kept for all others."""
    receiver.answer = lambda got: "400 Bad" if got.seq == 2 else "200 OK"
    await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 6)
    await _fail_until(stage, runner, 4)
    await receiver.until(lambda: len(receiver.passed()) == 5)
    assert receiver.passed() == [1, 3, 4, 5, 6]
    assert receiver.events() == [1, 2, 2, 2, 2, 2, 3, 4, 5, 6]
    await stage.stop(runner)
    assert await stage.dead() == [(2, 2, "refused")]


async def test_an_endpoint_that_refuses_everything_loses_nothing(stage: Stage, receiver: Receiver) -> None:
    """A wrong path answers 404 to all: that is an outage, not a bad fact."""
    receiver.answer = lambda _got: "404 Not here"
    await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 6)
    await _fail_until(stage, runner, 12)
    await stage.failed(runner, 13)
    receiver.answer = lambda _got: "200 OK"
    stage.wait_for_retry()
    await receiver.until(lambda: len(receiver.passed()) == 6)
    assert receiver.passed() == [1, 2, 3, 4, 5, 6]
    assert await stage.dead() == []


async def test_the_last_fact_waits_for_another_before_it_is_set_aside(stage: Stage, receiver: Receiver) -> None:
    """With nothing else to try nobody knows whether it is the fact or the endpoint."""
    receiver.answer = lambda got: "422 No" if got.seq == 1 else "200 OK"
    await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3)
    await _fail_until(stage, runner, 6)
    await stage.failed(runner, 7)
    assert await stage.dead() == []
    await stage.tell(3)
    stage.wait_for_retry()
    await receiver.until(lambda: receiver.passed() == [2])
    await stage.stored(lambda: _has_dead(stage))
    assert await stage.dead() == [(1, 1, "refused")]


async def _has_dead(stage: Stage) -> bool:
    return bool(await stage.dead())


async def test_a_refused_fact_holds_up_its_own_device_only(stage: Stage, receiver: Receiver) -> None:
    """An endpoint of the whole account: the other devices' facts pass meanwhile."""
    receiver.answer = lambda got: "400 Bad" if got.seq == 1 else "200 OK"
    await stage.add(receiver.url())
    runner = await stage.start()
    await stage.tell(3)
    await stage.failed(runner, 1)
    await stage.tell(3, 2)
    await stage.tell(4, 3)
    await receiver.until(lambda: receiver.passed() == [4, 5, 6])
    for tries in range(2, 5):
        stage.wait_for_retry(3 * HOUR_MS)
        await stage.failed(runner, tries)
    stage.wait_for_retry(3 * HOUR_MS)
    await receiver.until(lambda: len(receiver.passed()) == 5)
    assert receiver.passed() == [4, 5, 6, 2, 3]
    await stage.stored(lambda: _has_dead(stage))
    assert await stage.dead() == [(1, 1, "refused")]


async def test_an_endpoint_of_many_devices_is_called_four_at_once_each_in_order(
    stage: Stage, receiver: Receiver
) -> None:
    """Lanes in parallel, but not too many, and one probe while it is down."""
    receiver.answer = lambda _got: None
    await stage.add(receiver.url())
    runner = await stage.start()
    await stage.record([_fact(device) for _ in range(20) for device in range(10)])
    await receiver.until(lambda: len(receiver.got) == PARALLEL)
    (hook,) = runner.feeds.hooks()
    assert hook.active == PARALLEL
    await stage.kill(runner)
    receiver.answer = lambda _got: "200 OK"
    await stage.start("b")
    await receiver.until(lambda: len(receiver.passed()) == 200)
    for device in range(10):
        mine = [seq for seq in receiver.passed() if (seq - 1) % 10 == device]
        assert mine == sorted(mine)


def _fact(device: int) -> MessageExpired:
    return MessageExpired(DeviceId(device), MessageId(1), CHAT)


async def _hooks(stage: Stage, runner: Webhooks) -> list[Hook]:
    await stage.until(lambda: bool(list(runner.feeds.hooks())))
    return list(runner.feeds.hooks())


async def test_while_an_endpoint_of_many_devices_is_down_there_is_one_probe(
    stage: Stage, receiver: Receiver
) -> None:
    """However many devices have news: three failures in a row, of whichever, and what was under way then."""
    receiver.answer = lambda _got: "502 Down"
    await stage.add(receiver.url())
    runner = await stage.start()
    await stage.record([_fact(device) for _ in range(30) for device in range(10)])
    (hook,) = await _hooks(stage, runner)
    await stage.until(lambda: hook.outage is not None and hook.active == 0)
    before = len(receiver.got)
    assert OPENS_AFTER <= before < OPENS_AFTER + PARALLEL
    for probe in range(1, 4):
        stage.wait_for_retry(20 * HOUR_MS)
        await receiver.until(lambda n=before + probe: len(receiver.got) == n)  # type: ignore[misc]
        await stage.until(lambda: hook.active == 0)
    receiver.answer = lambda _got: "200 OK"
    stage.wait_for_retry(20 * HOUR_MS)
    await receiver.until(lambda: len(receiver.passed()) == 300)
    for device in range(10):
        mine = [seq for seq in receiver.passed() if (seq - 1) % 10 == device]
        assert mine == sorted(mine)


async def test_an_endpoint_down_for_as_long_as_the_log_lives_leaves_one_range(
    stage: Stage, receiver: Receiver
) -> None:
    """Its facts are given up together, it is told so, and replaying them restores their order."""
    receiver.answer = lambda _got: "503 Down"
    endpoint = await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 300)
    await stage.failed(runner, 1)
    stage.wait_for_retry(7 * DAY_MS + HOUR_MS)
    await stage.stored(lambda: _has_dead(stage))
    assert await stage.dead() == [(1, 300, "down")]
    receiver.answer = lambda _got: "200 OK"
    await stage.tell(3, 2)
    await receiver.until(lambda: receiver.passed() == [301, 302])
    await stage.storage.write(replay_dead_letter, ACCOUNT, endpoint, DeviceId(3), 1)
    runner.look()
    await receiver.until(lambda: len(receiver.passed()) == 302)
    assert receiver.passed()[2:] == list(range(1, 301))
    await stage.stop(runner)
    assert await stage.dead() == []


async def test_a_replay_goes_on_after_a_crash_and_ends(stage: Stage, receiver: Receiver) -> None:
    """Its place is stored like any lane's; when it is done nothing is left of it."""
    receiver.answer = lambda got: "410 Gone" if got.path == "/old" else "200 OK"
    endpoint = await stage.set(3, receiver.url("/old"))
    runner = await stage.start("a")
    await stage.tell(3, 400)
    await stage.stored(lambda: _has_dead(stage))
    await stage.set(3, receiver.url("/new"))
    await stage.storage.write(replay_dead_letter, ACCOUNT, endpoint, DeviceId(3), 1)
    runner.look()
    await receiver.until(lambda: len(receiver.passed("/new")) > 50)
    await stage.kill(runner, "a")
    second = await stage.start("b")
    await receiver.until(lambda: len(receiver.passed("/new")) == 400)
    assert receiver.passed("/new") == list(range(1, 401))
    await stage.stop(second)
    done = len(receiver.got)
    third = await stage.start("c")
    await stage.tell(3)
    await receiver.until(lambda: len(receiver.got) > done)
    assert [got.seq for got in receiver.got[done:]] == [401]
    assert [hook.replays for hook in third.feeds.hooks()] == [{}]


async def test_a_fact_refused_in_a_replay_is_set_aside_again(stage: Stage, receiver: Receiver) -> None:
    """The rest of the range arrives."""
    receiver.answer = lambda _got: "410 Gone"
    endpoint = await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 5)
    await stage.stored(lambda: _has_dead(stage))
    receiver.answer = lambda got: "400 Bad" if got.seq == 1 else "200 OK"
    await stage.set(3, receiver.url())
    await stage.storage.write(replay_dead_letter, ACCOUNT, endpoint, DeviceId(3), 1)
    runner.look()
    # a second look may begin its tries anew, so they are not counted
    async with asyncio.timeout(DEADLINE_S):
        while len(receiver.passed()) < 4:
            stage.wait_for_retry()
            await asyncio.sleep(0.005)
    assert receiver.passed() == [2, 3, 4, 5]
    await stage.stop(runner)
    assert await stage.dead() == [(1, 1, "refused")]


async def test_facts_that_the_log_forgot_are_told_to_the_owner(stage: Stage, receiver: Receiver) -> None:
    """Nothing ran for too long: what is gone is a dead letter, the rest arrives."""
    await stage.set(3, receiver.url())
    await stage.tell(3, 10)
    await stage.storage.write(forget_facts, 2**62, 6)
    runner = await stage.start()
    await receiver.until(lambda: len(receiver.got) == 4)
    assert receiver.events() == [7, 8, 9, 10]
    await stage.stop(runner)
    assert await stage.dead() == [(1, 6, "forgotten")]


async def test_a_replay_of_forgotten_facts_comes_back(stage: Stage, receiver: Receiver) -> None:
    """A dead letter is replayable while the log keeps its facts, and says so afterwards."""
    receiver.answer = lambda _got: "410 Gone"
    endpoint = await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 10)
    await stage.stored(lambda: _has_dead(stage))
    receiver.answer = lambda _got: "200 OK"
    await stage.set(3, receiver.url())
    await stage.storage.write(forget_facts, 2**62, 6)
    await stage.storage.write(replay_dead_letter, ACCOUNT, endpoint, DeviceId(3), 1)
    runner.look()
    await receiver.until(lambda: len(receiver.passed()) == 4)
    assert receiver.passed() == [7, 8, 9, 10]
    await stage.stop(runner)
    assert await stage.dead() == [(1, 6, "forgotten")]


async def test_a_fact_that_cannot_be_read_is_set_aside(stage: Stage, receiver: Receiver) -> None:
    """Of a newer version, say: it does not stop those behind it."""
    await stage.set(3, receiver.url())
    await stage.tell(3, 3)
    await stage.storage.write(_spoil, 2)
    runner = await stage.start()
    await receiver.until(lambda: len(receiver.got) == 2)
    assert receiver.events() == [1, 3]
    await stage.stop(runner)
    assert await stage.dead() == [(2, 2, "unreadable")]


async def _spoil(tx: Tx, seq: int) -> None:
    await tx.run('UPDATE fact SET body = \'{"kind":"MessageExpired"}\' WHERE seq = $1', seq)


async def test_a_hanging_receiver_is_let_go_after_the_time_limit_of_the_lease(
    stage: Stage, receiver: Receiver
) -> None:
    """Without a sure lease nothing is called."""
    sure = False
    await stage.set(3, receiver.url())
    runner = await stage.start(may_act=lambda: sure)
    await stage.tell(3, 3)
    await stage.until(lambda: any(lane.pending for hook in runner.feeds.hooks() for lane in hook.every_lane()))
    assert receiver.got == []
    sure = True
    await stage.tell(3)
    await receiver.until(lambda: len(receiver.got) == 4)


async def test_only_the_owner_touches_dead_letters(stage: Stage, receiver: Receiver) -> None:
    """Replaying and dropping are the account's own."""
    receiver.answer = lambda _got: "410 Gone"
    endpoint = await stage.set(3, receiver.url())
    await stage.start()
    await stage.tell(3, 2)
    await stage.stored(lambda: _has_dead(stage))
    write, device, other = stage.storage.write, DeviceId(3), AccountId(2)
    for account, first in ((other, 1), (ACCOUNT, 1)):  # ours is not active: nothing to replay to
        with pytest.raises(Refusal):
            await write(replay_dead_letter, account, endpoint, device, first)
    await stage.set(3, receiver.url())
    with pytest.raises(Refusal):
        await write(replay_dead_letter, ACCOUNT, endpoint, device, 2)
    await write(drop_dead_letter, other, endpoint, device, 1)
    assert await stage.dead() == [(1, 2, "gone")]
    await write(drop_dead_letter, ACCOUNT, endpoint, device, 1)
    assert await stage.dead() == []


async def test_old_calls_and_dead_letters_are_forgotten(stage: Stage, receiver: Receiver) -> None:
    """A dead letter lives no longer than its facts."""
    receiver.answer = lambda _got: "410 Gone"
    await stage.set(3, receiver.url())
    await stage.start()
    await stage.tell(3, 2)
    await stage.stored(lambda: _has_dead(stage))
    assert await stage.storage.write(forget_calls, stage.clock.now(), 100) == 0
    assert await stage.storage.write(forget_calls, stage.clock.now() + 1, 100) == 2
    assert await stage.dead() == []


async def test_a_secret_that_does_not_open_stops_its_own_endpoint_only(stage: Stage, receiver: Receiver) -> None:
    """The key file was changed, say: the facts wait, others are told."""
    sealed = {3: True}

    async def card(device: DeviceId) -> Card:
        if sealed.get(device):
            raise CannotUnseal("the token of device 3")
        return Card(f"0812{device}", "token")

    await stage.set(3, receiver.url("/closed"))
    await stage.set(4, receiver.url("/open"))
    runner = await stage.start(cards=card)
    await stage.tell(3, 2)
    await stage.tell(4, 2)
    await receiver.until(lambda: len(receiver.events("/open")) == 2)
    await stage.failed(runner, 1)
    sealed.clear()
    stage.wait_for_retry()
    await receiver.until(lambda: receiver.events("/closed") == [1, 2])


async def test_a_database_that_is_away_for_a_moment_loses_nothing(stage: Stage, receiver: Receiver) -> None:
    """The card cannot be read: the lane waits a second and goes on, it is nobody's failure."""
    away = [True]

    async def card(device: DeviceId) -> Card:
        if away:
            away.pop()
            raise StorageGone("away")
        return Card(f"0812{device}", "token")

    await stage.set(3, receiver.url())
    runner = await stage.start(cards=card)
    await stage.tell(3, 3)
    await stage.until(lambda: not away)
    stage.wait_for_retry(1_001)
    await receiver.until(lambda: receiver.events() == [1, 2, 3])
    assert runner.count_failing() == 0


async def test_a_fault_of_ours_with_one_endpoint_stops_no_other(stage: Stage, receiver: Receiver) -> None:
    """Whatever a call raises counts as its endpoint's failure: it waits and is tried again, the others go on."""

    async def cards(device: DeviceId) -> Card:
        if device == 4:
            raise ValueError("nobody thought of this")
        return Card("0812", "token")

    await stage.set(3, receiver.url("/works"))
    await stage.set(4, receiver.url("/faulty"))
    runner = await stage.start(cards=cards)
    await stage.tell(4)
    await stage.failed(runner, 1)
    await stage.tell(3)
    await receiver.until(lambda: receiver.passed("/works") == [2])
    assert not stage.runners[runner].done()
