"""Who holds which device: claims, epochs, the fence, and what a dead holder leaves behind."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from merpati.core.clock import HOUR_MS, Clock, Millis, SystemClock
from merpati.core.ids import DeviceId, Epoch, Incarnation
from merpati.devices import connection, ownership
from merpati.devices.model import DeviceState, Owned, Reason
from merpati.storage import nodes
from merpati.storage.port import Engine, Storage, Tx
from tests.devices.rig import come_into, device_now, have_device, have_devices, want

ONE, TWO = Incarnation("one"), Incarnation("two")
LONG_MS = 60_000

Opener = Callable[[Clock], Awaitable[Storage]]


async def join(storage: Storage, *incs: Incarnation, lease_ms: int = LONG_MS) -> None:
    for inc in incs:
        await storage.write(nodes.join_node, inc, "", lease_ms, exclusive=False)


async def claim(storage: Storage, inc: Incarnation, limit: int = 100) -> list[tuple[DeviceId, Epoch]]:
    return sorted(await storage.write(ownership.claim_devices, inc, limit))


async def die(storage: Storage, inc: Incarnation) -> None:
    await storage.write(nodes.leave_node, inc)


async def touch(tx: Tx, inc: Incarnation, epoch: Epoch) -> bool:
    """A statement under the fence."""
    row = await tx.one(
        f"UPDATE device SET name = name WHERE id = 1 AND {ownership.fence('$1', '$2', '$3')} RETURNING id",
        1,
        inc,
        epoch,
    )
    return row is not None


async def test_a_claim_takes_wanted_devices_that_nobody_holds(storage: Storage) -> None:
    """As many as asked for, each with the next epoch; nobody else gets them."""
    await have_devices(storage, 3)
    await have_device(storage, 4, desired=False)
    await join(storage, ONE, TWO)
    assert await storage.read(ownership.claimable_exists)

    assert await claim(storage, ONE, 2) == [(1, 1), (2, 1)]
    assert await claim(storage, TWO) == [(3, 1)]
    assert await claim(storage, ONE) == []
    assert not await storage.read(ownership.claimable_exists)
    assert await storage.read(ownership.owned_devices, ONE) == [Owned(1, 1, True), Owned(2, 1, True)]  # type: ignore[arg-type]
    assert await storage.read(ownership.owner_of, DeviceId(3)) == (TWO, 1)
    assert await storage.read(ownership.owner_of, DeviceId(9)) is None


async def test_what_the_dead_held_is_claimed_under_a_higher_epoch(storage: Storage) -> None:
    """The living keep theirs."""
    await have_devices(storage, 2)
    await join(storage, ONE, TWO)
    await claim(storage, ONE, 1)
    await claim(storage, TWO, 1)

    await die(storage, ONE)

    assert await claim(storage, TWO) == [(1, 2)]


async def test_the_dead_claim_nothing(storage: Storage) -> None:
    """Nor does an incarnation that never joined."""
    await have_devices(storage, 1)
    await join(storage, ONE)
    await die(storage, ONE)

    assert await claim(storage, ONE) == []
    assert await claim(storage, Incarnation("unknown")) == []


async def test_a_device_given_back_is_free_at_once(storage: Storage) -> None:
    """Only by its holder; its log says that the session has ended, and why."""
    await have_devices(storage, 1)
    await join(storage, ONE, TWO)
    await claim(storage, ONE)
    await come_into(storage, await device_now(storage, 1), DeviceState.OPEN)
    give_back, device = ownership.give_back_device, DeviceId(1)

    assert not await storage.write(give_back, TWO, device, Reason.RELEASED)
    assert not await storage.write(give_back, ONE, DeviceId(9), Reason.RELEASED)
    assert await storage.write(give_back, ONE, device, Reason.RELEASED)
    assert not await storage.write(give_back, ONE, device, Reason.RELEASED)

    now = await device_now(storage, 1)
    assert (now.state, now.state_reason) == (DeviceState.OFF, Reason.RELEASED)
    assert await claim(storage, TWO) == [(1, 2)]


async def test_an_ended_state_stays_when_the_device_is_given_back(storage: Storage) -> None:
    """What is banned is banned, not just off."""
    await have_devices(storage, 1)
    await join(storage, ONE)
    await claim(storage, ONE)
    await come_into(storage, await device_now(storage, 1), DeviceState.BANNED)

    await storage.write(ownership.give_back_device, ONE, DeviceId(1), Reason.UNWANTED)

    assert (await device_now(storage, 1)).state is DeviceState.BANNED


async def test_a_late_holder_is_refused_by_the_fence(storage: Storage) -> None:
    """A process that was paused over its lease wakes up: its statements change nothing any more."""
    await have_devices(storage, 1)
    await join(storage, ONE, TWO)
    await claim(storage, ONE)
    assert await storage.write(touch, ONE, Epoch(1))

    await die(storage, ONE)
    await claim(storage, TWO)

    assert not await storage.write(touch, ONE, Epoch(1))
    assert not await storage.write(touch, ONE, Epoch(2))
    assert not await storage.write(touch, TWO, Epoch(1))
    assert await storage.write(touch, TWO, Epoch(2))


async def test_a_device_left_open_by_the_dead_counts_as_disconnected_from_the_last_renewal(
    storage: Storage,
) -> None:
    """The log says so before anybody claims it."""
    await have_devices(storage, 2)
    await join(storage, ONE, TWO)
    await claim(storage, ONE)
    await come_into(storage, await device_now(storage, 1), DeviceState.OPEN)
    await come_into(storage, await device_now(storage, 2), DeviceState.BANNED)
    assert await storage.write(nodes.renew_node, ONE, LONG_MS)
    renewed_at = await storage.read(renewal_of, ONE)
    await die(storage, ONE)
    assert await claim(storage, TWO) == [(2, 2)]  # what is banned has no session to be lost
    assert await storage.read(ownership.adrift_exists)

    assert await storage.write(ownership.mark_adrift, 100) == 1
    assert await storage.write(ownership.mark_adrift, 100) == 0

    now = await device_now(storage, 1)
    assert (now.state, now.state_reason, now.state_at) == (DeviceState.OFF, Reason.NODE_LOST, renewed_at)
    assert await storage.read(connection.disconnected_since, now.id) == renewed_at
    assert await claim(storage, TWO) == [(1, 2)]


async def test_a_device_that_runs_for_nobody_is_off(storage: Storage) -> None:
    """Also one that is not wanted: nobody will claim it, but its page must tell the truth."""
    await have_devices(storage, 1)
    await come_into(storage, await device_now(storage, 1), DeviceState.OPEN)
    await want(storage, 1, False)

    assert await storage.write(ownership.mark_adrift, 100) == 1

    now = await device_now(storage, 1)
    assert (now.state, now.state_reason) == (DeviceState.OFF, Reason.RELEASED)


async def test_unwanted_devices_are_told_to_their_holder(storage: Storage) -> None:
    """So that it ends their sessions."""
    await have_devices(storage, 2)
    await join(storage, ONE, TWO)
    await claim(storage, ONE)
    await want(storage, 2, False)

    assert await storage.read(ownership.unwanted_devices, ONE) == [2]
    assert await storage.read(ownership.unwanted_devices, TWO) == []


PLANS = ("", "nestloop", "hashjoin, mergejoin", "hashjoin, mergejoin, material, hashagg, sort")


@pytest.mark.postgres
@pytest.mark.parametrize("without", PLANS)
async def test_a_claim_takes_no_more_than_asked_for_whatever_the_plan(open_postgres: Opener, without: str) -> None:
    """A plan may run a subquery once for each row; what it locks then must not come on top."""
    storage = await open_postgres(SystemClock())
    await have_devices(storage, 5)
    await join(storage, ONE)

    async def claim_by_plan(tx: Tx) -> list[tuple[DeviceId, Epoch]]:
        for method in filter(None, without.split(", ")):
            await tx.run(f"SET LOCAL enable_{method} = off")
        return await ownership.claim_devices(tx, ONE, 2)

    assert sorted(await storage.write(claim_by_plan)) == [(1, 1), (2, 1)]


async def renewal_of(tx: Tx, inc: Incarnation) -> Millis:
    row = await tx.one("SELECT renewed_at FROM node WHERE inc = $1", inc)
    assert row is not None
    return Millis(row[0])


# -- more than one process --


class WrongClock(SystemClock):
    """A machine whose clock is wrong."""

    def __init__(self, off_ms: int) -> None:
        self._off_ms = off_ms

    def now(self) -> Millis:
        return Millis(super().now() + self._off_ms)


@pytest.mark.postgres
async def test_claims_that_race_give_each_device_one_owner(open_postgres: Opener) -> None:
    """Two processes reach for the same devices at the same moments; nobody waits, nothing is taken twice."""
    first, second = await open_postgres(SystemClock()), await open_postgres(SystemClock())
    devices = await have_devices(first, 60)
    await join(first, ONE, TWO)

    async def take_all(storage: Storage, inc: Incarnation) -> list[tuple[DeviceId, Epoch]]:
        taken: list[tuple[DeviceId, Epoch]] = []
        while await storage.read(ownership.claimable_exists):
            taken += await storage.write(ownership.claim_devices, inc, 3)
        return taken

    taken = await asyncio.gather(
        take_all(first, ONE), take_all(second, TWO), take_all(first, ONE), take_all(second, TWO)
    )

    everything = [claimed for each in taken for claimed in each]
    assert sorted(everything) == [(device, 1) for device in devices]
    for inc, storage in ((ONE, second), (TWO, first)):
        owned = await storage.read(ownership.owned_devices, inc)
        assert {o.device for o in owned} <= {device for device, _ in everything}


@pytest.mark.postgres
@pytest.mark.parametrize("off_ms", [-HOUR_MS, HOUR_MS])
async def test_only_the_databases_clock_decides(open_postgres: Opener, off_ms: int) -> None:
    """A process whose clock is an hour wrong neither loses its devices nor takes those of the living."""
    right, wrong = await open_postgres(SystemClock()), await open_postgres(WrongClock(off_ms))
    await have_devices(right, 2)
    await join(right, ONE)
    await join(wrong, TWO)
    await claim(right, ONE, 1)
    await claim(wrong, TWO, 1)

    assert await right.write(nodes.reap_nodes) == []
    assert await wrong.write(nodes.reap_nodes) == []
    assert await claim(wrong, TWO) == []
    assert await wrong.write(nodes.renew_node, TWO, LONG_MS)
    assert await wrong.write(touch, ONE, Epoch(1))

    await die(right, ONE)
    assert await claim(wrong, TWO) == [(1, 2)]


@pytest.mark.postgres
async def test_a_fenced_statement_under_way_and_a_claim_do_not_cross(open_postgres: Opener) -> None:
    """While a holder's transaction is open the claim passes its device by; afterwards the holder is refused."""
    first, second = await open_postgres(SystemClock()), await open_postgres(SystemClock())
    await have_devices(first, 1)
    await join(first, ONE, TWO)
    await claim(first, ONE)
    holding = asyncio.create_task(first.write(touch_and_wait, ONE, Epoch(1)))

    await wait_until_locked(second)
    await die(second, ONE)
    assert await claim(second, TWO) == []
    await second.write(close_gate)
    assert await holding
    assert await claim(second, TWO) == [(1, 2)]
    assert not await first.write(touch, ONE, Epoch(1))


async def touch_and_wait(tx: Tx, inc: Incarnation, epoch: Epoch) -> bool:
    """Go through the fence, then stay in the transaction until the gate is closed by another (for 5 s at most)."""
    touched = await touch(tx, inc, epoch)
    for _ in range(500):
        if await tx.one("SELECT 1 FROM id_range WHERE kind = 'gate'"):
            break
        await tx.run("SELECT pg_sleep(0.01)")
    return touched


async def close_gate(tx: Tx) -> None:
    await tx.run("INSERT INTO id_range (kind, next) VALUES ('gate', 1)")


async def wait_until_locked(storage: Storage) -> None:
    assert storage.engine is Engine.POSTGRES
    async with asyncio.timeout(5):
        while await storage.write(free_rows):
            pass


async def free_rows(tx: Tx) -> int:
    return len(await tx.all("SELECT device_id FROM device_owner {skip_locked}"))
