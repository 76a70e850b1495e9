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
    "is_slot",
    "name",
    "kinds",
    "devices",
    "url",
    "secret_sealed",
    "old_secrets",
    "key_sealed",
    "state",
    "state_reason",
    "version",
)
"""The columns that `read_endpoint` reads."""
_ENDPOINT = ", ".join(ENDPOINT)
_DEAD = "endpoint_id, account_id, device_id, first_seq, last_seq, at, reason"
_CALL = "endpoint_id, account_id, seq, attempt, at, took_ms, status, error"


async def insert_endpoint(tx: Tx, endpoint: Endpoint) -> None:
    marks = ", ".join(f"${n + 1}" for n in range(len(ENDPOINT)))
    await tx.run(
        f"INSERT INTO endpoint ({_ENDPOINT}, changed_at, created_at) VALUES ({marks}, {{now}}, {{now}}) "
        "ON CONFLICT DO NOTHING",
        endpoint.id,
        endpoint.account,
        int(endpoint.is_slot),
        endpoint.name,
        _json(endpoint.kinds),
        _json(endpoint.devices),
        endpoint.url,
        endpoint.secret_sealed,
        _json(endpoint.old_secrets),
        endpoint.key_sealed,
        endpoint.state,
        endpoint.state_reason,
        endpoint.version,
    )


async def update_endpoint(tx: Tx, endpoint: Endpoint) -> None:
    """All but its account and its secrets that sign."""
    await tx.run(
        "UPDATE endpoint SET name = $1, kinds = $2, devices = $3, url = $4, key_sealed = $5, state = $6, "
        "state_reason = $7, version = version + 1, changed_at = {now} WHERE id = $8",
        endpoint.name,
        _json(endpoint.kinds),
        _json(endpoint.devices),
        endpoint.url,
        endpoint.key_sealed,
        endpoint.state,
        endpoint.state_reason,
        endpoint.id,
    )


async def set_secret(tx: Tx, endpoint: EndpointId, sealed: str, old: Sequence[OldSecret]) -> None:
    await tx.run(
        "UPDATE endpoint SET secret_sealed = $1, old_secrets = $2, version = version + 1, changed_at = {now} "
        "WHERE id = $3",
        sealed,
        _json(old),
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


async def slot_of(tx: Tx, account: AccountId, device: DeviceId, kind: EndpointKind) -> Endpoint | None:
    row = await tx.one(
        f"SELECT {_ENDPOINT} FROM endpoint WHERE account_id = $1 AND devices = $2 AND kinds = $3 AND is_slot = 1",
        account,
        _json((device,)),
        _json((kind,)),
    )
    return read_endpoint(row) if row else None


async def endpoints_of_account(tx: Tx, account: AccountId) -> list[Endpoint]:
    """Those of one's own first, as they were made, then each device's."""
    rows = await tx.all(f"SELECT {_ENDPOINT} FROM endpoint WHERE account_id = $1", account)
    found = [read_endpoint(row) for row in rows]
    return sorted(found, key=lambda each: (each.is_slot, each.devices if each.is_slot else (), each.kinds, each.id))


async def count_own(tx: Tx, account: AccountId, removed: EndpointState) -> int:
    row = await tx.one(
        "SELECT count(*) FROM endpoint WHERE account_id = $1 AND is_slot = 0 AND state <> $2", account, removed
    )
    return row[0] if row else 0


def read_endpoint(row: Row) -> Endpoint:
    id_, account, is_slot, name, kinds, devices, url, secret, old, key, state, reason, version = row
    return Endpoint(
        id=id_,
        account=account,
        is_slot=bool(is_slot),
        name=name,
        kinds=msgspec.json.decode(kinds, type=tuple[EndpointKind, ...]),
        devices=msgspec.json.decode(devices, type=tuple[DeviceId, ...]),
        url=url,
        secret_sealed=secret,
        old_secrets=msgspec.json.decode(old, type=tuple[OldSecret, ...]),
        key_sealed=key,
        state=EndpointState(state),
        state_reason=reason,
        version=version,
    )


def _json(values: Sequence[object]) -> str:
    return msgspec.json.encode(values).decode()


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
    return [_call(row) for row in rows]


async def last_failed(tx: Tx, endpoint: EndpointId) -> Call | None:
    row = await tx.one(
        f"SELECT {_CALL} FROM hook_call WHERE endpoint_id = $1 AND (status < 200 OR status > 299) "
        "ORDER BY at DESC LIMIT 1",
        endpoint,
    )
    return _call(row) if row else None


def _call(row: Row) -> Call:
    endpoint, account, seq, attempt, at, took_ms, status, error = row
    return Call(
        endpoint=endpoint,
        account=account,
        seq=seq,
        attempt=attempt,
        at=at,
        took_ms=took_ms,
        status=status,
        error=error,
    )


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
