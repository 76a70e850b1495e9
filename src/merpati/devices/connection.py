"""The connection log: what state a device's session was in, and for how long it was not connected."""

from collections.abc import Sequence
from typing import NamedTuple

from merpati.core.clock import Millis
from merpati.core.facts import DeviceStateChanged
from merpati.core.ids import DeviceId
from merpati.devices import store, store_connection, store_ownership
from merpati.devices.model import Claim, Device, DeviceState, StateChange, may_follow
from merpati.devices.store_connection import is_connected as is_connected
from merpati.log.actions import record
from merpati.log.model import Recorded
from merpati.storage.port import Tx

MOST_TURNS = 1000


class Interval(NamedTuple):
    """A time during which a device was not connected."""

    from_at: Millis
    to_at: Millis


async def change_state(
    tx: Tx,
    device: Device,
    state: DeviceState,
    reason: str,
    at: Millis,
    *,
    claim: Claim | None = None,
    number: str = "",
    until: Millis | None = None,
) -> bool:
    """Store that the device's session came into `state` at `at`: row, connection log, fact. False: nothing to do.

    Nothing is done when the device is in that state, when its state has no such successor (a late word of a
    session that has ended), or when `claim` is given and the device belongs to another by now. An `at` before the
    last change or in the future is drawn between, so that a wrong clock disorders nothing. `number`: the device's
    on WhatsApp, where the network tells it; it is kept until WhatsApp logs the device out. `until`: the end of the
    state, where the network tells it. May run twice.
    """
    await tx.lock([device.account])
    if claim is not None and not await store_ownership.holds(tx, device.id, claim):
        return False
    current = (await store.devices_by_ids(tx, [device.id])).get(device.id)
    if current is None or current.state is state or not may_follow(current.state, state):
        return False
    await put_state(tx, current, state, reason, at, until)
    if number or state is DeviceState.LOGGED_OUT:
        await store.set_paired_number(tx, device.id, number)
    return True


async def put_state(
    tx: Tx, current: Device, state: DeviceState, reason: str, at: Millis, until: Millis | None = None
) -> None:
    """Store a change that is known to be one; the account is locked and `current` was read since."""
    at = max(current.state_at, min(at, tx.now))
    await store.set_state(tx, current.id, state, reason, at, until)
    await store_connection.insert_state(tx, current.id, at, state, reason)
    fact = DeviceStateChanged(current.id, state, reason, current.state)
    await record(tx, [Recorded(current.account, fact)])


async def forget_states(tx: Tx, before: Millis, limit: int) -> int:
    """Drop up to `limit` lines of the log older than `before`, never a device's newest; answers how many went."""
    return await store_connection.delete_states_before(tx, before, limit)


# -- views --


async def states_of(tx: Tx, device: DeviceId, limit: int = 100) -> list[StateChange]:
    """The newest lines of a device's connection log, newest first."""
    return await store_connection.newest_states(tx, device, limit)


async def states_before(
    tx: Tx, device: DeviceId, before: tuple[int, int], limit: int
) -> list[tuple[StateChange, int]]:
    """The lines of a device's connection log before (at, n), newest first; each with its n."""
    return await store_connection.states_before(tx, device, before, limit)


async def down_spans(
    tx: Tx, devices: Sequence[DeviceId], from_at: Millis, span_ms: int, spans: int
) -> dict[DeviceId, list[bool]]:
    """Of each device, in which of `spans` spans since `from_at` it was not connected for a moment or longer.

    What is to come is not down, nor the time before the device was added.
    """
    changes: dict[DeviceId, list[tuple[Millis, bool]]] = {id_: [] for id_ in devices}
    for id_, at, up in await store_connection.states_since(tx, devices, from_at):
        changes[id_].append((at, up))
    return {
        id_: [
            is_down_in(turns, from_at + n * span_ms, min(from_at + (n + 1) * span_ms, tx.now)) for n in range(spans)
        ]
        for id_, turns in changes.items()
    }


async def disconnections(tx: Tx, device: DeviceId, now: Millis) -> list[Interval]:
    """When the device was not connected, newest first, as far back as the log goes (at most 500 times)."""
    return intervals(await store_connection.turns(tx, device, MOST_TURNS), now)


async def disconnected_since(tx: Tx, device: DeviceId) -> Millis | None:
    """Since when the device is not connected; None while it is."""
    newest = await store_connection.turns(tx, device, 1)
    return newest[0][0] if newest and not newest[0][1] else None


async def cutoff_of(tx: Tx, device: DeviceId, now: Millis, limit_ms: int) -> Millis | None:
    """`expiry_cutoff` of this device."""
    return expiry_cutoff(await disconnections(tx, device, now), now, limit_ms)


# -- pure --


def intervals(turns: Sequence[tuple[Millis, bool]], now: Millis) -> list[Interval]:
    """Turns (at, connected), newest first, become the times of no connection, newest first."""
    found: list[Interval] = []
    end = now
    for at, connected in turns:
        if not connected and at < end:
            found.append(Interval(at, end))
        end = min(at, end)
    return found


def is_down_in(turns: Sequence[tuple[Millis, bool]], from_at: int, to_at: int) -> bool:
    """Whether a device with these turns (at, connected), oldest first, was disconnected within [from, to)."""
    ends = [*(at for at, _ in turns[1:]), to_at]
    return any(not up and max(at, from_at) < min(end, to_at) for (at, up), end in zip(turns, ends, strict=False))


def expiry_cutoff(disconnected: Sequence[Interval], now: Millis, limit_ms: int) -> Millis | None:
    """The latest instant since which the device was disconnected for `limit_ms` in sum; None: there is none.

    A message due at or before it has waited that long for a disconnected device. `disconnected` is newest first,
    without overlaps. Time of connection (pace, delay, quiet hours) does not count.
    """
    left_ms = limit_ms
    for interval in disconnected:
        to_at = min(interval.to_at, now)
        lasted_ms = to_at - interval.from_at
        if lasted_ms >= left_ms:
            return Millis(to_at - left_ms)
        left_ms -= max(lasted_ms, 0)
    return None
