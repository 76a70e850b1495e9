"""Keys for programs: made, changed, replaced, revoked; what they opened and when they were used."""

from collections.abc import Sequence

import msgspec

from merpati.accounts import store_keys
from merpati.accounts.key_model import HINT_LENGTH, MOST_KEYS, Grants, GrantsChange, Key, OpenedKey, check_grants
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.facts import KeyChanged
from merpati.core.ids import AccountId, KeyId
from merpati.core.tokens import hash_token
from merpati.log.actions import record
from merpati.log.consumers import delete_consumers_of
from merpati.log.model import Recorded
from merpati.storage.port import Tx


async def make_key(tx: Tx, id_: KeyId, account: AccountId, grants: Grants, secret: str) -> Key:
    """A key that this secret opens; only its hash is stored. May run twice.

    Raises `Refusal` (INPUT_INVALID, NETWORK_INVALID, KEY_EXPIRY_PAST, TOO_MANY_KEYS).
    """
    key = Key(
        id=id_,
        account=account,
        grants=check_grants(grants, tx.now),
        hint=secret[-HINT_LENGTH:],
        created_at=tx.now,
    )
    await tx.lock([account])
    if await store_keys.count_keys(tx, account, id_) >= MOST_KEYS:
        raise Refusal(Code.TOO_MANY_KEYS, most=MOST_KEYS)
    await store_keys.insert_key(tx, key, hash_token(secret))
    await _record(tx, key)
    return key


async def change_key(tx: Tx, account: AccountId, id_: KeyId, change: GrantsChange) -> Key:
    """The key may do this from now on; raises `Refusal` as `make_key`, and KEY_UNKNOWN. May run twice."""
    await tx.lock([account])
    known = await _known(tx, account, id_)
    changed = msgspec.structs.replace(known, grants=change.over(known.grants, tx.now))
    await store_keys.set_grants(tx, id_, changed.grants)
    await _record(tx, changed)
    return changed


async def rotate_key(tx: Tx, account: AccountId, id_: KeyId, secret: str, overlap_ms: int) -> Key:
    """Another secret opens the key; the present one works for `overlap_ms` more, with 0 none of the old ones does.

    Answers the key as it is then. Raises `Refusal(KEY_UNKNOWN)`. May run twice.
    """
    await tx.lock([account])
    known, until, hash_ = await _known(tx, account, id_), Millis(tx.now + overlap_ms), hash_token(secret)
    if overlap_ms:
        await store_keys.keep_secret(tx, id_, hash_, until)
    else:
        await store_keys.drop_secrets(tx, id_)
    await store_keys.set_secret(tx, id_, hash_, secret[-HINT_LENGTH:])
    await _record(tx, known)
    return await _known(tx, account, id_)


async def revoke_key(tx: Tx, account: AccountId, id_: KeyId) -> None:
    """The key, its secrets and its consumers are no more; raises `Refusal(KEY_UNKNOWN)`, also the second time."""
    await tx.lock([account])
    known = await _known(tx, account, id_)
    await store_keys.delete_key(tx, id_)
    await delete_consumers_of(tx, account, id_)
    await _record(tx, known)


async def touch_keys(tx: Tx, uses: Sequence[tuple[KeyId, Millis, str]]) -> None:
    """These keys were used then, from there. May run twice."""
    await store_keys.set_used(tx, uses)


async def _known(tx: Tx, account: AccountId, id_: KeyId) -> Key:
    known = await store_keys.key_by(tx, id_)
    if known is None or known.account != account:
        raise Refusal(Code.KEY_UNKNOWN)
    return known


async def _record(tx: Tx, key: Key) -> None:
    await record(tx, [Recorded(key.account, KeyChanged(key.id))])


# -- views --


async def find_key(tx: Tx, id_: KeyId) -> Key | None:
    return await store_keys.key_by(tx, id_)


async def keys_of(tx: Tx, account: AccountId, below: int, limit: int) -> list[Key]:
    """The account's keys with ids below `below`, newest first; those that have expired too."""
    return await store_keys.keys_of(tx, account, below, limit)


async def keys_by_hashes(tx: Tx, hashes: Sequence[str]) -> dict[str, OpenedKey]:
    """`tokens.hash_token` -> what it opens; unknown hashes are left out. The key may have expired."""
    return await store_keys.opened_by(tx, hashes)
