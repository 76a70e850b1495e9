"""Who may still follow: sessions that have not ended, account tokens that are still the account's."""

from collections.abc import Collection

from merpati.accounts.sessions import living_sessions
from merpati.accounts.views import accounts_by_token_hashes
from merpati.api.live.hub import Grant, Judge
from merpati.storage.port import Storage, Tx


def judge_on(storage: Storage) -> Judge:
    """Judges by what the database says now; nothing is remembered."""

    async def judge(grants: Collection[Grant]) -> Collection[Grant]:
        return await storage.read(grants_that_hold, grants)

    return judge


async def grants_that_hold(tx: Tx, grants: Collection[Grant]) -> set[Grant]:
    """Those of these grants that hold now: two queries for all."""
    sessions = await living_sessions(tx, [grant.session for grant in grants if grant.session is not None])
    hashes = await accounts_by_token_hashes(tx, [grant.token_hash for grant in grants if grant.token_hash])
    owners = {hash_: account.id for hash_, account in hashes.items()}
    return {grant for grant in grants if grant.session in sessions or owners.get(grant.token_hash) == grant.account}
