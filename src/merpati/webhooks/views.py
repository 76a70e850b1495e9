"""Reading endpoints, dead letters and calls."""

from collections.abc import Collection, Sequence

import msgspec

from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.log import readers
from merpati.log.model import LATEST, FactSearch, RawEntry
from merpati.storage.port import Tx
from merpati.webhooks import store, store_lanes
from merpati.webhooks.bodies import KIND_OF, facts_of
from merpati.webhooks.model import Call, DeadLetter, Endpoint, EndpointState, LaneRow, OutageRow

MOST_WAITING = 1_000


async def list_device_endpoints(tx: Tx, account: AccountId, device: DeviceId) -> list[Endpoint]:
    """The account's endpoints that hear this device, also when disabled."""
    return [each for each in await list_endpoints(tx, account) if each.hears_device(device)]


async def list_endpoints(tx: Tx, account: AccountId) -> list[Endpoint]:
    """The account's endpoints that are set: those of its own as they were made, then each device's by kind."""
    known = await store.endpoints_of_account(tx, account)
    return [endpoint for endpoint in known if endpoint.state is not EndpointState.REMOVED]


async def list_dead_letters(tx: Tx, account: AccountId, limit: int = 100) -> list[DeadLetter]:
    """What the account's endpoints did not get, newest first."""
    return await store.dead_of_account(tx, account, limit)


async def find_endpoint(tx: Tx, id_: EndpointId) -> Endpoint | None:
    """One that is set, also when it is disabled."""
    known = await store.endpoint_by_id(tx, id_)
    return known if known is not None and known.state is not EndpointState.REMOVED else None


async def dead_letters_of(tx: Tx, endpoint: EndpointId, before: tuple[int, int], limit: int) -> list[DeadLetter]:
    """What this endpoint did not get, before (instant, first fact), newest first."""
    return await store.dead_of_endpoint(tx, endpoint, *before, limit)


async def find_dead_letter(tx: Tx, endpoint: EndpointId, first: int) -> DeadLetter | None:
    """By its first fact."""
    return await store.dead_by(tx, endpoint, first)


async def list_calls(
    tx: Tx, endpoint: EndpointId, before: tuple[int, int] = (LATEST, LATEST), limit: int = 50
) -> list[Call]:
    """Calls to this endpoint before (instant, fact), newest first. Of very many calls only some are kept."""
    return await store.calls_of(tx, endpoint, *before, limit)


async def list_told(tx: Tx, endpoint: Endpoint, calls: Sequence[Call]) -> dict[int, RawEntry]:
    """The facts that these calls told, by number, while the log has them."""
    entries = await readers.read_facts(tx, endpoint.account, sorted({call.seq for call in calls}))
    return {seq: entry for seq, entry in entries.items() if entry.kind in KIND_OF}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How an endpoint is doing."""

    endpoint: Endpoint
    is_down: bool
    """It failed so often in a row that one fact at a time probes it; else only the facts that failed wait."""
    failing_since: int | None
    next_try_at: int | None
    tries: int
    waiting: int
    """Facts, counted up to `MOST_WAITING`."""
    last_ok_at: int | None
    last_failure: Call | None
    """The newest call that it did not take, while it fails."""


async def failing_endpoints(
    tx: Tx, account: AccountId, limit: int, among: Collection[DeviceId] | None = None
) -> list[Standing]:
    """The account's endpoints whose calls fail, or those that hear none but `among` these, up to `limit`.

    Those that have failed longest come first.
    """
    failing = await store_lanes.failing_of(tx, account, limit if among is None else LATEST)
    return [await standing_of(tx, each) for each in failing if each.hears_only(among)][:limit]


async def standing_of(tx: Tx, endpoint: Endpoint) -> Standing:
    """As stored: up to a fifth of a second late."""
    lanes = await store_lanes.lanes_of(tx, [endpoint.id])
    outage = (await store_lanes.outages_of(tx, [endpoint.id])).get(endpoint.id)
    failing: list[LaneRow | OutageRow] = [outage] if outage else [lane for lane in lanes if lane.attempt]
    return Standing(
        endpoint=endpoint,
        is_down=outage is not None,
        failing_since=min((each.since_at for each in failing), default=None),
        next_try_at=min((each.next_try_at for each in failing), default=None),
        tries=max((each.attempt for each in failing), default=0),
        waiting=await _waiting(tx, endpoint, lanes),
        last_ok_at=await store.last_passed(tx, endpoint.id),
        last_failure=await store.last_failed(tx, endpoint.id) if failing else None,
    )


async def _waiting(tx: Tx, endpoint: Endpoint, lanes: Sequence[LaneRow]) -> int:
    kinds, cursors = facts_of(endpoint.kinds), await store_lanes.cursors_of(tx, [endpoint.id])
    if not kinds or endpoint.id not in cursors:
        return 0
    done = min([cursors[endpoint.id], *(lane.seq - 1 for lane in lanes)])
    within = FactSearch(account=endpoint.account, after=done, devices=endpoint.devices, kinds=tuple(kinds))
    return await readers.count_facts(tx, within, MOST_WAITING)
