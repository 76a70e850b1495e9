"""Jobs in the database, on both engines: enqueued, claimed, finished, tried again, given up."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from merpati.core.clock import HOUR_MS, Clock, SystemClock
from merpati.core.ids import Incarnation, JobId
from merpati.jobs import actions, views
from merpati.jobs.model import Job, JobState, NewJob, NoArgs, recurring_id
from merpati.storage.port import Storage, Tx, Violation
from tests.jobs.rig import LONG_AGO, ONE, TWO, Note, die, enqueue, job_now, join, recurring, state_of

FAR = SystemClock().now() + HOUR_MS


async def claim(storage: Storage, inc: Incarnation, limit: int = 100) -> list[int]:
    return [job.id for job in await storage.write(actions.claim_jobs, inc, limit)]


async def claim_one(storage: Storage, inc: Incarnation) -> Job:
    (job,) = await storage.write(actions.claim_jobs, inc, 1)
    return job


async def test_due_jobs_are_claimed_first_due_first(storage: Storage) -> None:
    """As many as asked for, each by one; what is due later stays."""
    await join(storage, ONE, TWO)
    await enqueue(storage, 1)
    await enqueue(storage, 2, due_at=LONG_AGO)
    await enqueue(storage, 3, due_at=FAR)

    assert await claim(storage, ONE, 1) == [2]
    assert await claim(storage, TWO) == [1]
    assert await claim(storage, ONE) == []
    assert await state_of(storage, 1) is JobState.RUNNING
    assert await storage.read(views.count_jobs) == {JobState.RUNNING: 2, JobState.QUEUED: 1}


async def test_a_job_enqueued_twice_is_one(storage: Storage) -> None:
    """By its id, as an action may run more than once."""
    await enqueue(storage, 1)
    await enqueue(storage, 1)

    assert await storage.read(views.count_jobs) == {JobState.QUEUED: 1}


async def test_a_job_of_an_action_that_failed_never_was(storage: Storage) -> None:
    """It is written in the caller's transaction."""

    async def enqueue_and_fail(tx: Tx) -> None:
        await actions.enqueue_jobs(tx, [NewJob(id=JobId(1), kind="note", args=Note())])
        raise LookupError

    with pytest.raises(LookupError):
        await storage.write(enqueue_and_fail)

    assert await job_now(storage, 1) is None


async def test_of_a_lane_one_runs(storage: Storage) -> None:
    """The one due first; the next only when it is done. Other lanes and jobs of no lane go on."""
    await join(storage, ONE)
    await enqueue(storage, 1, 2, lane="a", due_at=LONG_AGO)
    await enqueue(storage, 3, lane="b")
    await enqueue(storage, 4, 5)

    assert sorted(await claim(storage, ONE)) == [1, 3, 4, 5]
    assert await claim(storage, ONE) == []
    await storage.write(actions.finish_job, JobId(1), ONE, 1)
    assert await claim(storage, ONE) == [2]


async def test_a_finished_job_is_gone(storage: Storage) -> None:
    """Finishing it again says that it was somebody else's."""
    await join(storage, ONE)
    await enqueue(storage, 1)
    job = await claim_one(storage, ONE)

    assert await storage.write(actions.finish_job, job.id, ONE, job.attempt)
    assert not await storage.write(actions.finish_job, job.id, ONE, job.attempt)
    assert await job_now(storage, 1) is None


async def test_only_the_run_that_has_the_job_says_what_came_of_it(storage: Storage) -> None:
    """A run of another incarnation, or an earlier one of the same, is refused."""
    await join(storage, ONE, TWO)
    await enqueue(storage, 1)
    job = await claim_one(storage, ONE)

    for inc, attempt in ((TWO, 1), (ONE, 0), (ONE, 2)):
        assert not await storage.write(actions.finish_job, job.id, inc, attempt)
        assert not await storage.write(actions.retry_job, job.id, inc, attempt, 0, "")
        assert not await storage.write(actions.bury_job, job.id, inc, attempt, "")
        assert not await storage.write(actions.rearm_job, job.id, inc, attempt, 0)
    assert await state_of(storage, 1) is JobState.RUNNING


async def test_a_failed_job_comes_again_when_its_wait_is_over(storage: Storage) -> None:
    """With the next attempt, and the error of the last one."""
    await join(storage, ONE)
    await enqueue(storage, 1)
    job = await claim_one(storage, ONE)
    await storage.write(actions.retry_job, job.id, ONE, job.attempt, HOUR_MS, "broken " * 1000)
    waiting = await job_now(storage, 1)
    assert waiting is not None and waiting.state is JobState.QUEUED
    assert waiting.error.startswith("broken") and len(waiting.error) == actions.LONGEST_ERROR
    assert await claim(storage, ONE) == []
    assert 0 < (await storage.read(views.outlook)).next_ms <= HOUR_MS  # type: ignore[operator]

    await storage.write(due_now)
    again = await claim_one(storage, ONE)
    assert again.attempt == 2


async def due_now(tx: Tx) -> None:
    await tx.run("UPDATE job SET due_at = 1")


