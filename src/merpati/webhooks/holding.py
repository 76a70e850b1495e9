"""Which endpoints are this process's: those of the shards it holds, as they are set now."""

from collections.abc import Awaitable, Callable, Iterable

from merpati.core.ids import Epoch, Incarnation
from merpati.log import readers
from merpati.log.model import SHARDS, shard_of
from merpati.storage.port import Storage
from merpati.webhooks import saving
from merpati.webhooks.feed import Feeds
from merpati.webhooks.hook import Hook
from merpati.webhooks.model import READER, Endpoint, EndpointState
from merpati.webhooks.settling import try_now

CHANGED_WITHIN_MS = 30_000
"""How far back changes of endpoints are looked for: far more than lies between two looks."""


class Holding:
    """Keeps `feeds` to the endpoints that are ours. `save` stores what is dirty."""

    def __init__(
        self, storage: Storage, inc: Incarnation, feeds: Feeds, save: Callable[[], Awaitable[None]]
    ) -> None:
        self._storage, self._inc, self._feeds, self._save = storage, inc, feeds, save
        self.held: dict[int, Epoch] = {}
        self._leaving: set[int] = set()

    # -- shards --

    async def share(self) -> None:
        """Claim up to our fair share of the shards, give back what is over it, notice what we lost."""
        shares = await self._storage.write(readers.share_shards, READER, self._inc)
        self.lose([shard for shard, epoch in self.held.items() if shares.held.get(shard) != epoch])
        new = [shard for shard in shares.held if shard not in self.held]
        if new:
            for stored in await self._storage.read(saving.load_shards, new):
                self._take_up(stored)
        self.held = shares.held
        surplus = len(self.held) - shares.fair
        if surplus > len(self._leaving):
            self._leaving = set(sorted(self.held, key=_scatter)[-surplus:])
        await self._leave()

    def lose(self, shards: Iterable[int]) -> None:
        """These are another's now: nothing of them is stored any more."""
        lost = set(shards)
        self._feeds.close(self._feeds.hooks_in(lost))
        for shard in lost:
            self.held.pop(shard, None)
        self._leaving -= lost

    async def _leave(self) -> None:
        """Give surplus shards back once their calls have ended and are stored."""
        if not self._leaving:
            return
        hooks = self._feeds.hooks_in(self._leaving)
        for hook in hooks:
            hook.stopping = True
        if any(hook.active for hook in hooks):
            return
        self._feeds.dirty.update(hooks)
        await self._save()
        leaving = sorted(self._leaving)
        self.lose(leaving)
        await self._storage.write(readers.release_shards, READER, self._inc, leaving)

    # -- endpoints that were set, unset, mended --

    async def look_for_changes(self) -> None:
        """Take up new endpoints, let go of removed ones, try mended ones."""
        changed = await self._storage.read(saving.list_changed, CHANGED_WITHIN_MS)
        news = [endpoint for endpoint in changed if self._is_news(endpoint)]
        if not news:
            return
        for endpoint in news:
            hook = self._feeds.find(endpoint.account, endpoint.id)
            if hook is not None and (hook.gone or endpoint.state is not EndpointState.ACTIVE):
                self._feeds.close([hook])
        for stored in await self._storage.read(saving.load_endpoints, news):
            self._change(stored)

    def _is_news(self, endpoint: Endpoint) -> bool:
        if shard_of(endpoint.account) not in self.held:
            return False
        hook = self._feeds.find(endpoint.account, endpoint.id)
        if hook is None:
            return endpoint.state is EndpointState.ACTIVE
        return endpoint.version > hook.endpoint.version

    def _change(self, stored: saving.Stored) -> None:
        hook = self._feeds.find(stored.endpoint.account, stored.endpoint.id)
        if hook is None:
            self._take_up(stored)
            return
        self._feeds[stored.endpoint.account].change(hook, stored.endpoint)
        hook.saved_outage = stored.outage
        hook.saved_rows = {row.device: row for row in stored.lanes}
        hook.keep_replays(stored.replays)
        hook.add_replays(stored.replays)
        try_now(hook)
        self._feeds.awake.add(hook)

    def _take_up(self, stored: saving.Stored) -> None:
        hook = Hook(stored.endpoint, stored.cursor)
        hook.restore(stored.lanes, stored.replays, stored.outage)
        self._feeds.add(hook)


def _scatter(shard: int) -> int:
    """An order in which neighbours are far apart: a small installation's accounts are in the first shards."""
    return shard * 37 % SHARDS
