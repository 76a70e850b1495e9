"""Runs jobs: claims what is due, a few at once, stores what came of each.

Whatever a handler raises ends here, is logged and becomes a later try, or a dead job (`jobs.views.dead_jobs`). What
came of a run is stored even when the database is away for a while. When the node loses its lease, `drop` ends
what runs at once: another process takes the jobs back.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from merpati.core.clock import Clock
from merpati.core.ids import Incarnation, JobId
from merpati.jobs import actions, views
from merpati.jobs.model import GiveUp, Holder, Job, JobContext, JobKind, TryLater, backoff_ms, decode_args
from merpati.storage.port import OutcomeUnknown, Storage, StorageError, Tx, Violation

logger = logging.getLogger(__name__)

AT_ONCE = 8
LONGEST_SLEEP_S = 1.0
TROUBLE_SLEEP_S = 0.5

Settle = Callable[[Tx], Awaitable[bool]]


class JobRunner:
    """The jobs of one process. `run` until `stop`."""

    def __init__(
        self,
        storage: Storage,
        holder: Holder,
        kinds: Mapping[str, JobKind[Any]],
        clock: Clock,
        *,
        rng: random.Random,
        at_once: int = AT_ONCE,
    ) -> None:
        """`kinds`: `wiring.jobs`, names to how they are run. Jobs of no known kind are given up, visibly."""
        self._storage, self._holder, self._kinds, self._clock, self._rng = storage, holder, kinds, clock, rng
        self._at_once = at_once
        self._running: dict[asyncio.Task[None], JobId] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._seeded = False
        self._unsure = False
        """A claim was asked for, and nobody knows whether it was stored."""

    def wake(self) -> None:
        """Look for due jobs now: one was enqueued here."""
        self._wake.set()

    def drop(self) -> None:
        """End every run at once and store nothing of it: the lease is lost."""
        for task in self._running:
            task.cancel()

    async def run(self) -> None:
        """Run jobs until `stop`."""
        while not self._stopping:
            self._wake.clear()
            try:
                sleep_s = await self._round()
            except Violation:  # another process reached for the same lane at the same moment
                sleep_s = 0.0
            except OutcomeUnknown:
                self._unsure, sleep_s = True, TROUBLE_SLEEP_S
            except StorageError as error:
                logger.warning("jobs wait for the database: %s", error)
                sleep_s = TROUBLE_SLEEP_S
            await self._sleep(sleep_s)

    async def stop(self, grace_s: float = 5.0) -> None:
        """Claim no more, let what runs end for `grace_s`, then break it off and give it back. May run twice."""
        self._stopping = True
        self.wake()
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        if self._running:
            self.drop()
            await asyncio.wait(self._running)
        if (inc := self._holder.incarnation) is not None:
            try:
                await self._storage.write(actions.give_back_jobs, inc, [])
            except StorageError as error:
                logger.warning("jobs not given back, others take them when the lease is over: %s", error)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _round(self) -> float:
        """Claim what may run now; how long to sleep then, in seconds."""
        inc = self._holder.incarnation
        if inc is None:
            return TROUBLE_SLEEP_S
        await self._prepare(inc)
        outlook = await self._storage.read(views.outlook)
        if outlook.lost:
            taken_back = await self._storage.write(actions.take_back_jobs)
            logger.info("jobs taken back from a process that died: %s", taken_back)
        free = self._at_once - len(self._running)
        if free > 0 and (outlook.due or outlook.lost):
            jobs = await self._storage.write(actions.claim_jobs, inc, free)
            for job in jobs:
                self._start(job, inc)
            if len(jobs) == free:
                return LONGEST_SLEEP_S  # the first that ends wakes us
        next_s = LONGEST_SLEEP_S if outlook.next_ms is None else outlook.next_ms / 1000
        return min(max(next_s, 0.001), LONGEST_SLEEP_S)

    async def _prepare(self, inc: Incarnation) -> None:
        if not self._seeded:
            await self._storage.write(actions.seed_recurring, self._kinds)
            self._seeded = True
        if self._unsure:
            await self._storage.write(actions.give_back_jobs, inc, list(self._running.values()))
            self._unsure = False

    # -- one run --

    def _start(self, job: Job, inc: Incarnation) -> None:
        task = asyncio.create_task(self._run_job(job, inc), name=f"job {job.kind} {job.id}")
        self._running[task] = job.id
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        del self._running[task]
        self.wake()

    async def _run_job(self, job: Job, inc: Incarnation) -> None:
        kind = self._kinds.get(job.kind)
        if kind is None:
            settle = self._bury(job, inc, f"no such kind of job: {job.kind}")
        elif job.attempt > kind.tries and not kind.every_ms:
            settle = self._bury(job, inc, job.error or "every run of it ended its process")
        else:
            settle = await self._supervise(job, kind, inc)
        await self._store(settle, inc)

    async def _supervise(self, job: Job, kind: JobKind[Any], inc: Incarnation) -> Settle:
        """Run the handler; what to store of it. The one place where any exception of a job ends."""
        context = JobContext(storage=self._storage, clock=self._clock, id=job.id, attempt=job.attempt)
        try:
            async with asyncio.timeout(kind.timeout_s):
                await kind.handler(context, decode_args(kind, job.args))
        except TryLater as later:
            return self._rearm(job, inc, later.after_ms)
        except GiveUp as reason:
            return self._bury(job, inc, str(reason))
        except Exception as error:  # the supervisor of jobs: any failure becomes a later try
            logger.warning("job %s %s failed, try %s", job.kind, job.id, job.attempt, exc_info=error)
            return self._failed(job, kind, inc, f"{type(error).__name__}: {error}")
        if kind.every_ms:
            return self._rearm(job, inc, kind.every_ms)
        return lambda tx: actions.finish_job(tx, job.id, inc, job.attempt)

    def _failed(self, job: Job, kind: JobKind[Any], inc: Incarnation, error: str) -> Settle:
        if job.attempt >= kind.tries and not kind.every_ms:
            return self._bury(job, inc, error)
        wait_ms = backoff_ms(job.attempt, self._rng.random())
        if kind.every_ms:
            wait_ms = min(wait_ms, kind.every_ms)
        return lambda tx: actions.retry_job(tx, job.id, inc, job.attempt, wait_ms, error)

    def _rearm(self, job: Job, inc: Incarnation, wait_ms: int) -> Settle:
        return lambda tx: actions.rearm_job(tx, job.id, inc, job.attempt, wait_ms)

    def _bury(self, job: Job, inc: Incarnation, error: str) -> Settle:
        return lambda tx: actions.bury_job(tx, job.id, inc, job.attempt, error)

    async def _store(self, settle: Settle, inc: Incarnation) -> None:
        """Store what came of a run, however long the database is away; given up only when the lease is."""

        async def settle_job(tx: Tx) -> bool:
            return await settle(tx)

        while self._holder.incarnation == inc:
            try:
                await self._storage.write(settle_job)
            except StorageError as error:
                logger.warning("what came of a job waits for the database: %s", error)
                await asyncio.sleep(TROUBLE_SLEEP_S)
            else:
                return
