"""Messages that a device could not decrypt: how many are left. WhatsApp asks who sent one to send it again; when it
comes, it takes the place of the line (`inbound`).

Source: WhatsApp's linked devices: a receipt of the kind `retry` asks the sender's phone.
"""

from collections.abc import Sequence

import msgspec

from merpati.core.clock import DAY_MS
from merpati.core.ids import DeviceId
from merpati.messages import store_undecryptable as store
from merpati.storage.clock import database_now
from merpati.storage.port import Tx

COUNTED_MS = 7 * DAY_MS
"""What is older does not come any more, and nobody waits for it."""


class Undecryptable(msgspec.Struct, frozen=True):
    """How many messages of a device could not be decrypted in the last seven days, the first of them at `since`."""

    count: int
    since: int


async def undecryptable_of(tx: Tx, devices: Sequence[DeviceId]) -> dict[DeviceId, Undecryptable]:
    """Of these devices; those with none are left out."""
    left = await store.left_of(tx, devices, await database_now(tx) - COUNTED_MS) if devices else {}
    return {device: Undecryptable(count, since) for device, (count, since) in left.items()}


async def count_undecryptable(tx: Tx) -> int:
    """Of all devices."""
    return await store.count_left(tx, await database_now(tx) - COUNTED_MS)
