"""Which tests hold the promises of telling, and that those tests are there."""

from pathlib import Path

import pytest

from merpati.core.ids import AccountId, DeviceId
from merpati.webhooks.actions import replay_dead_letter
from merpati.webhooks.model import MOST_ENDPOINTS, PARALLEL
from tests.webhooks.receiver import Receiver
from tests.webhooks.stage import ACCOUNT, Stage

OTHER = AccountId(65)
TESTS = Path(__file__).parents[1]
HELD_BY = {
    "every event reaches an endpoint that answers at last, in order per device, under one id": [
        "faults/test_one_node.py::test_killed_while_the_webhook_receiver_is_down_every_event_arrives",
        "faults/test_kills.py::test_kill_after_kill_nothing_is_lost",
        "webhooks/test_delivery.py::test_a_failed_try_is_repeated_with_the_same_id_and_bytes",
        "webhooks/test_delivery.py::test_a_killed_runner_repeats_by_the_same_ids_and_misses_nothing",
        "webhooks/test_lanes.py::test_every_fact_is_told_or_is_a_dead_letter_and_order_is_kept",
        "examples/test_receivers.py::test_a_receiver_that_is_killed_and_restarted_misses_nothing",
    ],
    "an endpoint dead for days leaves a dead letter, whose replay restores order, and delays no other": [
        "webhooks/test_trouble.py::test_an_endpoint_down_for_as_long_as_the_log_lives_leaves_one_range",
        "webhooks/test_properties.py::test_while_one_endpoint_is_dead_for_days_another_is_told_at_once",
    ],
    "an endpoint that hangs delays nobody": [
        "webhooks/test_delivery.py::test_a_hanging_endpoint_delays_nobody_else",
        "webhooks/test_circuit.py::test_an_endpoint_hanging_delays_no_other_endpoint_and_holds_little_memory",
        "webhooks/test_properties.py::test_many_endpoints_of_one_account_that_hang_delay_no_other_account",
        "webhooks/test_shares.py::test_a_hundred_devices_that_hang_do_not_delay_another_account",
        "faults/test_one_node.py::test_while_the_webhook_receiver_hangs_messages_leave_as_ever",
    ],
    "the circuit opens and closes at the stated counts; a flapping endpoint gets one probe a window": [
        "webhooks/test_circuit.py::test_the_circuit_opens_after_three_failures_and_closes_with_one_success",
        "webhooks/test_circuit.py::test_a_flapping_endpoint_gets_at_most_one_probe_a_window",
        "webhooks/test_circuit.py::test_an_open_circuit_is_remembered_over_a_restart",
        "webhooks/test_circuit.py::test_one_bad_fact_does_not_stop_the_other_devices",
    ],
    "a browser that comes back sees each event once, in order; a slow one grows no memory": [
        "api/v1/test_events.py::test_who_comes_back_misses_nothing_and_hears_nothing_twice",
        "api/v1/test_events.py::test_a_reader_that_takes_nothing_holds_up_nobody",
        "api/live/test_hub.py::test_once_in_order_or_told_to_reload",
        "api/live/test_hub.py::test_a_slow_follower_holds_up_nobody",
    ],
    "without a bell everything still comes, by polling": [
        "api/v1/test_events.py::test_what_nobody_rings_for_is_seen_too",
        "api/v1/test_events.py::test_facts_of_another_process_come_within_a_quarter_of_a_second",
        "webhooks/test_nodes.py::test_another_process_takes_over_after_a_crash",
        "webhooks/test_properties.py::test_what_nobody_rings_for_is_told_too",
    ],
}


@pytest.mark.parametrize("promise", HELD_BY)
def test_a_promise_has_its_tests(promise: str) -> None:
    """A test that was renamed is missed here."""
    for test in HELD_BY[promise]:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (TESTS / file).read_text(encoding="utf-8"), test


async def test_while_one_endpoint_is_dead_for_days_another_is_told_at_once(
    stage: Stage, receiver: Receiver
) -> None:
    """Eight days: no clock moves for the other's events. Then the range is replayed in order."""
    receiver.answer = lambda got: "503 Down" if got.path == "/dead" else "200 OK"
    dead = await stage.set(3, receiver.url("/dead"))
    await stage.add(receiver.url("/lives"), 3)
    runner = await stage.start()
    for day in range(1, 9):
        await stage.tell(3, 10)
        await receiver.until(lambda n=day: len(receiver.passed("/lives")) == 10 * n)  # type: ignore[misc]
        stage.wait_for_retry(86_400_000)
    await stage.stored(lambda: _has_dead(stage))
    receiver.answer = lambda _got: "200 OK"
    stage.wait_for_retry(30 * 3_600_000)
    ((first, last, reason),) = await stage.dead()
    assert (first, reason) == (1, "down")
    await stage.storage.write(replay_dead_letter, ACCOUNT, dead, DeviceId(3), first)
    stage.look()
    await receiver.until(lambda: len(receiver.passed("/dead")) == 80)
    again = [seq for seq in receiver.passed("/dead") if seq <= last]
    assert again == list(range(first, last + 1))
    assert receiver.passed("/lives") == list(range(1, 81))
    await stage.stop(runner)


async def _has_dead(stage: Stage) -> bool:
    return bool(await stage.dead())


async def test_many_endpoints_of_one_account_that_hang_delay_no_other_account(
    stage: Stage, receiver: Receiver
) -> None:
    """All that an account may have; the other, whose facts the same process reads, is told all while they hang."""
    receiver.answer = lambda got: None if got.path == "/hangs" else "200 OK"
    await stage.open_account(OTHER)
    for _ in range(MOST_ENDPOINTS):
        await stage.add(receiver.url("/hangs"))
    await stage.set(9, receiver.url("/lives"), account=OTHER)
    runner = await stage.start()
    for device in range(3, 3 + PARALLEL):
        await stage.tell(device)
    await receiver.until(lambda: len(receiver.events("/hangs")) == MOST_ENDPOINTS * PARALLEL)
    for round_ in range(1, 6):
        await stage.tell(9, 20, OTHER)
        await receiver.until(lambda n=round_: len(receiver.passed("/lives")) == 20 * n)  # type: ignore[misc]
    assert receiver.passed("/hangs") == []
    assert runner.count_failing() == 0


async def test_what_nobody_rings_for_is_told_too(stage: Stage, receiver: Receiver) -> None:
    """Another process recorded it: polling finds it."""
    await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.until(lambda: bool(list(runner.feeds.hooks())))
    task = stage.runners.pop(runner)
    await stage.tell(3, 5)
    await receiver.until(lambda: len(receiver.passed()) == 5)
    stage.runners[runner] = task
