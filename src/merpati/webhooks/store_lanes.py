"""The SQL of lanes, replays, and of what the runner loads."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.log.model import SHARDS
from merpati.storage.port import Tx
from merpati.webhooks.model import READER, AskedReplay, Endpoint, EndpointState, LaneRow, OutageRow, ReplayRow
from merpati.webhooks.store import ENDPOINT, read_endpoint

_LANE = "endpoint_id, device_id, seq, attempt, refusals, next_try_at, since_at"
_REPLAY = "endpoint_id, device_id, first_seq, last_seq, next_seq, asked_at"
_ENDPOINT = ", ".join(f"e.{column}" for column in ENDPOINT)
_IS_ACTIVE = f"EXISTS (SELECT 1 FROM endpoint e WHERE e.id = r.endpoint_id AND e.state = '{EndpointState.ACTIVE}')"


async def endpoints_in(tx: Tx, shards: Sequence[int]) -> list[Endpoint]:
    rows = await tx.set(
        f"SELECT {_ENDPOINT} FROM endpoint e, {{r}} WHERE e.account_id % {SHARDS} = r.shard AND e.state = r.state",
        "shard bigint, state text",
        [(shard, EndpointState.ACTIVE) for shard in shards],
    )
    return [read_endpoint(row) for row in rows]


async def endpoints_changed(tx: Tx, within_ms: int) -> list[Endpoint]:
    rows = await tx.all(
        f"SELECT {_ENDPOINT} FROM endpoint e WHERE e.changed_at >= {{now}} - $1 ORDER BY e.id", within_ms
    )
    return [read_endpoint(row) for row in rows]


async def cursors_of(tx: Tx, endpoints: Sequence[EndpointId]) -> dict[EndpointId, int]:
    rows = await tx.set(
        "SELECT k.reader_id, k.seq FROM reader_cursor k, {r} WHERE k.kind = r.kind AND k.reader_id = r.id",
        "kind text, id bigint",
        [(READER, endpoint) for endpoint in endpoints],
    )
    return {EndpointId(endpoint): seq for endpoint, seq in rows}


async def lanes_of(tx: Tx, endpoints: Sequence[EndpointId]) -> list[LaneRow]:
    rows = await tx.set(
        "SELECT l.endpoint_id, l.device_id, l.seq, l.attempt, l.refusals, l.next_try_at, l.since_at "
        "FROM hook_lane l, {r} WHERE l.endpoint_id = r.id",
        "id bigint",
        [(endpoint,) for endpoint in endpoints],
    )
    return [LaneRow(*row) for row in rows]


async def failing_of(tx: Tx, account: AccountId, limit: int) -> list[Endpoint]:
    """Those that have failed longest come first."""
    rows = await tx.all(
        f"SELECT {_ENDPOINT} FROM endpoint e JOIN (SELECT endpoint_id, min(since_at) AS since_at FROM hook_lane "
        "WHERE attempt > 0 GROUP BY endpoint_id) l ON l.endpoint_id = e.id "
        "WHERE e.account_id = $1 AND e.state = $2 ORDER BY l.since_at, e.id LIMIT $3",
        account,
        EndpointState.ACTIVE,
        limit,
    )
    return [read_endpoint(row) for row in rows]


async def outages_of(tx: Tx, endpoints: Sequence[EndpointId]) -> dict[EndpointId, OutageRow]:
    rows = await tx.set(
        "SELECT o.endpoint_id, o.attempt, o.since_at, o.next_try_at FROM hook_outage o, {r} "
        "WHERE o.endpoint_id = r.id",
        "id bigint",
        [(endpoint,) for endpoint in endpoints],
    )
    return {EndpointId(row[0]): OutageRow(*row) for row in rows}


async def upsert_outages(tx: Tx, rows: Sequence[OutageRow]) -> None:
    """Only while the endpoint is active: it may have been removed meanwhile."""
    await tx.set(
        "INSERT INTO hook_outage (endpoint_id, attempt, since_at, next_try_at) "
        f"SELECT endpoint_id, attempt, since_at, next_try_at FROM {{r}} WHERE {_IS_ACTIVE} "
        "ON CONFLICT (endpoint_id) DO UPDATE SET attempt = excluded.attempt, since_at = excluded.since_at, "
        "next_try_at = excluded.next_try_at",
        "endpoint_id bigint, attempt bigint, since_at bigint, next_try_at bigint",
        rows,
    )


async def delete_outages(tx: Tx, endpoints: Sequence[EndpointId]) -> None:
    await tx.set(
        "DELETE FROM hook_outage WHERE endpoint_id IN (SELECT r.id FROM {r})",
        "id bigint",
        [(endpoint,) for endpoint in endpoints],
    )


async def upsert_lanes(tx: Tx, rows: Sequence[LaneRow]) -> None:
    """Only while the endpoint is active: it may have been removed meanwhile."""
    await tx.set(
        f"INSERT INTO hook_lane ({_LANE}) SELECT {_LANE} FROM {{r}} "
        f"WHERE {_IS_ACTIVE} "
        "ON CONFLICT (endpoint_id, device_id) DO UPDATE SET seq = excluded.seq, attempt = excluded.attempt, "
        "refusals = excluded.refusals, next_try_at = excluded.next_try_at, since_at = excluded.since_at",
        "endpoint_id bigint, device_id bigint, seq bigint, attempt bigint, refusals bigint, "
        "next_try_at bigint, since_at bigint",
        rows,
    )


async def delete_lanes(tx: Tx, keys: Sequence[tuple[EndpointId, DeviceId]]) -> None:
    await tx.set(
        "DELETE FROM hook_lane WHERE (endpoint_id, device_id) IN (SELECT r.endpoint_id, r.device_id FROM {r})",
        "endpoint_id bigint, device_id bigint",
        keys,
    )


async def delete_lanes_of(tx: Tx, endpoint: EndpointId) -> None:
    await tx.run("DELETE FROM hook_lane WHERE endpoint_id = $1", endpoint)
    await tx.run("DELETE FROM hook_replay WHERE endpoint_id = $1", endpoint)
    await tx.run("DELETE FROM hook_outage WHERE endpoint_id = $1", endpoint)


async def calm_lanes_of(tx: Tx, endpoint: EndpointId) -> None:
    """Their next try is due at once, and their ladder begins anew."""
    await tx.run(
        "UPDATE hook_lane SET attempt = 0, refusals = 0, next_try_at = 0, since_at = 0 WHERE endpoint_id = $1",
        endpoint,
    )
    await tx.run("DELETE FROM hook_outage WHERE endpoint_id = $1", endpoint)


async def replays_of(tx: Tx, endpoints: Sequence[EndpointId]) -> list[ReplayRow]:
    rows = await tx.set(
        "SELECT p.endpoint_id, p.device_id, p.first_seq, p.last_seq, p.next_seq, p.asked_at "
        "FROM hook_replay p, {r} WHERE p.endpoint_id = r.id",
        "id bigint",
        [(endpoint,) for endpoint in endpoints],
    )
    return [ReplayRow(*row) for row in rows]


async def insert_replay(tx: Tx, row: ReplayRow, facts: int = 0) -> None:
    await tx.run(
        f"INSERT INTO hook_replay ({_REPLAY}, facts) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        *row,
        facts,
    )


async def asked_replays_of(tx: Tx, endpoint: EndpointId) -> list[AskedReplay]:
    rows = await tx.all(
        f"SELECT {_REPLAY}, facts FROM hook_replay WHERE endpoint_id = $1 ORDER BY first_seq, device_id",
        endpoint,
    )
    return [AskedReplay(ReplayRow(*row[:6]), row[6]) for row in rows]


async def stop_replays(tx: Tx, endpoint: EndpointId, first: int) -> None:
    await tx.run("DELETE FROM hook_replay WHERE endpoint_id = $1 AND first_seq = $2", endpoint, first)


async def move_replays(tx: Tx, rows: Sequence[ReplayRow]) -> None:
    await tx.set(
        "UPDATE hook_replay SET next_seq = r.next_seq FROM {r} WHERE hook_replay.endpoint_id = r.endpoint_id "
        "AND hook_replay.device_id = r.device_id AND hook_replay.first_seq = r.first_seq "
        "AND hook_replay.asked_at = r.asked_at",
        "endpoint_id bigint, device_id bigint, first_seq bigint, next_seq bigint, asked_at bigint",
        [(row.endpoint, row.device, row.first, row.next, row.asked_at) for row in rows],
    )


async def delete_replays(tx: Tx, rows: Sequence[ReplayRow]) -> None:
    await tx.set(
        "DELETE FROM hook_replay WHERE (endpoint_id, device_id, first_seq, asked_at) IN "
        "(SELECT r.endpoint_id, r.device_id, r.first_seq, r.asked_at FROM {r})",
        "endpoint_id bigint, device_id bigint, first_seq bigint, asked_at bigint",
        [(row.endpoint, row.device, row.first, row.asked_at) for row in rows],
    )
