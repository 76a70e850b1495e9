"""Reads: how many messages there are; `among` these devices, or of the whole account."""

from collections.abc import Collection, Sequence

import msgspec

from merpati.core.ids import AccountId, DeviceId
from merpati.messages import store_counts as store
from merpati.messages.model import MessageState
from merpati.messages.undecryptable import Undecryptable, undecryptable_of
from merpati.storage.port import Tx

FOREVER = 2**62


async def count_messages(tx: Tx, devices: Sequence[DeviceId]) -> dict[DeviceId, int]:
    """How many messages each of these devices was asked to send; devices with none are left out.

    Counts rows: a device with a million messages takes tens of milliseconds.
    """
    return dict(await store.outgoing_of(tx, devices))


class DeviceCounts(msgspec.Struct, frozen=True, kw_only=True):
    """A device's open messages, and its day."""

    queued: int
    """Open ones, those being handed over included."""
    held: int
    """Of these, kept back: by their time, or as the device is not connected."""
    accepted: int
    sent: int
    """Acknowledged by WhatsApp on that day, whenever accepted."""
    failed: int
    """Of those accepted on that day."""
    undecryptable: Undecryptable | None = None
    """What came and could not be read."""


async def count_devices(
    tx: Tx, account: AccountId, devices: Sequence[DeviceId], from_at: int
) -> dict[DeviceId, DeviceCounts]:
    """Of each of these devices of the account; its day began at `from_at`."""
    both_ways = await store.accepted_of(tx, devices, from_at)
    incoming = await store.incoming_of(tx, account, from_at)
    typed = await store.typed_of(tx, account, from_at)
    failed = await store.failed_of(tx, account, from_at)
    unread = await undecryptable_of(tx, devices)
    sent = {row[0]: row[2] for row in await store.sent_between(tx, [(id_, from_at, FOREVER) for id_ in devices])}
    return {
        id_: DeviceCounts(
            queued=sending + queued,
            held=held,
            accepted=both_ways.get(id_, 0) - incoming.get(id_, 0) - typed.get(id_, 0),
            sent=sent.get(id_, 0),
            failed=failed.get(id_, 0),
            undecryptable=unread.get(id_),
        )
        for id_, sending, queued, held in await store.open_of(tx, devices)
    }


async def count_sent(
    tx: Tx, devices: Sequence[DeviceId], from_at: int, span_ms: int, spans: int
) -> dict[DeviceId, list[int]]:
    """How many messages of each device WhatsApp acknowledged in each of `spans` spans since `from_at`."""
    asked = [(id_, from_at + n * span_ms, from_at + (n + 1) * span_ms) for id_ in devices for n in range(spans)]
    counted: dict[DeviceId, list[int]] = {id_: [0] * spans for id_ in devices}
    for id_, at, count in await store.sent_between(tx, asked):
        counted[id_][(at - from_at) // span_ms] = count
    return counted


class DayCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the messages that were accepted on a day, and how many came in."""

    accepted: int
    sent: int
    delivered: int
    read: int
    failed: int
    incoming: int


async def count_day(
    tx: Tx, account: AccountId, from_at: int, among: Collection[DeviceId] | None = None
) -> DayCounts:
    """Of the day that began then. Reads the day's rows: 86,000 of them take some 70 ms."""
    both_ways, incoming, typed, unsent, failed, delivered, read = await store.day_of(tx, account, from_at, among)
    accepted = both_ways - incoming - typed
    return DayCounts(
        accepted=accepted,
        sent=accepted - unsent,
        delivered=delivered + read,
        read=read,
        failed=failed,
        incoming=incoming,
    )


async def count_incoming(
    tx: Tx, account: AccountId, from_at: int, span_ms: int, spans: int, among: Collection[DeviceId] | None = None
) -> list[int]:
    """How many messages came in, in each of `spans` spans since `from_at`."""
    asked = [(from_at + n * span_ms, from_at + (n + 1) * span_ms) for n in range(spans)]
    return [count for _, count in sorted(await store.incoming_between(tx, account, asked, among))]


async def count_ended(
    tx: Tx,
    account: AccountId,
    state: MessageState,
    from_at: int = 0,
    among: Collection[DeviceId] | None = None,
) -> tuple[int, int]:
    """(how many, since when the oldest) of those accepted since `from_at` that ended so; found by an index."""
    return await store.ended_in(tx, account, state, from_at, among)
