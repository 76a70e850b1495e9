"""Jobs and their runners for tests."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from merpati.core.clock import Millis, SystemClock
from merpati.core.ids import Incarnation, JobId
from merpati.jobs.actions import enqueue_jobs
from merpati.jobs.model import Job, JobContext, JobKind, JobState, NewJob, NoArgs
from merpati.jobs.runner import JobRunner
from merpati.jobs.views import find_job
from merpati.storage import nodes
from merpati.storage.port import Storage

ONE, TWO = Incarnation("one"), Incarnation("two")
LONG_AGO = Millis(1)


class Note(msgspec.Struct, frozen=True):
    """What a job of these tests is told."""

    text: str = ""


class Holder:
    """Stands for a node: an incarnation, or none."""

    def __init__(self, inc: Incarnation | None) -> None:
        self.incarnation = inc


async def join(storage: Storage, *incs: Incarnation, lease_ms: int = 60_000) -> None:
    for inc in incs:
        await storage.write(nodes.join_node, inc, "", lease_ms, exclusive=False)


async def die(storage: Storage, inc: Incarnation) -> None:
    await storage.write(nodes.leave_node, inc)


async def enqueue(
    storage: Storage, *ids: int, kind: str = "note", lane: str | None = None, due_at: int | None = None
) -> None:
    due = None if due_at is None else Millis(due_at)
    jobs = [NewJob(id=JobId(n), kind=kind, args=Note(str(n)), lane=lane, due_at=due) for n in ids]
    await storage.write(enqueue_jobs, jobs)


async def job_now(storage: Storage, id_: int) -> Job | None:
    return await storage.read(find_job, JobId(id_))


async def state_of(storage: Storage, id_: int) -> JobState | None:
    job = await job_now(storage, id_)
    return job.state if job else None


def kind_of(
    handler: Callable[[JobContext, Note], Awaitable[None]], *, tries: int = 6, timeout_s: float = 60.0
) -> JobKind[Note]:
    return JobKind(args=Note, handler=handler, tries=tries, timeout_s=timeout_s)


def recurring(handler: Callable[[JobContext, NoArgs], Awaitable[None]], every_ms: int) -> JobKind[NoArgs]:
    return JobKind(args=NoArgs, handler=handler, every_ms=every_ms)


def runner_of(
    storage: Storage, holder: Holder, kinds: Mapping[str, JobKind[Any]], *, at_once: int = 8
) -> JobRunner:
    return JobRunner(storage, holder, kinds, SystemClock(), rng=random.Random(1), at_once=at_once)


@asynccontextmanager
async def running(*runners: JobRunner) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(runner.run()) for runner in runners]
    try:
        async with asyncio.timeout(20):
            yield
    finally:
        await asyncio.gather(*(runner.stop(grace_s=0) for runner in runners))
        await asyncio.gather(*tasks)


class Diary:
    """A handler that writes down what it was given, and lets a test wait for it."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._changed = asyncio.Condition()

    async def __call__(self, _context: JobContext, args: Note) -> None:
        async with self._changed:
            self.seen.append(args.text)
            self._changed.notify_all()

    async def wait_for(self, count: int) -> list[str]:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.seen) >= count)
        return self.seen
