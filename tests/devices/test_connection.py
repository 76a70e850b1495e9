"""The connection log, on both engines."""

import pytest

from merpati.core.clock import Millis, SystemClock
from merpati.core.facts import DeviceStateChanged
from merpati.core.ids import DeviceId, Epoch, Incarnation
from merpati.devices import connection
from merpati.devices.model import Claim, Device, DeviceState
from merpati.devices.ownership import claim_devices
from merpati.storage.nodes import join_node
from merpati.storage.port import Storage, Tx
from tests.devices.rig import come_into, device_now, facts_of, have_account, have_device

S = DeviceState
ME = Incarnation("me")


@pytest.fixture
async def device(storage: Storage) -> Device:
    await have_account(storage)
    return await have_device(storage, desired=True)


async def log_of(storage: Storage) -> list[tuple[Millis, DeviceState, str]]:
    lines = await storage.read(connection.states_of, DeviceId(1))
    return [(line.at, line.state, line.reason) for line in reversed(lines)]


async def test_a_change_of_state_is_a_row_a_line_and_a_fact(storage: Storage, device: Device) -> None:
    """All three, with the state before in the fact."""
    await storage.write(connection.change_state, device, S.CONNECTING, "", device.state_at)
    await storage.write(connection.change_state, device, S.FAILED, "broken", device.state_at)

    now = await device_now(storage)
    assert (now.state, now.state_reason) == (S.FAILED, "broken")
    assert [(state, reason) for _, state, reason in await log_of(storage)] == [
        (S.OFF, "new"),
        (S.CONNECTING, ""),
        (S.FAILED, "broken"),
    ]
    facts = [entry.fact for entry in await facts_of(storage)][1:]
    assert facts == [
        DeviceStateChanged(device.id, "connecting", "", "off"),
        DeviceStateChanged(device.id, "failed", "broken", "connecting"),
    ]


async def test_the_end_of_a_ban_is_known_as_long_as_it_lasts(storage: Storage, device: Device) -> None:
    """With the next state it is gone."""

    async def until(state: DeviceState, end: Millis | None = None) -> Millis | None:
        await storage.write(connection.change_state, device, state, "banned", SystemClock().now(), until=end)
        return (await device_now(storage)).state_until

    assert await until(DeviceState.CONNECTING) is None
    assert await until(DeviceState.BANNED, Millis(1_900_000_000_000)) == 1_900_000_000_000
    assert await until(DeviceState.CONNECTING) is None


async def test_the_state_it_is_in_is_no_change(storage: Storage, device: Device) -> None:
    """Nor is a word of a session that has ended."""
    assert await come_into(storage, device, S.OPEN)
    assert not await come_into(storage, device, S.OPEN)
    assert await come_into(storage, device, S.LOGGED_OUT)
    assert not await come_into(storage, device, S.OPEN)

    assert (await device_now(storage)).state is S.LOGGED_OUT
    assert len(await log_of(storage)) == 3


async def test_a_wrong_clock_disorders_nothing(storage: Storage, device: Device) -> None:
    """A time before the last change, or in the future, is drawn between the two."""
    before = SystemClock().now()
    await come_into(storage, device, S.OPEN, at=0)
    await come_into(storage, device, S.RETRYING, at=2**60)
    after = SystemClock().now()

    times = [at for at, _, _ in await log_of(storage)]
    assert times[1] == device.state_at
    assert before <= times[2] <= after


async def test_a_late_holder_changes_no_state(storage: Storage, device: Device) -> None:
    """The claim that it gives is fenced: another incarnation, another epoch, nothing at all."""
    await storage.write(join_node, ME, "", 60_000, exclusive=False)
    await storage.write(claim_devices, ME, 1)
    for late in (Claim(ME, Epoch(0)), Claim(Incarnation("other"), Epoch(1))):
        assert not await storage.write(connection.change_state, device, S.OPEN, "", device.state_at, claim=late)

    mine = Claim(ME, Epoch(1))
    assert await storage.write(connection.change_state, device, S.OPEN, "", device.state_at, claim=mine)


async def test_the_log_tells_how_long_a_device_was_disconnected(storage: Storage, device: Device) -> None:
    """Only open counts as connected; states that follow each other are one time."""
    start = int(device.state_at) - 1_000_000
    await storage.write(backdate, start)
    for seconds, state in [
        (100, S.CONNECTING),
        (200, S.OPEN),
        (300, S.RETRYING),
        (400, S.CONNECTING),
        (500, S.OPEN),
    ]:
        await come_into(storage, device, state, at=start + seconds * 1000)
    now = Millis(start + 600_000)

    found = await storage.read(connection.disconnections, device.id, now)
    assert [(from_at - start, to_at - start) for from_at, to_at in found] == [(300_000, 500_000), (0, 200_000)]
    assert await storage.read(connection.disconnected_since, device.id) is None
    assert await storage.read(connection.cutoff_of, device.id, now, 300_000) == start + 100_000
    assert await storage.read(connection.cutoff_of, device.id, now, 400_001) is None

    await come_into(storage, device, S.BANNED, at=start + 550_000)
    assert await storage.read(connection.disconnected_since, device.id) == start + 550_000
    assert await storage.read(connection.cutoff_of, device.id, now, 50_000) == start + 550_000


async def test_old_lines_go_but_never_the_newest(storage: Storage, device: Device) -> None:
    """A device that has been off for a year still says since when."""
    await come_into(storage, device, S.OPEN)
    await come_into(storage, device, S.OFF)
    far = Millis(2**60)

    assert await storage.write(connection.forget_states, far, 1) <= 1
    while await storage.write(connection.forget_states, far, 100):
        pass

    lines = await storage.read(connection.states_of, device.id)
    assert lines[0].state is S.OFF
    assert all(line.at == lines[0].at for line in lines)


async def backdate(tx: Tx, at: int) -> None:
    await tx.run("UPDATE device SET state_at = $1", at)
    await tx.run("UPDATE device_state SET at = $1", at)
