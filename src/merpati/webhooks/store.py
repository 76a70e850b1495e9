"""The SQL of endpoints, dead letters and calls."""

from collections.abc import Sequence

import msgspec

from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.storage.port import Row, Tx
from merpati.webhooks.model import (
    Call,
    DeadLetter,
    Endpoint,
    EndpointKind,
    EndpointState,
    GivenUp,
    OldSecret,
)

ENDPOINT = (
    "id",
    "account_id",
    "device_id",
    "kind",
    "url",
    "secret_sealed",
    "state",
    "state_reason",
    "version",
    "old_secrets",
)
"""The columns that `read_endpoint` reads."""
_ENDPOINT = ", ".join(ENDPOINT)
_DEAD = "endpoint_id, account_id, device_id, first_seq, last_seq, at, reason"
_CALL = "endpoint_id, account_id, seq, attempt, at, took_ms, status, error"


async def insert_endpoint(tx: Tx, endpoint: Endpoint) -> None:
    await tx.run(
        f"INSERT INTO endpoint ({_ENDPOINT}, changed_at, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, {now}, {now}) ON CONFLICT DO NOTHING",
        endpoint.id,
        endpoint.account,
        endpoint.device,
        endpoint.kind,
        endpoint.url,
        endpoint.secret_sealed,
        endpoint.state,
        endpoint.state_reason,
        endpoint.version,
        _write_old(endpoint.old_secrets),
    )


async def change_endpoint(tx: Tx, endpoint: EndpointId, url: str, state: EndpointState, reason: str) -> None:
    await tx.run(
        "UPDATE endpoint SET url = $1, state = $2, state_reason = $3, version = version + 1, changed_at = {now} "
        "WHERE id = $4",
        url,
        state,
        reason,
        endpoint,
    )


async def set_secret(tx: Tx, endpoint: EndpointId, sealed: str, old: Sequence[OldSecret]) -> None:
    await tx.run(
        "UPDATE endpoint SET secret_sealed = $1, old_secrets = $2, version = version + 1, changed_at = {now} "
        "WHERE id = $3",
        sealed,
        _write_old(old),
        endpoint,
    )


async def touch_endpoint(tx: Tx, endpoint: EndpointId) -> None:
    await tx.run("UPDATE endpoint SET version = version + 1, changed_at = {now} WHERE id = $1", endpoint)


async def disable_endpoints(tx: Tx, endpoints: Sequence[EndpointId], reason: str) -> None:
    await tx.set(
        "UPDATE endpoint SET state = r.state, state_reason = r.reason, version = version + 1, "
        "changed_at = {now} FROM {r} WHERE endpoint.id = r.id AND endpoint.state = r.active",
        "id bigint, state text, reason text, active text",
        [(id_, EndpointState.DISABLED, reason, EndpointState.ACTIVE) for id_ in endpoints],
    )


async def endpoint_by_id(tx: Tx, endpoint: EndpointId) -> Endpoint | None:
    row = await tx.one(f"SELECT {_ENDPOINT} FROM endpoint WHERE id = $1", endpoint)
    return read_endpoint(row) if row else None


async def endpoint_of(tx: Tx, account: AccountId, device: DeviceId, kind: EndpointKind) -> Endpoint | None:
    row = await tx.one(
        f"SELECT {_ENDPOINT} FROM endpoint WHERE account_id = $1 AND device_id = $2 AND kind = $3",
        account,
        device,
        kind,
    )
    return read_endpoint(row) if row else None


async def endpoints_of_device(tx: Tx, device: DeviceId) -> list[Endpoint]:
    rows = await tx.all(f"SELECT {_ENDPOINT} FROM endpoint WHERE device_id = $1 ORDER BY kind", device)
    return [read_endpoint(row) for row in rows]


async def endpoints_of_account(tx: Tx, account: AccountId) -> list[Endpoint]:
    rows = await tx.all(f"SELECT {_ENDPOINT} FROM endpoint WHERE account_id = $1 ORDER BY device_id, kind", account)
    return [read_endpoint(row) for row in rows]


def read_endpoint(row: Row) -> Endpoint:
    id_, account, device, kind, url, secret, state, reason, version, old = row
    return Endpoint(
        id=id_,
        account=account,
        device=device,
        kind=EndpointKind(kind),
        url=url,
        secret_sealed=secret,
        state=EndpointState(state),
        state_reason=reason,
        version=version,
        old_secrets=msgspec.json.decode(old, type=tuple[OldSecret, ...]),
    )


def _write_old(old: Sequence[OldSecret]) -> str:
    return msgspec.json.encode(old).decode()


