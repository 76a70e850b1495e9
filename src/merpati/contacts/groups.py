"""The groups of a device, as WhatsApp said when they were last read."""

from collections.abc import Sequence

import msgspec

from merpati.contacts import store_groups as store
from merpati.core.clock import Millis
from merpati.core.ids import DeviceId
from merpati.storage.port import Tx
from merpati.transports.port import Group


class GroupReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, and when."""

    read_at: Millis
    groups: tuple[Group, ...]
    """By name."""


async def keep_groups(tx: Tx, device: DeviceId, groups: Sequence[Group]) -> None:
    """These are all of the device's groups now. May run twice."""
    await store.replace_groups(tx, device, groups, tx.now)


async def groups_of(tx: Tx, device: DeviceId) -> GroupReading | None:
    """None: they were never read."""
    read_at = await store.read_at(tx, device)
    if read_at is None:
        return None
    return GroupReading(read_at=read_at, groups=tuple(await store.groups_of(tx, device)))
