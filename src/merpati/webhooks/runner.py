"""The loop of the webhooks: it reads the log for the endpoints of our shards, sets lanes to work, stores progress.

Several processes share the shards; only the holder of a shard calls its endpoints. After a crash another takes the
shard over and begins at what was stored: it repeats what was delivered since, with the same `webhook-id`s.
"""

import asyncio
import heapq
import logging
import random
from collections.abc import Callable, Iterable
from itertools import count

from merpati.core.clock import DAY_MS, Clock
from merpati.core.ids import AccountId, Epoch, Incarnation
from merpati.egress.client import Egress
from merpati.log import readers
from merpati.log.follow import BUSY_S, IDLE_S, Bell, follow
from merpati.log.model import SHARDS, RawEntry, shard_of
from merpati.storage.port import Storage
from merpati.webhooks import saving
from merpati.webhooks.calling import Callers
from merpati.webhooks.deliver import Cards, Deliverer, Unseal
from merpati.webhooks.feed import Feeds
from merpati.webhooks.lanes import MOST_WAITING, Hook, Lane
from merpati.webhooks.model import READER, Endpoint, EndpointState
from merpati.webhooks.progress import Progress, mark_saved, take_progress

log = logging.getLogger("merpati.webhooks")

SHARE_EVERY_S, LOOK_EVERY_S, WALK_EVERY_S = 2.0, 1.0, 5.0
"""How often shards are claimed; changed endpoints looked for; cursors stored that only walked past what they do not
hear."""
CHANGED_WITHIN_MS = 30_000
SPAN = 500
"""Facts of one account read at once."""
ACCOUNTS_AT_ONCE = 64
LANES_AT_ONCE = 16
STOP_WAIT_S = 1.0


def _scatter(shard: int) -> int:
    """An order in which neighbours are far apart: a small installation's accounts are in the first shards."""
    return shard * 37 % SHARDS


