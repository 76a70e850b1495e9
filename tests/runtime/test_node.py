"""A node and its devices: gained, kept, lost, taken over."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from merpati.core.clock import HOUR_MS, Clock, SystemClock
from merpati.core.ids import DeviceId, Epoch, Incarnation
from merpati.devices import ownership
from merpati.devices.model import Claim, DeviceState, Reason
from merpati.runtime.node import Loss
from merpati.storage import nodes
from merpati.storage.port import Storage, Tx
from tests.devices.rig import come_into, device_now, have_device, have_devices, want
from tests.runtime.rig import Cable, HandClock, Sessions, WrongClock, node_of, running

Opener = Callable[[Clock], Awaitable[Storage]]


async def test_a_node_gains_the_wanted_devices(storage: Storage) -> None:
    """And says what fences its acts for them; of others it knows nothing."""
    await have_devices(storage, 2)
    await have_device(storage, 3, desired=False)
    sessions = Sessions()
    node = node_of(storage, sessions)
    assert node.incarnation is None
    assert not node.may_hand_over()

    async with running(node):
        await sessions.until_held({1: 1, 2: 1})
        assert node.may_hand_over()
        assert node.incarnation is not None
        assert node.claim_of(DeviceId(1)) == Claim(node.incarnation, Epoch(1))
        assert node.claim_of(DeviceId(3)) is None
        assert sorted(node.held()) == [1, 2]


async def test_a_device_wanted_later_is_gained_then(storage: Storage) -> None:
    """At once where the node is woken."""
    await have_devices(storage, 1, desired=False)
    sessions = Sessions()
    node = node_of(storage, sessions)

    async with running(node):
        await want(storage, 1, True)
        node.wake()
        await sessions.until_held({1: 1})


async def test_a_device_not_wanted_any_more_is_ended_and_given_back(storage: Storage) -> None:
    """Wanted again it is another epoch."""
    await have_devices(storage, 1)
    sessions = Sessions()
    node = node_of(storage, sessions)

    async with running(node):
        await sessions.until_held({1: 1})
        await want(storage, 1, False)
        node.wake()
        await sessions.until_held({})
        assert sessions.losses == [(1, Loss.UNWANTED)]
        await want(storage, 1, True)
        node.wake()
        await sessions.until_held({1: 2})


async def test_no_more_are_held_than_there_is_room_for(storage: Storage) -> None:
    """Others may take the rest."""
    await have_devices(storage, 3)
    first, second = Sessions(), Sessions()

    async with running(node_of(storage, first, capacity=2)):
        await first.until(lambda: len(first.held) == 2)
        async with running(node_of(storage, second)):
            await second.until(lambda: len(second.held) == 1)

    assert not first.held.keys() & second.held.keys()


async def test_devices_are_connected_at_a_measured_rate(storage: Storage) -> None:
    """So that a big failover is no storm of logins."""
    await have_devices(storage, 6)
    sessions, clock = Sessions(), HandClock()
    node = node_of(storage, sessions, clock=clock, connects_per_s=2)

    async with running(node):
        await sessions.until(lambda: len(sessions.held) == 2)
        clock.seconds += 1
        node.wake()
        await sessions.until(lambda: len(sessions.held) == 4)
        clock.seconds += 10
        node.wake()
        await sessions.until(lambda: len(sessions.held) == 6)


async def test_a_node_that_stops_gives_its_devices_to_another_at_once(storage: Storage) -> None:
    """Not after its lease of 30 s."""
    await have_devices(storage, 3)
    first, second = Sessions(), Sessions()
    stopping, staying = node_of(storage, first), node_of(storage, second)

    async with running(stopping):
        await first.until(lambda: len(first.held) == 3)
        await come_into(storage, await device_now(storage, 1), DeviceState.OPEN)
        async with running(staying):
            await stopping.stop()
            began = SystemClock().elapsed()
            await second.until_held({1: 2, 2: 2, 3: 2})
            took_s = SystemClock().elapsed() - began

    assert sorted(first.losses) == [(1, Loss.STOPPING), (2, Loss.STOPPING), (3, Loss.STOPPING)]
    assert took_s < 5
    assert not stopping.may_hand_over()


async def test_devices_of_a_node_that_crashed_are_taken_over(storage: Storage) -> None:
    """After its lease; the log says that the node was lost."""
    await have_devices(storage, 2)
    first, second = Sessions(), Sessions()
    crashing, staying = node_of(storage, first), node_of(storage, second)

    async with running(crashing) as (task,):
        await first.until(lambda: len(first.held) == 2)
        await come_into(storage, await device_now(storage, 1), DeviceState.OPEN)
        async with running(staying):
            task.cancel()
            await storage.write(run_out, crashing.incarnation)
            await second.until_held({1: 2, 2: 2})

    device = await device_now(storage, 1)
    assert (device.state, device.state_reason) == (DeviceState.OFF, Reason.NODE_LOST)


async def run_out(tx: Tx, inc: Incarnation | None) -> None:
    """The lease of this incarnation is over, as if its time had passed."""
    await tx.run("UPDATE node SET lease_until = {now} WHERE inc = $1", inc)


async def test_an_only_process_owns_everything_at_once_after_a_crash(storage: Storage) -> None:
    """No lease is waited for, as nobody else can be there; the epoch still rises."""
    await have_devices(storage, 3)
    first, second = Sessions(), Sessions()

    async with running(node_of(storage, first, exclusive=True)) as (task,):
        await first.until_held({1: 1, 2: 1, 3: 1})
        await come_into(storage, await device_now(storage, 1), DeviceState.OPEN)
        task.cancel()
    async with running(node_of(storage, second, exclusive=True)):
        began = SystemClock().elapsed()
        await second.until_held({1: 2, 2: 2, 3: 2})

    assert SystemClock().elapsed() - began < 5


async def test_a_node_whose_lease_is_lost_drops_everything_and_joins_anew(storage: Storage) -> None:
    """As another incarnation, under higher epochs."""
    await have_devices(storage, 1)
    sessions = Sessions()
    node = node_of(storage, sessions, lease_s=5.0)

    async with running(node):
        await sessions.until_held({1: 1})
        old = node.incarnation
        assert old is not None
        await storage.write(nodes.leave_node, old)
        await sessions.until_held({1: 2})

    assert sessions.losses[0] == (1, Loss.LEASE)
    assert sessions.leases_lost == 1


@pytest.mark.parametrize("mode", ["refusing", "silent"])
async def test_a_node_cut_off_from_the_database_stops_by_itself(storage: Storage, mode: str) -> None:
    """By 80 % of its lease, before another may begin; it joins again when the database is back."""
    await have_devices(storage, 1)
    sessions, cable = Sessions(), Cable(storage)
    node = node_of(cable, sessions, lease_s=2.5)

    async with running(node):
        await sessions.until_held({1: 1})
        cable.mode = mode
        await sessions.until_held({})
        assert not node.may_hand_over()
        assert sessions.losses == [(1, Loss.LEASE)]
        assert not await storage.write(nodes.reap_nodes)  # nobody could have taken it yet
        cable.mode = ""
        await sessions.until_held({1: 2})


async def test_a_node_that_stops_does_not_wait_for_a_silent_database(storage: Storage) -> None:
    """Its sessions end all the same; others wait for the end of its lease."""
    await have_devices(storage, 1)
    sessions, cable = Sessions(), Cable(storage)
    node = node_of(cable, sessions, lease_s=3.0)

    async with running(node):
        await sessions.until_held({1: 1})
        cable.mode = "silent"
        async with asyncio.timeout(20):
            await node.stop()

    assert sessions.losses[0] == (1, Loss.STOPPING)
    assert not node.may_hand_over()


async def test_a_process_that_slept_over_its_lease_hands_nothing_over(storage: Storage) -> None:
    """Its own elapsed time tells, before the first renewal or any task of its own has run again."""
    clock, sessions = HandClock(), Sessions()
    node = node_of(storage, sessions, clock=clock, lease_s=30.0)
    await have_devices(storage, 1)

    async with running(node):
        await sessions.until_held({1: 1})
        clock.seconds = 23.9
        assert node.may_hand_over()
        clock.seconds = 24.1
        assert not node.may_hand_over()


async def test_a_claim_of_unknown_outcome_is_found(storage: Storage) -> None:
    """The connection broke in COMMIT: what the database holds for this node is what it runs."""
    await have_devices(storage, 1)
    sessions, cable = Sessions(), Cable(storage)
    cable.mode = "claim_devices"

    async with running(node_of(cable, sessions)):
        await sessions.until_held({1: 1})


async def test_a_device_that_another_holds_is_dropped(storage: Storage) -> None:
    """Whatever happened: what the database says counts."""
    await have_devices(storage, 1)
    sessions = Sessions()
    node = node_of(storage, sessions)

    async with running(node):
        await sessions.until_held({1: 1})
        await storage.write(nodes.join_node, Incarnation("other"), "", 60_000, exclusive=False)
        await storage.write(take_away, Incarnation("other"))
        node.wake()
        await sessions.until_held({})

    assert sessions.losses == [(1, Loss.LEASE)]
    assert await storage.read(ownership.owner_of, DeviceId(1)) == ("other", 2)


async def take_away(tx: Tx, inc: Incarnation) -> None:
    await tx.run("UPDATE device_owner SET owner_inc = $1, epoch = epoch + 1", inc)


# -- two nodes --


@pytest.mark.postgres
@pytest.mark.parametrize("off_ms", [-HOUR_MS, HOUR_MS])
async def test_two_nodes_share_the_devices_whatever_their_clocks_say(open_postgres: Opener, off_ms: int) -> None:
    """Every device has one holder; the crash of one gives all to the other, an hour off or not."""
    wrong, right = WrongClock(off_ms), SystemClock()
    first, second = await open_postgres(wrong), await open_postgres(right)
    await have_devices(second, 12)
    one, two = Sessions(), Sessions()
    leaving = node_of(first, one, clock=wrong, capacity=6)
    staying = node_of(second, two, clock=right)

    async with running(leaving) as (task,):
        await one.until(lambda: len(one.held) == 6)
        async with running(staying):
            await two.until(lambda: len(two.held) == 6)
            assert not one.held.keys() & two.held.keys()
            task.cancel()
            await second.write(run_out, leaving.incarnation)
            await two.until(lambda: len(two.held) == 12)

    assert not one.losses


@pytest.mark.postgres
async def test_a_renewal_and_a_reaping_that_meet_have_one_winner(open_postgres: Opener) -> None:
    """Both are one statement on one row: a lease is renewed or over, never both."""
    first, second = await open_postgres(SystemClock()), await open_postgres(SystemClock())
    outcomes = set()

    for n, lease_ms in enumerate((0, 1, 3, 6, 12, 5_000) * 10):
        inc = Incarnation(f"inc {n}")
        await first.write(nodes.join_node, inc, "", lease_ms, exclusive=False)
        renewed, reaped = await asyncio.gather(
            first.write(nodes.renew_node, inc, 60_000), second.write(nodes.reap_nodes)
        )
        assert not (renewed and inc in reaped)
        still_renewed = await first.write(nodes.renew_node, inc, 60_000)
        assert still_renewed == renewed
        outcomes.add(renewed)

    assert outcomes == {True, False}
