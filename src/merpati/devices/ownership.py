"""Who holds which device's session: claims by the lease of a node, epochs that fence a late holder.

A device belongs to one incarnation of one process, as the database alone says. Every change of hands raises its
epoch; whoever acts for a device puts the `fence` into the statement, so a holder that came too late changes
nothing. Each of these is one statement, or short: no row lock waits for a process that sleeps.
"""

from merpati.core.ids import DeviceId, Epoch, Incarnation
from merpati.devices import store, store_ownership
from merpati.devices.connection import put_state
from merpati.devices.model import LIVE, DeviceState, Owned, Reason
from merpati.devices.store_ownership import fence as fence
from merpati.storage.port import Tx


async def claim_devices(tx: Tx, inc: Incarnation, limit: int) -> list[tuple[DeviceId, Epoch]]:
    """Take up to `limit` devices that are wanted and held by nobody alive; one statement.

    Two that claim at once get different ones. Nothing is taken by an incarnation that is dead itself.
    """
    return await store_ownership.claim(tx, inc, limit)


async def give_back_device(tx: Tx, inc: Incarnation, id_: DeviceId, reason: Reason) -> bool:
    """Let others have the device at once; its session has ended, which its log says if it does not say so yet.

    False: it was not held by this incarnation, nothing is changed. May run twice.
    """
    device = (await store.devices_by_ids(tx, [id_])).get(id_)
    if device is None:
        return False
    await tx.lock([device.account])
    if not await store_ownership.release(tx, inc, id_):
        return False
    device = (await store.devices_by_ids(tx, [id_])).get(id_, device)
    if device.state in LIVE:
        await put_state(tx, device, DeviceState.OFF, reason, tx.now)
    return True


async def mark_adrift(tx: Tx, limit: int) -> int:
    """Write into the log of up to `limit` devices that their holder is gone; answers how many. May run twice.

    Their disconnection counts from the last renewal of the holder that died, or from now where it was given back.
    """
    found = await store_ownership.adrift(tx, limit)
    await tx.lock([account for _, account, _ in found])
    # a second look under the lock: another node may have done it meanwhile
    still = {device: died_at for device, _, died_at in await store_ownership.adrift(tx, limit)}
    devices = await store.devices_by_ids(tx, [device for device, _, _ in found if device in still])
    for id_, device in sorted(devices.items()):
        if device.state in LIVE:
            died_at = still[id_]
            reason = Reason.NODE_LOST if died_at is not None else Reason.RELEASED
            await put_state(tx, device, DeviceState.OFF, reason, tx.now if died_at is None else died_at)
    return len(devices)


# -- views --


async def owned_devices(tx: Tx, inc: Incarnation) -> list[Owned]:
    """The devices that this incarnation holds."""
    return await store_ownership.owned(tx, inc)


async def unwanted_devices(tx: Tx, inc: Incarnation) -> list[DeviceId]:
    """Those that this incarnation holds though their owners want them disconnected."""
    return await store_ownership.unwanted(tx, inc)


async def owner_of(tx: Tx, device: DeviceId) -> tuple[Incarnation | None, Epoch] | None:
    """Who holds the device, under which epoch; None: there is no such device."""
    return await store_ownership.owner_of(tx, device)


async def claimable_exists(tx: Tx) -> bool:
    """Whether there is a device to claim."""
    return await store_ownership.claimable_exists(tx)


async def adrift_exists(tx: Tx) -> bool:
    """Whether there is something for `mark_adrift`."""
    return bool(await store_ownership.adrift(tx, 1))
