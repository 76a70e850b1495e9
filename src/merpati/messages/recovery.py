"""What the opening of a device's session, or its deletion, means for its messages."""

from collections.abc import Sequence

import msgspec

from merpati.core.clock import Clock, Millis
from merpati.core.ids import DeviceId
from merpati.devices.connection import change_state, cutoff_of
from merpati.devices.deletion import deleted_devices
from merpati.devices.model import Claim, Device
from merpati.messages.changes import cancel_of_device, expire_messages, recover_device
from merpati.messages.first_contact import begin_number
from merpati.storage.clock import database_now
from merpati.storage.port import Storage, Tx
from merpati.transports.port import SessionState

CLEAR_DEVICE = "messages.clear_device"
"""The kind of job that ends what a deleted device had open; its args are `ClearDevice`."""
ENDED_AT_ONCE = 200
EXPIRED_AT_ONCE = 500
"""Messages ended in one transaction when a session opens; the sweep ends the rest before they could go out."""


class ClearDevice(msgspec.Struct, frozen=True):
    """Whose messages to end."""

    device: DeviceId


async def expire_overdue(tx: Tx, device: Device, at: Millis, expire_after_ms: int) -> int:
    """End what was due and waited `expire_after_ms` in sum for this disconnected device; answers how many."""
    cutoff = await cutoff_of(tx, device.id, at, expire_after_ms)
    if cutoff is None:
        return 0
    return await expire_messages(tx, device.account, device.id, cutoff, EXPIRED_AT_ONCE)


async def clear_devices(storage: Storage, clock: Clock, devices: Sequence[DeviceId]) -> None:
    """End what is open of those of these devices that were deleted, a chunk at a time. May run twice."""
    for gone in await storage.read(deleted_devices, devices):
        while await storage.write_bulk(cancel_of_device, gone, clock.now(), ENDED_AT_ONCE):
            pass


async def open_session(
    tx: Tx,
    device: Device,
    claim: Claim,
    *,
    number: str,
    takes_ref: bool,
    at: Millis,
    gap_ms: int,
    expire_after_ms: int,
) -> Millis:
    """A session opened: expire, settle what an earlier owner left, record the state; answers since when it is that
    number. May run twice.

    `number`: as in `change_state`. `gap_ms` is drawn from the device's pace, for the case that something had been
    handed over just before.
    """
    await tx.lock([device.account])
    while await expire_overdue(tx, device, at, expire_after_ms) == EXPIRED_AT_ONCE:
        pass
    await recover_device(tx, device.id, claim.epoch, takes_ref, at, gap_ms)
    await change_state(tx, device, SessionState.OPEN, "", at, claim=claim, number=number)
    return await begin_number(tx, device.id, number or device.number, await database_now(tx))
