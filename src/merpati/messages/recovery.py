"""What the opening of a device's session means for its messages, in one transaction."""

from merpati.core.clock import Millis
from merpati.devices.connection import change_state, cutoff_of
from merpati.devices.model import Claim, Device
from merpati.messages.changes import expire_messages, recover_device
from merpati.storage.port import Tx
from merpati.transports.port import SessionState

EXPIRED_AT_ONCE = 500
"""Messages ended in one transaction when a session opens; the sweep ends the rest before they could go out."""


async def expire_overdue(tx: Tx, device: Device, at: Millis, expire_after_ms: int) -> int:
    """End what was due and waited `expire_after_ms` in sum for this disconnected device; answers how many."""
    cutoff = await cutoff_of(tx, device.id, at, expire_after_ms)
    if cutoff is None:
        return 0
    return await expire_messages(tx, device.account, device.id, cutoff, EXPIRED_AT_ONCE)


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
) -> None:
    """A session opened: expire, settle what an earlier owner left, record the state. May run twice.

    `number`: as in `change_state`. `gap_ms` is drawn from the device's pace, for the case that something had been
    handed over just before.
    """
    await tx.lock([device.account])
    while await expire_overdue(tx, device, at, expire_after_ms) == EXPIRED_AT_ONCE:
        pass
    await recover_device(tx, device.id, claim.epoch, takes_ref, at, gap_ms)
    await change_state(tx, device, SessionState.OPEN, "", at, claim=claim, number=number)