class Webhooks:
    """One per process. `run` is the loop; `bell.ring()` after a commit makes it look at once."""

    def __init__(
        self,
        storage: Storage,
        inc: Incarnation,
        egress: Egress,
        *,
        cards: Cards,
        unseal: Unseal,
        clock: Clock,
        rng: random.Random,
        may_act: Callable[[], bool] = lambda: True,
        life_ms: int = 7 * DAY_MS,
    ) -> None:
        """`may_act`: whether this process's lease surely holds; `life_ms`: how long the log is kept."""
        self.bell = Bell()
        self.feeds = Feeds()
        deliverer = Deliverer(egress, cards, unseal, clock)
        self.callers = Callers(deliverer, clock, rng, may_act, self._progressed, self._touched)
        self._storage, self._inc, self._clock, self._may_act = storage, inc, clock, may_act
        self._life_ms = life_ms
        self._held: dict[int, Epoch] = {}
        self._leaving: set[int] = set()
        self._awake: set[Hook] = set()
        self._dirty: set[Hook] = set()
        self._due: list[tuple[int, int, Hook]] = []
        self._number = count()
        self._last: dict[str, float] = {}
        self._group: asyncio.TaskGroup | None = None
        self._stopping = False

    # -- what others call --

    async def run(self) -> None:
        """Deliver until `stop`. Cancelled, it ends like a crash: what is not stored will be repeated."""
        self._forget()
        async with asyncio.TaskGroup() as self._group:
            await follow(self._round, self.bell)

    def _forget(self) -> None:
        """Begin with what is stored, also after a fault of ours."""
        self._close(list(self.feeds.hooks()))
        self._held, self._leaving, self._due, self._last = {}, set(), [], {}

    async def stop(self) -> None:
        """Let `run` end: calls under way may finish for a second, progress is stored, the shards are given back."""
        self._stopping = True
        self.bell.ring()

    def look(self) -> None:
        """Endpoints were set, or a replay asked for, in this process: notice at once, not within two seconds."""
        self._last.pop("look", None)
        self.bell.ring()

    def lag_ms(self) -> int:
        """How long the oldest waiting fact waits; 0 when nothing does."""
        oldest = (lane.pending[0].at for hook in self.feeds.hooks() for lane in hook.every_lane() if lane.pending)
        return max(0, self._clock.now() - min(oldest, default=self._clock.now()))

    def count_failing(self) -> int:
        """Endpoints that do not work now."""
        return sum(hook.outage is not None for hook in self.feeds.hooks())

    # -- one round --

    async def _round(self) -> float | None:
        if self._stopping:
            await self._finish()
            return None
        if self._is_time("share", SHARE_EVERY_S):
            await self._share()
        if self._is_time("look", LOOK_EVERY_S):
            await self._look_for_changes()
        busy = await self._read_news()
        await self._refill()
        self._serve()
        if self._is_time("walk", WALK_EVERY_S):
            self._dirty.update(self.feeds.hooks())
        if self._dirty and (self.callers.done >= readers.LAZY_FACTS or self._is_time("save", readers.LAZY_S)):
            await self._save()
        return BUSY_S if busy or self._dirty or self._awake else self._until_due()

    def _is_time(self, what: str, every_s: float) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._last.get(what, -every_s) < every_s:
            return False
        self._last[what] = now
        return True

    def _until_due(self) -> float:
        if not self._due:
            return IDLE_S
        return min(IDLE_S, max(0.0, (self._due[0][0] - self._clock.now()) / 1_000))

    async def _finish(self) -> None:
        """End the lanes, and store everything. The last calls under way are cut off and will be repeated."""
        hooks = list(self.feeds.hooks())
        for hook in hooks:
            hook.stopping = True
        deadline = asyncio.get_running_loop().time() + STOP_WAIT_S
        while any(hook.active for hook in hooks) and asyncio.get_running_loop().time() < deadline:
            await self.bell.wait(STOP_WAIT_S / 20)
        self.callers.cut_off()
        self._dirty.update(hooks)
        await self._save()
        await self._storage.write(readers.leave_shards, READER, self._inc)

    # -- shards --

    async def _share(self) -> None:
        shares = await self._storage.write(readers.share_shards, READER, self._inc)
        self._lose(shard for shard, epoch in self._held.items() if shares.held.get(shard) != epoch)
        new = [shard for shard in shares.held if shard not in self._held]
        self._held = shares.held
        if new:
            for stored in await self._storage.read(saving.load_shards, new):
                self._take_up(stored)
        surplus = len(self._held) - shares.fair
        if surplus > len(self._leaving):
            self._leaving = set(sorted(self._held, key=_scatter)[-surplus:])
        await self._leave()

    def _lose(self, shards: Iterable[int]) -> None:
        """These are another's now: nothing of them is stored any more."""
        lost = set(shards)
        self._close(self.feeds.hooks_in(lost))
        for shard in lost:
            self._held.pop(shard, None)
        self._leaving -= lost

    async def _leave(self) -> None:
        """Give surplus shards back once their calls have ended and are stored."""
        if not self._leaving:
            return
        hooks = self.feeds.hooks_in(self._leaving)
        for hook in hooks:
            hook.stopping = True
        if any(hook.active for hook in hooks):
            return
        self._dirty.update(hooks)
        await self._save()
        leaving = sorted(self._leaving)
        self._lose(leaving)
        await self._storage.write(readers.release_shards, READER, self._inc, leaving)

    def _take_up(self, stored: saving.Stored) -> None:
        hook = Hook(stored.endpoint, stored.cursor)
        hook.restore(stored.lanes, stored.replays)
        self.feeds.add(hook)
        self._awake.add(hook)

    def _close(self, hooks: Iterable[Hook]) -> None:
        for hook in hooks:
            hook.closed = True
            self.feeds.remove(hook)
            self._dirty.discard(hook)
            self._awake.discard(hook)

    # -- endpoints that were set, unset, mended --

    async def _look_for_changes(self) -> None:
        changed = await self._storage.read(saving.list_changed, CHANGED_WITHIN_MS)
        news = [endpoint for endpoint in changed if self._is_news(endpoint)]
        if not news:
            return
        for endpoint in news:
            hook = self.feeds.find(endpoint.account, endpoint.id)
            if hook is not None and (hook.gone or endpoint.state is not EndpointState.ACTIVE):
                self._close([hook])
        for stored in await self._storage.read(saving.load_endpoints, news):
            self._change(stored)

    def _is_news(self, endpoint: Endpoint) -> bool:
        if shard_of(endpoint.account) not in self._held:
            return False
        hook = self.feeds.find(endpoint.account, endpoint.id)
        if hook is None:
            return endpoint.state is EndpointState.ACTIVE
        return endpoint.version > hook.endpoint.version

    def _change(self, stored: saving.Stored) -> None:
        hook = self.feeds.find(stored.endpoint.account, stored.endpoint.id)
        if hook is None:
            self._take_up(stored)
            return
        hook.endpoint = stored.endpoint
        hook.saved_rows = {row.device: row for row in stored.lanes}
        hook.add_replays(stored.replays)
        hook.try_now()
        self._awake.add(hook)

    # -- reading --

    async def _read_news(self) -> bool:
        """Hand out what the accounts' logs have beyond what was read."""
        news = await self._storage.read(readers.list_news, self.feeds.positions())
        for start in range(0, len(news), ACCOUNTS_AT_ONCE):
            part = dict(news[start : start + ACCOUNTS_AT_ONCE])
            positions = {account: self.feeds[account].position for account in part}
            read: dict[AccountId, list[RawEntry]] = {account: [] for account in part}
            for entry in await self._storage.read(readers.read_after, positions, SPAN):
                read[entry.account].append(entry)
            for account, entries in read.items():
                self._hand_out(account, positions[account], part[account], entries)
        return bool(news)

    def _hand_out(self, account: AccountId, begin: int, head: int, entries: list[RawEntry]) -> None:
        """The log may have grown since `head` was read: what was read counts."""
        read_to = entries[-1].seq if entries else min(begin + SPAN, head)
        woken = self.feeds[account].hand_out(entries, begin, read_to, self._clock.now())
        self._awake |= woken
        self._dirty |= {hook for hook in woken if hook.dead}

    async def _refill(self) -> None:
        """Let lanes that are behind read on, some at a time."""
        thirsty = [(hook, lane) for hook in self._awake for lane in hook.thirsty()][:LANES_AT_ONCE]
        await asyncio.gather(*(self._refill_one(hook, lane) for hook, lane in thirsty))

    async def _refill_one(self, hook: Hook, lane: Lane) -> None:
        account, after = hook.endpoint.account, lane.read_seq
        upto = lane.replay.last if lane.replay else hook.read_seq
        kept = await self._storage.read(readers.find_first_kept, account)
        if not lane.pending:
            hook.lose(lane, upto if kept is None else min(upto, kept - 1), self._clock.now())
            after = max(after, lane.read_seq)
        entries = await self._storage.read(readers.read_device, account, lane.device, after, upto, MOST_WAITING)
        hook.refill(lane, entries, entries[-1].seq if len(entries) == MOST_WAITING else upto)
        self._dirty.add(hook)

    # -- calling --

    def _progressed(self, hook: Hook) -> None:
        if not hook.closed:
            self._dirty.add(hook)

    def _touched(self, hook: Hook) -> None:
        if not hook.closed:
            self._awake.add(hook)
        self.bell.ring()

    def _serve(self) -> None:
        """Set lanes to work; remember when failing ones are due again."""
        now = self._clock.now()
        while self._due and self._due[0][0] <= now:
            self._awake.add(heapq.heappop(self._due)[2])
        awake, self._awake = self._awake, set()
        for hook in awake:
            self._serve_one(hook, now)

    def _serve_one(self, hook: Hook, now: int) -> None:
        if hook.at_rest or self._group is None or not self._may_act():
            return
        if hook.give_up(now, self._life_ms):
            log.warning("endpoint %d failed for as long as the log is kept: given up", hook.endpoint.id)
            self._dirty.add(hook)
        self.callers.start(hook, self._group)
        due = hook.next_due()
        if due is not None and due > now:
            heapq.heappush(self._due, (due, next(self._number), hook))
        if hook.thirsty():
            self._awake.add(hook)

    # -- storing --

    async def _save(self) -> None:
        """Store how far the endpoints are that changed; their shards must still be ours."""
        calls = self.callers.take_calls()
        taken = [(hook, progress) for hook in self._dirty if (progress := take_progress(hook)) is not None]
        self._dirty = set()
        if not taken:
            return
        try:
            await self._storage.write(
                saving.save_progress, self._inc, dict(self._held), [progress for _, progress in taken], calls
            )
        except readers.LeaseLost as lost:
            self._lose(lost.shards)
            self._dirty.update(hook for hook, _ in taken if not hook.closed)
        else:
            for hook, progress in taken:
                self._saved(hook, progress)

    def _saved(self, hook: Hook, progress: Progress) -> None:
        mark_saved(hook, progress)
        if progress.gone:
            self._close([hook])
