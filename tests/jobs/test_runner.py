"""The runner: what it runs, when, and what becomes of it, on both engines."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count

import pytest

from merpati.core.clock import Clock, SystemClock
from merpati.jobs.model import GiveUp, Job, JobContext, JobState, NoArgs, TryLater, recurring_id
from merpati.jobs.views import dead_jobs, find_job
from merpati.storage.port import Storage, Tx
from tests.jobs.rig import (
    ONE,
    TWO,
    Diary,
    Holder,
    Note,
    die,
    enqueue,
    job_now,
    join,
    kind_of,
    recurring,
    runner_of,
    running,
    state_of,
)


async def until_gone(storage: Storage, id_: int) -> None:
    """A job's row goes a moment after its handler has ended."""
    while await job_now(storage, id_) is not None:
        pass


async def until(storage: Storage, id_: int, state: JobState, attempt: int) -> Job:
    while True:
        job = await job_now(storage, id_)
        if job is not None and (job.state, job.attempt) == (state, attempt):
            return job


async def test_a_job_runs_and_is_gone(storage: Storage) -> None:
    """Woken by the enqueuing process at once; its handler gets the arguments."""
    await join(storage, ONE)
    diary = Diary()
    runner = runner_of(storage, Holder(ONE), {"note": kind_of(diary)})

    async with running(runner):
        await enqueue(storage, 7)
        runner.wake()
        assert await diary.wait_for(1) == ["7"]
        await until_gone(storage, 7)


async def test_a_job_enqueued_elsewhere_is_found_by_polling(storage: Storage) -> None:
    """Nobody wakes this runner; one second is the longest it sleeps."""
    await join(storage, ONE)
    diary = Diary()

    async with running(runner_of(storage, Holder(ONE), {"note": kind_of(diary)})):
        await enqueue(storage, 1)
        await diary.wait_for(1)


async def test_no_more_run_at_once_than_allowed(storage: Storage) -> None:
    """The next begins when one has ended, also by an error (a read that finds no connection in time)."""
    await join(storage, ONE)
    now, most, diary = 0, 0, Diary()

    async def handle(context: JobContext, args: Note) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            await context.storage.read(find_job, context.id)
            await diary(context, args)
        finally:
            now -= 1

    await enqueue(storage, *range(20))
    async with running(runner_of(storage, Holder(ONE), {"note": kind_of(handle)}, at_once=3)):
        await diary.wait_for(20)

    assert most == 3
    assert sorted(map(int, diary.seen)) == list(range(20))


