"""Deleting a device: its number and its tokens are free at once, what it sent stays in the history."""

from collections.abc import Sequence

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.facts import DeviceDeleted
from merpati.core.ids import AccountId, DeviceId, Epoch
from merpati.devices import store, store_deletion, store_deletion_codes, store_tokens
from merpati.log.actions import record
from merpati.log.model import Recorded
from merpati.storage.port import Tx


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """A deleted device; `held`: a node has its session still, and finishes what it is handing over."""

    id: DeviceId
    account: AccountId
    epoch: Epoch
    held: bool


async def delete_device(tx: Tx, id_: DeviceId) -> None:
    """Take the device away; a node that holds it ends its session. Raises `Refusal(DEVICE_UNKNOWN)`.

    May run twice. What waits to be sent is ended by `messages.changes.cancel_of_device`, as it may be much.
    """
    device = (await store.devices_by_ids(tx, [id_])).get(id_)
    if device is None:
        raise Refusal(Code.DEVICE_UNKNOWN)
    await tx.lock([device.account])
    if not await store_deletion.mark_deleted(tx, id_, tx.now):
        return
    await store_tokens.drop_tokens(tx, id_)
    await store_deletion_codes.delete_code(tx, id_)
    await record(tx, [Recorded(device.account, DeviceDeleted(id_))])


async def deleted_devices(tx: Tx, among: Sequence[DeviceId]) -> list[Gone]:
    """Those of these devices that were deleted."""
    return [
        Gone(id=id_, account=account, epoch=epoch, held=held)
        for id_, account, epoch, held in await store_deletion.deleted(tx, among)
    ]
