"""Reading the log for the endpoints: once for each account, and for each lane that is behind."""

import asyncio

from merpati.core.clock import Clock
from merpati.core.ids import AccountId
from merpati.log import readers
from merpati.log.model import FactSearch, RawEntry
from merpati.storage.port import Storage
from merpati.webhooks.feed import Feeds
from merpati.webhooks.hook import Hook
from merpati.webhooks.lanes import MOST_WAITING, Lane
from merpati.webhooks.model import EVERY_DEVICE

SPAN = 500
"""Facts of one account read at once."""
ACCOUNTS_AT_ONCE = 64
LANES_AT_ONCE = 16


class Reading:
    """Fills the lanes of `feeds`."""

    def __init__(self, storage: Storage, feeds: Feeds, clock: Clock) -> None:
        self._storage, self._feeds, self._clock = storage, feeds, clock

    async def read_news(self) -> bool:
        """Hand out what the accounts' logs have beyond what was read; answers whether there was anything."""
        news = await self._storage.read(readers.list_news, self._feeds.positions())
        for start in range(0, len(news), ACCOUNTS_AT_ONCE):
            await self._read(dict(news[start : start + ACCOUNTS_AT_ONCE]))
        return bool(news)

    async def _read(self, heads: dict[AccountId, int]) -> None:
        positions = {account: self._feeds[account].position for account in heads}
        read: dict[AccountId, list[RawEntry]] = {account: [] for account in heads}
        for entry in await self._storage.read(readers.read_after, positions, SPAN):
            read[entry.account].append(entry)
        for account, entries in read.items():
            self._hand_out(account, positions[account], heads[account], entries)

    def _hand_out(self, account: AccountId, begin: int, head: int, entries: list[RawEntry]) -> None:
        """The log may have grown since `head` was read: what was read counts."""
        read_to = entries[-1].seq if entries else min(begin + SPAN, head)
        woken = self._feeds[account].hand_out(entries, begin, read_to, self._clock.now())
        self._feeds.awake |= woken
        self._feeds.dirty |= {hook for hook in woken if hook.dead}

    async def refill(self) -> None:
        """Let lanes that are behind read on, some at a time."""
        thirsty = [(hook, lane) for hook in self._feeds.awake for lane in hook.thirsty()]
        await asyncio.gather(*(self._refill(hook, lane) for hook, lane in thirsty[:LANES_AT_ONCE]))

    async def _refill(self, hook: Hook, lane: Lane) -> None:
        account = hook.endpoint.account
        upto = lane.replay.last if lane.replay else hook.read_seq
        if not lane.pending:
            kept = await self._storage.read(readers.find_first_kept, account)
            hook.lose(lane, upto if kept is None else min(upto, kept - 1), self._clock.now())
        of_all = lane.replay is not None and lane.device == EVERY_DEVICE
        among = hook.endpoint.devices if of_all else (lane.device,)
        search = FactSearch(account=account, after=lane.read_seq, upto=upto, devices=among)
        entries = await self._storage.read(readers.search_facts, search, MOST_WAITING)
        hook.refill(lane, entries, entries[-1].seq if len(entries) == MOST_WAITING else upto)
        self._feeds.dirty.add(hook)