async def test_a_failed_job_waits_and_keeps_its_error(storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it raises; the others go on."""
    await join(storage, ONE)
    diary = Diary()

    async def handle(context: JobContext, args: Note) -> None:
        if args.text == "1":
            raise LookupError("nothing there")
        await diary(context, args)

    await enqueue(storage, 1, 2)
    with caplog.at_level(logging.ERROR):
        async with running(runner_of(storage, Holder(ONE), {"note": kind_of(handle)})):
            job = await until(storage, 1, JobState.QUEUED, 1)
            await diary.wait_for(1)

    assert job.error == "LookupError: nothing there"
    assert 3_000 < job.due_at - job.created_at < 20_000


async def test_a_job_that_fails_too_often_is_set_aside(storage: Storage) -> None:
    """Visible, with its last error; so is one that gives up by itself, takes too long, or that nobody knows."""
    await join(storage, ONE)

    async def fail(_context: JobContext, _args: Note) -> None:
        raise LookupError("again")

    async def give_up(_context: JobContext, _args: Note) -> None:
        raise GiveUp("hopeless")

    async def hang(_context: JobContext, _args: Note) -> None:
        await asyncio.Event().wait()

    for id_, kind in enumerate(["fail", "give_up", "hang", "unknown"], 1):
        await enqueue(storage, id_, kind=kind)
    kinds = {
        "fail": kind_of(fail, tries=1),
        "give_up": kind_of(give_up),
        "hang": kind_of(hang, tries=1, timeout_s=0.01),
    }
    async with running(runner_of(storage, Holder(ONE), kinds)):
        for id_ in (1, 2, 3, 4):
            await until(storage, id_, JobState.DEAD, 1)

    errors = {int(job.id): job.error for job in await storage.read(dead_jobs)}
    assert errors[1] == "LookupError: again"
    assert errors[2] == "hopeless"
    assert errors[3].startswith("TimeoutError")
    assert errors[4] == "no such kind of job: unknown"


async def test_arguments_of_another_shape_are_a_failure_of_the_job(storage: Storage) -> None:
    """Not of the runner."""
    await join(storage, ONE)

    await enqueue(storage, 1)
    await storage.write(spoil)
    async with running(runner_of(storage, Holder(ONE), {"note": kind_of(Diary(), tries=1)})):
        job = await until(storage, 1, JobState.DEAD, 1)

    assert job.error.startswith("DecodeError")


async def spoil(tx: Tx) -> None:
    await tx.run("UPDATE job SET args = 'no json'")


async def test_a_job_that_asks_for_later_has_not_failed(storage: Storage) -> None:
    """It has all its tries again, and no error."""
    await join(storage, ONE)
    runs = count()

    async def handle(_context: JobContext, _args: Note) -> None:
        if next(runs) < 3:
            raise TryLater(0)

    await enqueue(storage, 1)
    async with running(runner_of(storage, Holder(ONE), {"note": kind_of(handle, tries=1)})):
        await until_gone(storage, 1)

    assert next(runs) == 4


async def test_a_recurring_job_comes_again_and_is_never_given_up(storage: Storage) -> None:
    """Nobody enqueues it; it fails and comes back all the same."""
    await join(storage, ONE)
    runs, enough = count(1), asyncio.Event()

    async def sweep(_context: JobContext, _args: NoArgs) -> None:
        run = next(runs)
        if run >= 10:
            enough.set()
        if run % 2:
            raise LookupError

    async with running(runner_of(storage, Holder(ONE), {"sweep": recurring(sweep, 1)})):
        await enough.wait()

    assert await state_of(storage, recurring_id("sweep")) is JobState.QUEUED


async def test_without_a_lease_nothing_runs(storage: Storage) -> None:
    """And what runs is broken off when the lease is lost; nothing of it is stored."""
    await join(storage, ONE, TWO)
    began = asyncio.Event()
    holder = Holder(ONE)

    async def hang(_context: JobContext, _args: Note) -> None:
        began.set()
        await asyncio.Event().wait()

    await enqueue(storage, 1)
    runner = runner_of(storage, holder, {"note": kind_of(hang)})
    async with running(runner):
        await began.wait()
        holder.incarnation = None
        runner.drop()

    job = await job_now(storage, 1)
    assert job is not None and (job.state, job.error) == (JobState.RUNNING, "")


async def test_a_runner_that_stops_gives_its_jobs_back(storage: Storage) -> None:
    """Another runs them at once."""
    await join(storage, ONE, TWO)
    began, diary = asyncio.Event(), Diary()

    async def hang(_context: JobContext, _args: Note) -> None:
        began.set()
        await asyncio.Event().wait()

    await enqueue(storage, 1)
    async with running(runner_of(storage, Holder(ONE), {"note": kind_of(hang)})):
        await began.wait()
    async with running(runner_of(storage, Holder(TWO), {"note": kind_of(diary)})):
        await diary.wait_for(1)


async def test_a_runner_that_stops_lets_a_short_job_end(storage: Storage) -> None:
    """Within its grace."""
    await join(storage, ONE)
    began, go_on = asyncio.Event(), asyncio.Event()

    async def handle(_context: JobContext, _args: Note) -> None:
        began.set()
        await go_on.wait()

    await enqueue(storage, 1)
    runner = runner_of(storage, Holder(ONE), {"note": kind_of(handle)})
    task = asyncio.create_task(runner.run())
    await began.wait()
    stopping = asyncio.create_task(runner.stop(grace_s=20))
    await asyncio.sleep(0)
    go_on.set()
    await stopping
    await task

    assert await job_now(storage, 1) is None


async def test_jobs_of_a_process_that_crashed_are_run_by_another(storage: Storage) -> None:
    """They are taken back when its lease is over; the handler is the same, so it must be idempotent."""
    await join(storage, ONE, TWO)
    began, diary = asyncio.Event(), Diary()

    async def hang(_context: JobContext, _args: Note) -> None:
        began.set()
        await asyncio.Event().wait()

    await enqueue(storage, 1, lane="a")
    crashed = asyncio.create_task(runner_of(storage, Holder(ONE), {"note": kind_of(hang)}).run())
    await began.wait()
    await die(storage, ONE)
    async with running(runner_of(storage, Holder(TWO), {"note": kind_of(diary)})):
        await diary.wait_for(1)
        await until_gone(storage, 1)
    crashed.cancel()


async def test_a_job_that_ends_every_process_is_set_aside(storage: Storage) -> None:
    """Its runs count though none of them came to an end."""
    await join(storage, TWO)
    await enqueue(storage, 1)
    await storage.write(worn_out)

    async with running(runner_of(storage, Holder(TWO), {"note": kind_of(Diary(), tries=3)})):
        job = await until(storage, 1, JobState.DEAD, 4)

    assert job.error == "every run of it ended its process"


async def worn_out(tx: Tx) -> None:
    await tx.run("UPDATE job SET attempt = 3")


@pytest.mark.postgres
async def test_two_runners_keep_lanes_apart(open_postgres: Callable[[Clock], Awaitable[Storage]]) -> None:
    """Of a lane never two at once, whichever process runs them; every job once."""
    first, second = await open_postgres(SystemClock()), await open_postgres(SystemClock())
    await join(first, ONE, TWO)
    busy: set[str] = set()
    overlaps: list[str] = []
    diary = Diary()

    async def handle(context: JobContext, args: Note) -> None:
        job = await context.storage.read(find_job, context.id)
        assert job is not None and job.lane is not None
        overlaps.extend(busy & {job.lane})
        busy.add(job.lane)
        await context.storage.read(find_job, context.id)
        busy.discard(job.lane)
        await diary(context, args)

    for n in range(40):
        await enqueue(first, n, lane=f"lane {n % 5}")
    runners = [
        runner_of(storage, Holder(inc), {"note": kind_of(handle)}) for storage, inc in ((first, ONE), (second, TWO))
    ]
    async with running(*runners):
        await diary.wait_for(40)

    assert overlaps == []
    assert sorted(map(int, diary.seen)) == list(range(40))


async def test_an_error_that_no_database_can_store_is_told_without_it(storage: Storage) -> None:
    """NUL and lone surrogates, as in a file's name: the job ends as every failed one does."""
    await join(storage, ONE)

    async def fail(_context: JobContext, _args: Note) -> None:
        raise GiveUp("a\0b\udcff")

    async with running(runner_of(storage, Holder(ONE), {"note": kind_of(fail, tries=1)})):
        await enqueue(storage, 1)
        job = await until(storage, 1, JobState.DEAD, 1)

    assert job.error == "a\ufffdb?"
