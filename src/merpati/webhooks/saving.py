"""What the runner loads and stores, each in one transaction. Actions and views; they may run more than once."""

from collections.abc import Mapping, Sequence

import msgspec

from merpati.core.ids import EndpointId, Epoch, Incarnation
from merpati.log.readers import close_cursors, hold_shards, move_cursors
from merpati.storage.port import Tx
from merpati.webhooks import store, store_lanes
from merpati.webhooks.model import READER, Call, Endpoint, EndpointEvent, LaneRow, OutageRow, ReplayRow
from merpati.webhooks.progress import Progress


class Stored(msgspec.Struct, frozen=True):
    """An active endpoint as it was left."""

    endpoint: Endpoint
    cursor: int
    lanes: list[LaneRow]
    replays: list[ReplayRow]
    outage: OutageRow | None = None


async def load_shards(tx: Tx, shards: Sequence[int]) -> list[Stored]:
    """Every active endpoint of these shards."""
    return await load_endpoints(tx, await store_lanes.endpoints_in(tx, shards))


async def load_endpoints(tx: Tx, endpoints: Sequence[Endpoint]) -> list[Stored]:
    """These endpoints with their positions; those without a cursor are not active."""
    ids = [endpoint.id for endpoint in endpoints]
    cursors = await store_lanes.cursors_of(tx, ids)
    lanes: dict[EndpointId, list[LaneRow]] = {}
    for lane in await store_lanes.lanes_of(tx, ids):
        lanes.setdefault(lane.endpoint, []).append(lane)
    replays: dict[EndpointId, list[ReplayRow]] = {}
    for replay in await store_lanes.replays_of(tx, ids):
        replays.setdefault(replay.endpoint, []).append(replay)
    outages = await store_lanes.outages_of(tx, ids)
    return [
        Stored(
            endpoint=endpoint,
            cursor=cursors[endpoint.id],
            lanes=lanes.get(endpoint.id, []),
            replays=replays.get(endpoint.id, []),
            outage=outages.get(endpoint.id),
        )
        for endpoint in endpoints
        if endpoint.id in cursors
    ]


async def list_changed(tx: Tx, within_ms: int) -> list[Endpoint]:
    """Endpoints that changed lately, of any state, by the database's clock."""
    return await store_lanes.endpoints_changed(tx, within_ms)


async def save_progress(
    tx: Tx,
    inc: Incarnation,
    held: Mapping[int, Epoch],
    progress: Sequence[Progress],
    calls: Sequence[Call],
) -> None:
    """Store how far these endpoints are, under the fence of their shards; raises `log.readers.LeaseLost`."""
    await hold_shards(tx, READER, inc, held, [one.account for one in progress])
    await move_cursors(tx, READER, [one.as_cursor() for one in progress])
    await store_lanes.upsert_lanes(tx, [row for one in progress for row in one.lanes])
    await store_lanes.delete_lanes(tx, [(one.endpoint, device) for one in progress for device in one.rejoined])
    await store_lanes.upsert_outages(tx, [one.outage for one in progress if one.outage is not None])
    await store_lanes.delete_outages(tx, [one.endpoint for one in progress if one.recovered])
    await store_lanes.move_replays(tx, [row for one in progress for row in one.replays])
    await store_lanes.delete_replays(tx, [row for one in progress for row in one.replayed])
    await store.insert_dead(tx, [letter for one in progress for letter in one.dead])
    await _disable(tx, [one for one in progress if one.gone])
    await store.insert_calls(tx, calls)


async def _disable(tx: Tx, gone: Sequence[Progress]) -> None:
    if gone:
        await store.disable_endpoints(tx, [one.endpoint for one in gone], EndpointEvent.GONE.value)
        await close_cursors(tx, READER, [(one.endpoint, one.account) for one in gone])
        for one in gone:
            await store_lanes.delete_lanes_of(tx, one.endpoint)