async def test_a_dead_job_is_visible_and_can_be_revived_or_dropped(storage: Storage) -> None:
    """Revived it has all its tries again."""
    await join(storage, ONE)
    await enqueue(storage, 1, 2)
    for job in await storage.write(actions.claim_jobs, ONE, 2):
        await storage.write(actions.bury_job, job.id, ONE, job.attempt, "hopeless")
    dead = await storage.read(views.dead_jobs)
    assert [(job.id, job.error, job.attempt) for job in dead] == [(2, "hopeless", 1), (1, "hopeless", 1)]
    assert await claim(storage, ONE) == []

    assert await storage.write(actions.revive_job, JobId(1))
    assert not await storage.write(actions.revive_job, JobId(1))
    assert await storage.write(actions.drop_job, JobId(2))
    assert not await storage.write(actions.drop_job, JobId(1))

    assert (await claim_one(storage, ONE)).attempt == 1
    assert await storage.read(views.dead_jobs) == []


async def test_jobs_of_a_dead_process_are_taken_back(storage: Storage) -> None:
    """The run counts as a try: a job that kills its process is not run for ever. The living keep theirs."""
    await join(storage, ONE, TWO)
    await enqueue(storage, 1, 2)
    await claim(storage, ONE, 1)
    await claim(storage, TWO, 1)
    assert not (await storage.read(views.outlook)).lost

    await die(storage, ONE)

    assert (await storage.read(views.outlook)).lost
    assert await storage.write(actions.take_back_jobs) == [1]
    assert await storage.write(actions.take_back_jobs) == []
    assert (await claim_one(storage, TWO)).attempt == 2
    assert not await storage.write(actions.finish_job, JobId(1), ONE, 1)


async def test_the_dead_claim_no_jobs(storage: Storage) -> None:
    """A process that was paused over its lease begins nothing."""
    await join(storage, ONE)
    await die(storage, ONE)
    await enqueue(storage, 1)

    assert await claim(storage, ONE) == []


async def test_a_process_that_stops_gives_back_what_it_runs(storage: Storage) -> None:
    """But for what it keeps; the run does not count."""
    await join(storage, ONE, TWO)
    await enqueue(storage, 1, 2)
    await claim(storage, ONE)

    await storage.write(actions.give_back_jobs, ONE, [JobId(2)])

    job = await claim_one(storage, TWO)
    assert (job.id, job.attempt) == (1, 1)


async def test_recurring_jobs_are_seeded_once(storage: Storage) -> None:
    """Every process does it at its start; one that now recurs sooner is hastened."""

    async def nothing(_context: object, _args: NoArgs) -> None: ...

    await join(storage, ONE)
    kinds = {"sweep": recurring(nothing, HOUR_MS)}
    await storage.write(actions.seed_recurring, kinds)
    job = await claim_one(storage, ONE)
    assert (job.id, job.kind, job.lane) == (recurring_id("sweep"), "sweep", "sweep")
    await storage.write(actions.rearm_job, job.id, ONE, job.attempt, HOUR_MS)

    await storage.write(actions.seed_recurring, kinds)
    assert (await storage.read(views.outlook)).next_ms > HOUR_MS / 2  # type: ignore[operator]
    await storage.write(actions.seed_recurring, {"sweep": recurring(nothing, 1000)})
    assert (await storage.read(views.outlook)).next_ms <= 1000  # type: ignore[operator]
    assert await storage.read(views.count_jobs) == {JobState.QUEUED: 1}


@pytest.mark.postgres
async def test_a_claim_takes_no_more_jobs_than_asked_for_whatever_the_plan(
    open_postgres: Callable[[Clock], Awaitable[Storage]],
) -> None:
    """A plan may run a subquery once for each row; what it locks then must not come on top."""
    storage = await open_postgres(SystemClock())
    await join(storage, ONE)
    await enqueue(storage, 1, 2, 3, 4, 5)

    async def claim_by_plan(tx: Tx) -> list[Job]:
        for method in ("hashjoin", "mergejoin", "material", "hashagg", "sort"):
            await tx.run(f"SET LOCAL enable_{method} = off")
        return await actions.claim_jobs(tx, ONE, 2)

    assert [job.id for job in await storage.write(claim_by_plan)] == [1, 2]


@pytest.mark.postgres
async def test_claims_that_race_give_each_job_to_one(
    open_postgres: Callable[[Clock], Awaitable[Storage]],
) -> None:
    """Two processes, jobs of lanes and of none: every job once, never two of a lane at a time."""
    first, second = await open_postgres(SystemClock()), await open_postgres(SystemClock())
    await join(first, ONE, TWO)
    for n in range(60):
        await enqueue(first, n, lane=f"lane {n % 7}" if n % 2 else None)
    busy: set[str] = set()
    seen: list[int] = []

    async def work(storage: Storage, inc: Incarnation) -> None:
        while (await storage.read(views.count_jobs)).get(JobState.QUEUED):
            try:
                jobs = await storage.write(actions.claim_jobs, inc, 3)
            except Violation:
                continue
            lanes = {job.lane for job in jobs if job.lane}
            assert not lanes & busy
            busy.update(lanes)
            for job in jobs:
                seen.append(job.id)
                busy.discard(job.lane or "")
                assert await storage.write(actions.finish_job, job.id, inc, job.attempt)

    await asyncio.gather(*(work(storage, inc) for storage, inc in ((first, ONE), (second, TWO)) * 3))

    assert sorted(seen) == list(range(60))
