"""Appending to the log."""

from collections import Counter
from collections.abc import Sequence

from merpati.core.ids import AccountId
from merpati.log import store
from merpati.log.model import Recorded, encode_fact, kind_of
from merpati.storage.port import Tx


async def open_account(tx: Tx, account: AccountId) -> None:
    """Begin the account's sequence. May run twice."""
    await store.open_clock(tx, account)


async def record(tx: Tx, facts: Sequence[Recorded]) -> None:
    """Append facts, each to its account's sequence, in the given order.

    The caller has awaited `tx.lock` for these accounts; the numbers are gapless and in order of commit.
    """
    counts = Counter(recorded.account for recorded in facts)
    newest = await store.bump_clocks(tx, sorted(counts.items()))
    seqs = {account: newest[account] - count for account, count in counts.items()}
    rows = []
    for recorded in facts:
        seqs[recorded.account] += 1
        fact = recorded.fact
        rows.append(
            (recorded.account, seqs[recorded.account], tx.now, kind_of(fact), fact.device, encode_fact(fact))
        )
    await store.insert_facts(tx, rows)


async def forget_facts(tx: Tx, before: int, limit: int) -> int:
    """Drop up to `limit` facts older than `before`; answers how many went. May run twice."""
    return await store.delete_facts_before(tx, before, limit)
