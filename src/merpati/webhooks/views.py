"""Reading endpoints, dead letters and calls."""

from collections.abc import Sequence

import msgspec

from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.log import readers
from merpati.storage.port import Tx
from merpati.webhooks import store, store_lanes
from merpati.webhooks.bodies import HEARS, body_of, hears
from merpati.webhooks.model import Call, Card, DeadLetter, Endpoint, EndpointState, LaneRow

LATEST = 2**63 - 1
MOST_WAITING = 1_000


async def list_device_endpoints(tx: Tx, device: DeviceId) -> list[Endpoint]:
    """The device's endpoints that are set, by kind, also when disabled."""
    known = await store.endpoints_of_device(tx, device)
    return [endpoint for endpoint in known if endpoint.state is not EndpointState.REMOVED]


async def list_endpoints(tx: Tx, account: AccountId) -> list[Endpoint]:
    """The account's endpoints that are set, by device and kind."""
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


async def told_in(tx: Tx, endpoint: Endpoint, calls: Sequence[Call], card: Card) -> dict[int, tuple[str, bytes]]:
    """Kind and body of the facts that these calls told, by number, while the log has them; as they are told now,
    with what `card` says of the device."""
    entries = await readers.read_facts(tx, endpoint.account, sorted({call.seq for call in calls}))
    known = {seq: entry for seq, entry in entries.items() if hears(endpoint.kind, entry.kind)}
    return {seq: (entry.kind, body_of(endpoint.kind, entry, card) or b"") for seq, entry in known.items()}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How an endpoint is doing."""

    endpoint: Endpoint
    failing_since: int | None
    next_try_at: int | None
    tries: int
    waiting: int
    """Facts, counted up to `MOST_WAITING`."""
    last_ok_at: int | None


async def failing_endpoints(tx: Tx, account: AccountId, limit: int) -> list[Standing]:
    """The account's endpoints whose calls fail, up to `limit`; those that have failed longest come first."""
    return [await standing_of(tx, each) for each in await store_lanes.failing_of(tx, account, limit)]


async def standing_of(tx: Tx, endpoint: Endpoint) -> Standing:
    """As stored: up to a fifth of a second late."""
    lanes = await store_lanes.lanes_of(tx, [endpoint.id])
    failing = [lane for lane in lanes if lane.attempt]
    return Standing(
        endpoint=endpoint,
        failing_since=min((lane.since_at for lane in failing), default=None),
        next_try_at=min((lane.next_try_at for lane in failing), default=None),
        tries=max((lane.attempt for lane in failing), default=0),
        waiting=await _waiting(tx, endpoint, lanes),
        last_ok_at=await store.last_passed(tx, endpoint.id),
    )


async def _waiting(tx: Tx, endpoint: Endpoint, lanes: Sequence[LaneRow]) -> int:
    kinds, cursors = list(HEARS[endpoint.kind]), await store_lanes.cursors_of(tx, [endpoint.id])
    if not kinds or endpoint.id not in cursors:
        return 0
    done = min([cursors[endpoint.id], *(lane.seq - 1 for lane in lanes)])
    return await readers.count_after(tx, endpoint.account, endpoint.device, done, kinds, MOST_WAITING)
