"""What can be done with jobs."""

from collections.abc import Mapping, Sequence
from typing import Any

from merpati.core.ids import Incarnation, JobId
from merpati.jobs import store
from merpati.jobs.model import Job, JobKind, NewJob, NoArgs, encode_args, recurring_id
from merpati.storage.port import Tx

LONGEST_ERROR = 500


async def enqueue_jobs(tx: Tx, jobs: Sequence[NewJob]) -> None:
    """Write jobs in the caller's transaction: they run when it is committed, else never. May run twice.

    The caller wakes the runner of its process after the commit (`JobRunner.wake`); others find them by polling.
    """
    await store.insert_jobs(tx, [(j.id, j.kind, j.lane, j.due_at, encode_args(j.args)) for j in jobs])


async def seed_recurring(tx: Tx, kinds: Mapping[str, JobKind[Any]]) -> None:
    """Enqueue the recurring jobs that are not there, and hasten those that now recur sooner. May run twice."""
    recurring = {name: kind for name, kind in kinds.items() if kind.every_ms > 0}
    await enqueue_jobs(
        tx, [NewJob(id=recurring_id(name), kind=name, args=NoArgs(), lane=name) for name in recurring]
    )
    await store.hasten(tx, [(recurring_id(name), kind.every_ms) for name, kind in recurring.items()])


async def claim_jobs(tx: Tx, inc: Incarnation, limit: int) -> list[Job]:
    """Take up to `limit` due jobs, first due first; one statement.

    Two that claim at once get different ones; where both reached for one lane, one of them gets `Violation` and
    simply claims again. Nothing is taken by an incarnation that is dead.
    """
    return await store.claim(tx, inc, limit)


async def finish_job(tx: Tx, job: JobId, inc: Incarnation, attempt: int) -> bool:
    """The job is done. False: it belongs to another run by now. May run twice."""
    return await store.delete_mine(tx, job, inc, attempt)


async def retry_job(tx: Tx, job: JobId, inc: Incarnation, attempt: int, wait_ms: int, error: str) -> bool:
    """The run failed; another comes in `wait_ms`. False as in `finish_job`. May run twice."""
    return await store.requeue_mine(tx, job, inc, attempt, wait_ms=wait_ms, attempts=attempt, error=_told(error))


async def rearm_job(tx: Tx, job: JobId, inc: Incarnation, attempt: int, wait_ms: int) -> bool:
    """The run did what it should; the next comes in `wait_ms`, with all its tries. May run twice."""
    return await store.requeue_mine(tx, job, inc, attempt, wait_ms=wait_ms, attempts=0, error="")


async def bury_job(tx: Tx, job: JobId, inc: Incarnation, attempt: int, error: str) -> bool:
    """The job failed for good: set aside, visible. May run twice."""
    return await store.bury_mine(tx, job, inc, attempt, _told(error))


def _told(error: str) -> str:
    """What an exception says may be bytes of anybody: here it can be stored."""
    return error[:LONGEST_ERROR].replace("\0", "�").encode("utf-8", "replace").decode()


async def take_back_jobs(tx: Tx) -> list[JobId]:
    """Queue again what ran in a process that died; the run counts as a try. May run twice."""
    return await store.take_back(tx)


async def give_back_jobs(tx: Tx, inc: Incarnation, keep: Sequence[JobId]) -> None:
    """Queue again, without counting the run, whatever this incarnation has claimed but `keep`. May run twice."""
    kept = set(keep)
    await store.give_back(tx, inc, [job for job in await store.running_of(tx, inc) if job not in kept])


async def revive_job(tx: Tx, job: JobId) -> bool:
    """Give a dead job all its tries again. False: it is not dead. May run twice."""
    return await store.revive(tx, job)


async def drop_job(tx: Tx, job: JobId) -> bool:
    """Forget a dead job. False: it is not dead. May run twice."""
    return await store.delete_dead(tx, job)
