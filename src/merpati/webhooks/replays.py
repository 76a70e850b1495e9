"""Facts told once more because somebody asked: a range of the log, in its order, beside what is new.

A replay is a lane of its own. It reads the log a portion at a time, gives way to the lanes of what is new when
all places are taken, and stores its place like any lane. One at a time for an endpoint; dead letters' are apart.
"""

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, EndpointId
from merpati.log import readers
from merpati.log.model import FactSearch
from merpati.storage.port import Tx
from merpati.webhooks import store, store_lanes
from merpati.webhooks.bodies import facts_of
from merpati.webhooks.model import EVERY_DEVICE, AskedReplay, Endpoint, EndpointState, ReplayRow

MOST_REPLAYED = 100_000
"""Facts of one replay."""


class Plan(msgspec.Struct, frozen=True):
    """What a replay would tell; `facts` is 0 when there is nothing that the endpoint hears."""

    first: int
    last: int
    facts: int


async def find_range(tx: Tx, account: AccountId, start: int, end: int) -> tuple[int, int]:
    """First and last number of the facts from one instant to before another; the last is less when there are none.

    Raises `Refusal(LOG_FORGOT)` when some of that time may be forgotten.
    """
    kept = await readers.find_first_kept(tx, account)
    first = await readers.find_seq_at(tx, account, start)
    if kept is not None and kept > 1 and first == kept:
        (oldest,) = (await readers.read_facts(tx, account, [kept])).values()
        if oldest.at > start:
            raise Refusal(Code.LOG_FORGOT, kept=kept)
    return first, await readers.find_seq_at(tx, account, end) - 1


async def plan_replay(tx: Tx, endpoint: Endpoint, first: int, last: int) -> Plan:
    """How many facts that would be. Raises `Refusal` (LOG_FORGOT, REPLAY_TOO_LONG, INPUT_INVALID)."""
    head = await readers.find_head(tx, endpoint.account)
    if not first >= 1 or last > head:
        raise Refusal(Code.INPUT_INVALID, field="last")
    kept = await readers.find_first_kept(tx, endpoint.account)
    if first <= last and (kept is None or first < kept):
        raise Refusal(Code.LOG_FORGOT, kept=head + 1 if kept is None else kept)
    search = FactSearch(
        account=endpoint.account,
        after=first - 1,
        upto=last,
        devices=endpoint.devices,
        kinds=tuple(facts_of(endpoint.kinds)),
    )
    facts = await readers.count_facts(tx, search, MOST_REPLAYED + 1) if search.kinds else 0
    if facts > MOST_REPLAYED:
        raise Refusal(Code.REPLAY_TOO_LONG, most=MOST_REPLAYED)
    return Plan(first, last, facts)


async def ask_replay(tx: Tx, endpoint: EndpointId, first: int, last: int) -> AskedReplay:
    """Tell these facts once more, under the ids that they had.

    Raises `Refusal` (WEBHOOK_UNKNOWN, WEBHOOK_OFF, REPLAY_RUNNING, REPLAY_EMPTY, and what `plan_replay` raises).
    """
    await store.touch_endpoint(tx, endpoint)  # nobody else changes it until this is over
    known = await store.endpoint_by_id(tx, endpoint)
    if known is None:
        raise Refusal(Code.WEBHOOK_UNKNOWN)
    if known.state is not EndpointState.ACTIVE:
        raise Refusal(Code.WEBHOOK_OFF)
    if any(each.row.device == EVERY_DEVICE for each in await store_lanes.asked_replays_of(tx, endpoint)):
        raise Refusal(Code.REPLAY_RUNNING)
    plan = await plan_replay(tx, known, first, last)
    if plan.facts == 0:
        raise Refusal(Code.REPLAY_EMPTY)
    row = ReplayRow(endpoint, EVERY_DEVICE, first, last, first, tx.now)
    await store_lanes.insert_replay(tx, row, plan.facts)
    return AskedReplay(row, plan.facts)


async def stop_replay(tx: Tx, endpoint: EndpointId, first: int) -> None:
    """Tell no more of it. May run twice."""
    await store_lanes.stop_replays(tx, endpoint, first)
    await store.touch_endpoint(tx, endpoint)


async def list_replays(tx: Tx, endpoint: EndpointId) -> list[AskedReplay]:
    """Those under way, as stored: up to a fifth of a second late."""
    return await store_lanes.asked_replays_of(tx, endpoint)
