"""Hand-overs whose answer was lost, on a network that does not know a repeat, but gives our reference back: it may
say by itself that it has the message (an echo). Where it does not in time, an owner may have it sent again: it may
then arrive twice.

Source: Meta's Cloud API, "Status messages webhook": `biz_opaque_callback_data` comes back in each status.
"""

from collections.abc import Sequence

from merpati.core.clock import SECOND_MS
from merpati.core.errors import Code
from merpati.core.facts import MessageRetried
from merpati.core.ids import AccountId, DeviceId, MessageId
from merpati.devices.views import find_devices
from merpati.messages import store_outbox, store_outcomes, store_unclear
from merpati.messages.actions import record_all
from merpati.messages.model import HoldReason
from merpati.messages.store_accept import insert_holds
from merpati.storage.clock import database_now
from merpati.storage.port import Tx

ECHO_MS = 90 * SECOND_MS
"""How long the network's own word is waited for."""


async def hold_unclear(tx: Tx, unclear: Sequence[tuple[MessageId, DeviceId, int]], now: int) -> None:
    """(message, device, ended at) of hand-overs that just became uncertain: where the device is set to send such
    again, until when an echo is waited for."""
    devices = await find_devices(tx, sorted({device for _, device, _ in unclear})) if unclear else {}
    again = {id_ for id_, device in devices.items() if device.settings.resend_unclear}
    await insert_holds(
        tx,
        [(message, at, HoldReason.UNCLEAR, now + ECHO_MS) for message, device, at in unclear if device in again],
    )


async def resend_unclear(tx: Tx, devices: Sequence[tuple[AccountId, DeviceId]], max_tries: int) -> list[DeviceId]:
    """Queue again what these devices, which are set to, sent without an echo in time; answers which have something.

    What was handed over `max_tries` times stays uncertain: a person decides. An echo that comes later still settles
    it, unless it was handed over again by then. May run twice.
    """
    await tx.lock([account for account, _ in devices])
    now = await database_now(tx)
    rows = await store_unclear.overdue(tx, [device for _, device in devices], now)
    tries = await store_outcomes.count_attempts(tx, [row.message for row in rows])
    again = [row for row in rows if tries.get(row.message, 1) < max_tries]
    moved = await store_unclear.queue_unclear(tx, [row.message for row in again])
    await store_outbox.enter_again(tx, [(id_, now, tries.get(id_, 1)) for id_ in sorted(moved)])
    back = [row for row in again if row.message in moved]
    await record_all(
        tx,
        [
            (row.account, MessageRetried(row.device, row.message, row.chat, Code.OUTCOME_UNKNOWN, now))
            for row in back
        ],
    )
    return sorted({row.device for row in back})


async def has_unclear(tx: Tx, devices: Sequence[DeviceId]) -> bool:
    """Whether there is something for `resend_unclear` to look at: a look that costs no write."""
    return bool(await store_unclear.overdue(tx, devices, await database_now(tx)))
