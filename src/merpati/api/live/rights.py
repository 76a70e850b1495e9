"""Who may still follow: sessions that have not ended, account tokens still in force, keys that hold."""

from collections.abc import Collection

from merpati.accounts.key_model import Key, has_expired, is_within
from merpati.accounts.keys import keys_by_hashes
from merpati.accounts.sessions import living_sessions
from merpati.accounts.views import accounts_by_token_hashes
from merpati.api.live.hub import Grant, Judge, KeyUse
from merpati.core.clock import Millis
from merpati.storage.port import Storage, Tx


def judge_on(storage: Storage) -> Judge:
    """Judges by what the database says now; nothing is remembered."""

    async def judge(grants: Collection[Grant]) -> Collection[Grant]:
        return await storage.read(grants_that_hold, grants)

    return judge


async def grants_that_hold(tx: Tx, grants: Collection[Grant]) -> set[Grant]:
    """Those of these grants that hold now: a few queries for all."""
    sessions = await living_sessions(tx, [grant.session for grant in grants if grant.session is not None])
    tokens = [grant.token_hash for grant in grants if grant.token_hash and grant.key is None]
    owners = {hash_: account.id for hash_, account in (await accounts_by_token_hashes(tx, tokens)).items()}
    keys = await keys_by_hashes(tx, [grant.token_hash for grant in grants if grant.key is not None])

    def holds(grant: Grant) -> bool:
        if grant.key is not None:
            opened = keys.get(grant.token_hash)
            return opened is not None and _still(opened.key, grant.key, tx.now)
        return grant.session in sessions or owners.get(grant.token_hash) == grant.account

    return {grant for grant in grants if holds(grant)}


def _still(key: Key, use: KeyUse, now: Millis) -> bool:
    grants = key.grants
    return (
        not has_expired(key, now)
        and use.scope in grants.scopes
        and use.devices == grants.devices
        and is_within(grants.networks, use.address)
    )
