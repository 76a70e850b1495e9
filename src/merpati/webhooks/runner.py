"""The loop of the webhooks: it reads the log for the endpoints of our shards, sets lanes to work, stores progress.

Several processes share the shards; only the holder of a shard calls its endpoints. After a crash another takes the
shard over and begins at what was stored: it repeats what was delivered since, with the same `webhook-id`s.
"""

import asyncio
import heapq
import logging
import random
from collections.abc import Callable
from itertools import count

from merpati.core.clock import DAY_MS, Clock
from merpati.core.ids import Incarnation
from merpati.egress.client import Egress
from merpati.log import readers
from merpati.log.follow import BUSY_S, IDLE_S, Bell, follow
from merpati.storage.port import Storage, StorageError
from merpati.webhooks import saving
from merpati.webhooks.calling import AtOnce, Callers
from merpati.webhooks.deliver import Cards, Deliverer, Unseal
from merpati.webhooks.feed import Feeds
from merpati.webhooks.holding import Holding
from merpati.webhooks.hook import Hook
from merpati.webhooks.model import READER
from merpati.webhooks.progress import Progress, mark_saved, take_progress
from merpati.webhooks.reading import Reading
from merpati.webhooks.settling import give_up

log = logging.getLogger("merpati.webhooks")

SHARE_EVERY_S, LOOK_EVERY_S, WALK_EVERY_S = 2.0, 1.0, 5.0
"""How often shards are claimed; changed endpoints are looked for; cursors are stored that only walked past what
their endpoints do not hear."""
STOP_WAIT_S = 1.0


class Webhooks:
    """One for each life of a process. `run` is the loop; `bell.ring()` after a commit makes it look at once."""

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
        at_once: AtOnce = AtOnce(),  # noqa: B008 (a tuple of numbers)
    ) -> None:
        """`may_act`: whether this process's lease surely holds; `life_ms`: how long the log is kept."""
        self.bell = Bell()
        self.feeds = Feeds()
        deliverer = Deliverer(egress, cards, unseal, clock)
        self.callers = Callers(deliverer, clock, rng, may_act, self._progressed, self._touched, at_once)
        self._storage, self._inc, self._clock, self._may_act = storage, inc, clock, may_act
        self._life_ms = life_ms
        self._begin()

    def _begin(self) -> None:
        """With what is stored, also after a fault of ours."""
        self.feeds.close(self.feeds.hooks())
        self._holding = Holding(self._storage, self._inc, self.feeds, self._save)
        self._reading = Reading(self._storage, self.feeds, self._clock)
        self._due: list[tuple[int, int, Hook]] = []
        self._number = count()
        self._last: dict[str, float] = {}
        self._group: asyncio.TaskGroup | None = None
        self._stopping = False

    # -- what others call --

    async def run(self) -> None:
        """Deliver until `stop`. Cancelled, it ends like a crash: what is not stored will be repeated."""
        self._begin()
        async with asyncio.TaskGroup() as self._group:
            await follow(self._round, self.bell)

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
        """Endpoints that have failed to take something, and are tried again."""
        return sum(hook.is_failing for hook in self.feeds.hooks())

    # -- one round --

    async def _round(self) -> float | None:
        if self._stopping:
            await self._finish()
            return None
        if self._is_time("share", SHARE_EVERY_S):
            await self._holding.share()
        if self._is_time("look", LOOK_EVERY_S):
            await self._holding.look_for_changes()
        busy = await self._reading.read_news()
        await self._reading.refill()
        self._serve()
        if self._is_time("walk", WALK_EVERY_S):
            self.feeds.dirty.update(self.feeds.hooks())
        if self.feeds.dirty and self._should_save():
            await self._save()
        return BUSY_S if busy or self.feeds.dirty or self.feeds.awake else self._until_due()

    def _is_time(self, what: str, every_s: float) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._last.get(what, -every_s) < every_s:
            return False
        self._last[what] = now
        return True

    def _should_save(self) -> bool:
        return self.callers.done >= readers.LAZY_FACTS or self._is_time("save", readers.LAZY_S)

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
        self.feeds.dirty.update(hooks)
        await self._save()
        await self._storage.write(readers.leave_shards, READER, self._inc)

    # -- calling --

    def _progressed(self, hook: Hook) -> None:
        if not hook.closed:
            self.feeds.dirty.add(hook)

    def _touched(self, hook: Hook) -> None:
        if not hook.closed:
            self.feeds.awake.add(hook)
        self.bell.ring()

    def _serve(self) -> None:
        """Set lanes to work; remember when failing ones are due again."""
        now = self._clock.now()
        while self._due and self._due[0][0] <= now:
            self.feeds.awake.add(heapq.heappop(self._due)[2])
        awake, self.feeds.awake = self.feeds.awake, set()
        for hook in awake:
            self._serve_one(hook, now)

    def _serve_one(self, hook: Hook, now: int) -> None:
        if hook.at_rest or self._group is None:
            return
        if not self._may_act():
            self.feeds.awake.add(hook)
            return
        if give_up(hook, now, self._life_ms):
            log.warning("endpoint %d failed for as long as the log is kept: given up", hook.endpoint.id)
            self.feeds.dirty.add(hook)
        self.callers.start(hook, self._group)
        due = hook.next_due()
        if due is not None and due > now:
            heapq.heappush(self._due, (due, next(self._number), hook))
        if hook.thirsty():
            self.feeds.awake.add(hook)

    # -- storing --

    async def _save(self) -> None:
        """Store how far the endpoints are that changed; their shards must still be ours."""
        dirty, self.feeds.dirty = self.feeds.dirty, set()
        calls = self.callers.take_calls()
        taken = [(hook, progress) for hook in dirty if (progress := take_progress(hook)) is not None]
        if not taken:
            return
        held, all_of_it = dict(self._holding.held), [progress for _, progress in taken]
        try:
            await self._storage.write(saving.save_progress, self._inc, held, all_of_it, calls)
        except readers.LeaseLost as lost:
            self._holding.lose(lost.shards)
            self.feeds.dirty.update(hook for hook in dirty if not hook.closed)
        except StorageError:
            self.feeds.dirty |= dirty
            raise
        else:
            for hook, saved in taken:
                self._saved(hook, saved)

    def _saved(self, hook: Hook, progress: Progress) -> None:
        mark_saved(hook, progress)
        if progress.gone:
            self.feeds.close([hook])