# -- dead letters --


async def insert_dead(tx: Tx, letters: Sequence[DeadLetter]) -> None:
    await tx.set(
        f"INSERT INTO dead_letter ({_DEAD}) SELECT {_DEAD} FROM {{r}} WHERE true "
        "ON CONFLICT (endpoint_id, device_id, first_seq) DO UPDATE SET last_seq = excluded.last_seq, "
        "at = excluded.at, reason = excluded.reason WHERE dead_letter.last_seq < excluded.last_seq",
        "endpoint_id bigint, account_id bigint, device_id bigint, first_seq bigint, last_seq bigint, "
        "at bigint, reason text",
        [(d.endpoint, d.account, d.device, d.first, d.last, d.at, d.reason) for d in letters],
    )


async def take_dead(tx: Tx, endpoint: EndpointId, device: DeviceId, first: int) -> DeadLetter | None:
    row = await tx.one(
        f"DELETE FROM dead_letter WHERE endpoint_id = $1 AND device_id = $2 AND first_seq = $3 RETURNING {_DEAD}",
        endpoint,
        device,
        first,
    )
    return _dead(row) if row else None


async def dead_of_account(tx: Tx, account: AccountId, limit: int) -> list[DeadLetter]:
    rows = await tx.all(
        f"SELECT {_DEAD} FROM dead_letter WHERE account_id = $1 "
        "ORDER BY at DESC, endpoint_id, device_id, first_seq LIMIT $2",
        account,
        limit,
    )
    return [_dead(row) for row in rows]


async def dead_of_endpoint(tx: Tx, endpoint: EndpointId, at: int, first: int, limit: int) -> list[DeadLetter]:
    rows = await tx.all(
        f"SELECT {_DEAD} FROM dead_letter WHERE endpoint_id = $1 AND (at, first_seq) < ($2, $3) "
        "ORDER BY at DESC, first_seq DESC LIMIT $4",
        endpoint,
        at,
        first,
        limit,
    )
    return [_dead(row) for row in rows]


async def dead_by(tx: Tx, endpoint: EndpointId, first: int) -> DeadLetter | None:
    row = await tx.one(
        f"SELECT {_DEAD} FROM dead_letter WHERE endpoint_id = $1 AND first_seq = $2 ORDER BY device_id",
        endpoint,
        first,
    )
    return _dead(row) if row else None


def _dead(row: Row) -> DeadLetter:
    endpoint, account, device, first, last, at, reason = row
    return DeadLetter(
        endpoint=endpoint, account=account, device=device, first=first, last=last, at=at, reason=GivenUp(reason)
    )


# -- calls --


async def insert_calls(tx: Tx, calls: Sequence[Call]) -> None:
    await tx.set(
        f"INSERT INTO hook_call ({_CALL}) SELECT {_CALL} FROM {{r}} WHERE true ON CONFLICT DO NOTHING",
        "endpoint_id bigint, account_id bigint, seq bigint, attempt bigint, at bigint, took_ms bigint, "
        "status bigint, error text",
        [(c.endpoint, c.account, c.seq, c.attempt, c.at, c.took_ms, c.status, c.error) for c in calls],
    )


async def calls_of(tx: Tx, endpoint: EndpointId, at: int, seq: int, limit: int) -> list[Call]:
    rows = await tx.all(
        f"SELECT {_CALL} FROM hook_call WHERE endpoint_id = $1 AND (at, seq) < ($2, $3) "
        "ORDER BY at DESC, seq DESC LIMIT $4",
        endpoint,
        at,
        seq,
        limit,
    )
    return [
        Call(
            endpoint=row[0],
            account=row[1],
            seq=row[2],
            attempt=row[3],
            at=row[4],
            took_ms=row[5],
            status=row[6],
            error=row[7],
        )
        for row in rows
    ]


async def last_passed(tx: Tx, endpoint: EndpointId) -> int | None:
    row = await tx.one(
        "SELECT at FROM hook_call WHERE endpoint_id = $1 AND status >= 200 AND status < 300 "
        "ORDER BY at DESC LIMIT 1",
        endpoint,
    )
    return row[0] if row else None


async def delete_before(tx: Tx, at: int, limit: int) -> int:
    gone = 0
    for table, key in (("hook_call", "endpoint_id, at, seq"), ("dead_letter", "endpoint_id, device_id, first_seq")):
        rows = await tx.all(
            f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE at < $1 ORDER BY at LIMIT $2) "
            "RETURNING at",
            at,
            limit,
        )
        gone += len(rows)
    return gone
