"""The SQL of keys."""

from collections.abc import Iterable, Sequence

import msgspec

from merpati.accounts.key_model import Grants, Key, OpenedKey, Scope
from merpati.accounts.model import Account
from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId, KeyId
from merpati.storage.port import Row, Tx, Value

_GRANTS = "name, scopes, devices, networks, expires_at"
_KEY = f"id, account_id, {_GRANTS}, hint, created_at, used_at, used_from"
_KEY_K = ", ".join(f"k.{name}" for name in _KEY.split(", "))
_OVERLAP = "(SELECT max(o.valid_until) FROM api_key_old o WHERE o.key_id = k.id AND o.valid_until > {now})"
_ACCOUNT_A = "a.id, a.name, a.created_at"
_ACCOUNT_WIDTH = 3


async def insert_key(tx: Tx, key: Key, token_hash: str) -> None:
    await tx.run(
        f"INSERT INTO api_key ({_KEY}, token_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, '', $10) "
        "ON CONFLICT (id) DO NOTHING",
        key.id,
        key.account,
        *_values(key.grants),
        key.hint,
        key.created_at,
        token_hash,
    )


async def set_grants(tx: Tx, id_: KeyId, grants: Grants) -> None:
    await tx.run(
        "UPDATE api_key SET name = $2, scopes = $3, devices = $4, networks = $5, expires_at = $6 WHERE id = $1",
        id_,
        *_values(grants),
    )


async def count_keys(tx: Tx, account: AccountId, except_: KeyId) -> int:
    row = await tx.one("SELECT count(*) FROM api_key WHERE account_id = $1 AND id <> $2", account, except_)
    return int(row[0]) if row else 0


async def delete_key(tx: Tx, id_: KeyId) -> None:
    await tx.run("DELETE FROM api_key_old WHERE key_id = $1", id_)
    await tx.run("DELETE FROM api_key WHERE id = $1", id_)


async def keep_secret(tx: Tx, id_: KeyId, new_hash: str, until: Millis) -> None:
    """The key's present secret works until then, unless it is the new one already; what has run out goes."""
    await tx.run("DELETE FROM api_key_old WHERE key_id = $1 AND valid_until <= {now}", id_)
    await tx.run(
        "INSERT INTO api_key_old (token_hash, key_id, valid_until) "
        "SELECT token_hash, id, CAST($3 AS BIGINT) FROM api_key WHERE id = $1 AND token_hash <> $2 "
        "ON CONFLICT DO NOTHING",
        id_,
        new_hash,
        until,
    )


async def drop_secrets(tx: Tx, id_: KeyId) -> None:
    await tx.run("DELETE FROM api_key_old WHERE key_id = $1", id_)


async def set_secret(tx: Tx, id_: KeyId, token_hash: str, hint: str) -> None:
    await tx.run("UPDATE api_key SET token_hash = $2, hint = $3 WHERE id = $1", id_, token_hash, hint)


async def set_used(tx: Tx, uses: Iterable[tuple[KeyId, Millis, str]]) -> None:
    await tx.set(
        "UPDATE api_key SET used_at = r.at, used_from = r.address FROM {r} "
        "WHERE api_key.id = r.id AND (api_key.used_at IS NULL OR api_key.used_at < r.at)",
        "id bigint, at bigint, address text",
        list(uses),
    )


# -- reads --


async def key_by(tx: Tx, id_: KeyId) -> Key | None:
    row = await tx.one(f"SELECT {_KEY_K}, {_OVERLAP} FROM api_key k WHERE k.id = $1", id_)
    return _key(row) if row else None


async def keys_of(tx: Tx, account: AccountId, below: int, limit: int) -> list[Key]:
    """Newest first, with ids below `below`."""
    rows = await tx.all(
        f"SELECT {_KEY_K}, {_OVERLAP} FROM api_key k WHERE k.account_id = $1 AND k.id < $2 "
        "ORDER BY k.id DESC LIMIT $3",
        account,
        below,
        limit,
    )
    return [_key(row) for row in rows]


async def opened_by(tx: Tx, hashes: Sequence[str]) -> dict[str, OpenedKey]:
    """By the hash of a secret, present or replaced and still good. Keys that have expired are there too."""
    wanted = [(hash_,) for hash_ in dict.fromkeys(hashes)]
    present = await tx.set(
        f"SELECT k.token_hash, NULL, {_ACCOUNT_A}, {_KEY_K}, NULL FROM api_key k "
        "JOIN account a ON a.id = k.account_id, {r} WHERE k.token_hash = r.hash",
        "hash text",
        wanted,
    )
    replaced = await tx.set(
        f"SELECT o.token_hash, o.valid_until, {_ACCOUNT_A}, {_KEY_K}, NULL FROM api_key_old o "
        "JOIN api_key k ON k.id = o.key_id JOIN account a ON a.id = k.account_id, {r} "
        "WHERE o.token_hash = r.hash AND o.valid_until > {now}",
        "hash text",
        wanted,
    )
    return {row[0]: _opened(row[1:]) for row in (*replaced, *present)}


def _opened(row: Row) -> OpenedKey:
    until, (id_, name, created), key = row[0], row[1 : 1 + _ACCOUNT_WIDTH], row[1 + _ACCOUNT_WIDTH :]
    return OpenedKey(key=_key(key), account=Account(id=id_, name=name, created_at=created), until=until)


def _values(grants: Grants) -> tuple[Value, ...]:
    devices = sorted(grants.devices) if grants.devices is not None else None
    return (
        grants.name,
        msgspec.json.encode([scope for scope in Scope if scope in grants.scopes]).decode(),
        msgspec.json.encode(devices).decode(),
        msgspec.json.encode(grants.networks).decode(),
        grants.expires_at,
    )


def _key(row: Row) -> Key:
    id_, account, name, scopes, devices, networks, expires, hint, created, used_at, used_from, overlap = row
    return Key(
        id=id_,
        account=account,
        grants=Grants(
            name=name,
            scopes=_scopes(scopes),
            devices=msgspec.json.decode(devices, type=frozenset[DeviceId] | None),
            networks=msgspec.json.decode(networks, type=tuple[str, ...]),
            expires_at=expires,
        ),
        hint=hint,
        created_at=created,
        used_at=used_at,
        used_from=used_from,
        old_valid_until=overlap,
    )


def _scopes(text: str) -> frozenset[Scope]:
    """Without those that this version does not know: a newer one gave them."""
    return frozenset(Scope(word) for word in msgspec.json.decode(text, type=list[str]) if word in set(Scope))
