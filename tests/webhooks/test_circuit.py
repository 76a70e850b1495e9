"""An endpoint that fails: what waits, what is tried, who is not delayed. Properties 24 to 27 of the fault suite."""

from merpati.webhooks.lanes import MOST_WAITING
from merpati.webhooks.model import OPENS_AFTER, PARALLEL
from tests.webhooks.receiver import Receiver
from tests.webhooks.stage import Stage

HOUR_MS = 3_600_000


async def test_one_bad_fact_does_not_stop_the_other_devices(stage: Stage, receiver: Receiver) -> None:
    """A 500 for one message of one device: that device waits for its next try, all others are told at once."""
    receiver.answer = lambda got: "500 Oops" if got.seq == 1 else "200 OK"
    await stage.add(receiver.url())
    runner = await stage.start()
    await stage.tell(3, 2)
    await stage.failed(runner, 1)
    for round_ in range(2, 7):
        await stage.tell(4, 5)
        await receiver.until(lambda n=round_: len(receiver.passed()) == 5 * (n - 1))  # type: ignore[misc]
        stage.wait_for_retry(25 * HOUR_MS)
        await stage.failed(runner, round_)
    (hook,) = runner.feeds.hooks()
    assert hook.outage is None
    assert receiver.events().count(1) == 6


async def test_the_circuit_opens_after_three_failures_and_closes_with_one_success(
    stage: Stage, receiver: Receiver
) -> None:
    """While it is open there is one call for each rung of the ladder, however much happens."""
    receiver.answer = lambda _got: "503 Down"
    await stage.add(receiver.url())
    runner = await stage.start()
    for device in range(3, 3 + OPENS_AFTER):
        await stage.tell(device)
        await receiver.until(lambda n=device - 2: len(receiver.got) == n)  # type: ignore[misc]
    (hook,) = runner.feeds.hooks()
    await stage.until(lambda: hook.outage is not None)
    for probe in range(1, 4):
        for device in range(20, 40):
            await stage.tell(device)
        stage.wait_for_retry(20 * HOUR_MS)
        await receiver.until(lambda n=probe: len(receiver.got) == OPENS_AFTER + n)  # type: ignore[misc]
        await stage.until(lambda: hook.active == 0)
    receiver.answer = lambda _got: "200 OK"
    stage.wait_for_retry(20 * HOUR_MS)
    await receiver.until(lambda: len(receiver.passed()) == OPENS_AFTER + 60)
    assert hook.outage is None
    assert hook.streak is None


async def test_an_open_circuit_is_remembered_over_a_restart(stage: Stage, receiver: Receiver) -> None:
    """With its rung: a restart is no reason to call again at once."""
    receiver.answer = lambda _got: "503 Down"
    await stage.add(receiver.url())
    runner = await stage.start("one")
    for device in range(3, 3 + OPENS_AFTER):
        await stage.tell(device)
        await receiver.until(lambda n=device - 2: len(receiver.got) == n)  # type: ignore[misc]
    await stage.until(lambda: next(runner.feeds.hooks()).outage is not None)
    due = next(runner.feeds.hooks()).next_due()
    await stage.stop(runner)
    again = await stage.start("two")
    await stage.until(lambda: bool(list(again.feeds.hooks())))
    (hook,) = again.feeds.hooks()
    assert hook.outage is not None
    assert (hook.outage.attempt, hook.outage.next_try_at) == (OPENS_AFTER, due)
    await stage.tell(9)
    receiver.answer = lambda _got: "200 OK"
    assert len(receiver.got) == OPENS_AFTER
    stage.wait_for_retry(2 * HOUR_MS)
    await receiver.until(lambda: len(receiver.passed()) == OPENS_AFTER + 1)


async def test_a_flapping_endpoint_gets_at_most_one_probe_a_window(stage: Stage, receiver: Receiver) -> None:
    """It takes every other call: each failure while the circuit is closed waits alone, and none is lost."""
    receiver.answer = lambda _got: "200 OK" if len(receiver.got) % 2 else "500 Oops"
    await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 10)
    for window in range(10):
        await stage.failed(runner, 1)
        assert len(receiver.got) <= 1 + 2 * window
        stage.wait_for_retry()
        if len(receiver.passed()) == 10:
            break
        await receiver.until(lambda n=window + 1: len(receiver.passed()) >= n)  # type: ignore[misc]
    receiver.answer = lambda _got: "200 OK"
    stage.wait_for_retry()
    await receiver.until(lambda: len(receiver.passed()) == 10)
    assert receiver.passed() == list(range(1, 11))


async def test_an_endpoint_hanging_delays_no_other_endpoint_and_holds_little_memory(
    stage: Stage, receiver: Receiver
) -> None:
    """One of two addresses of a device never answers: the other has its calls, in order, while it hangs."""
    receiver.answer = lambda got: None if got.path == "/hangs" else "200 OK"
    await stage.add(receiver.url("/hangs"))
    await stage.add(receiver.url("/works"))
    runner = await stage.start()
    for _ in range(5):
        for device in range(3, 9):
            await stage.tell(device, 100)
    await receiver.until(lambda: len(receiver.passed("/works")) == 3_000)
    assert len(receiver.events("/hangs")) == PARALLEL
    hanging, _ = sorted(runner.feeds.hooks(), key=lambda hook: hook.endpoint.id)
    assert all(len(lane.pending) <= MOST_WAITING for lane in hanging.every_lane())
    for device in range(3, 9):
        mine = [seq for seq in receiver.passed("/works") if (seq - 1) // 100 % 6 == device - 3]
        assert mine == sorted(mine)
