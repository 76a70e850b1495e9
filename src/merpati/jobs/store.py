"""The SQL of jobs. Their times are the database's own, as the clocks of several processes differ."""

from collections.abc import Sequence

from merpati.core.clock import Millis
from merpati.core.ids import Incarnation, JobId
from merpati.jobs.model import LIFE, Job, JobEvent, JobState
from merpati.storage.nodes import dead_owner
from merpati.storage.port import Row, Tx

_JOB = "id, kind, lane, due_at, args, attempt, state, error, created_at"
_QUEUED, _RUNNING, _DEAD = int(JobState.QUEUED), int(JobState.RUNNING), int(JobState.DEAD)
_MINE = f"id = $1 AND owner_inc = $2 AND attempt = $3 AND state = {_RUNNING}"
_LOST = f"state = {_RUNNING} AND {dead_owner('job.owner_inc')}"


def _after(event: JobEvent, source: JobState = JobState.RUNNING) -> int:
    return int(LIFE.next(source, event))


async def insert_jobs(tx: Tx, jobs: Sequence[tuple[JobId, str, str | None, Millis | None, str]]) -> None:
    """(id, kind, lane, due or None for now, args)."""
    await tx.set(
        f"INSERT INTO job (id, kind, lane, due_at, args, attempt, state, owner_inc, error, created_at) "
        f"SELECT id, kind, lane, COALESCE(due_at, {{now}}), args, 0, {_QUEUED}, NULL, '', {{now}} FROM {{r}} "
        "WHERE true ON CONFLICT (id) DO NOTHING",
        "id bigint, kind text, lane text, due_at bigint, args text",
        jobs,
    )


async def hasten(tx: Tx, ids: Sequence[tuple[JobId, int]]) -> None:
    """(id, wait at most this many ms from now)."""
    await tx.set(
        "UPDATE job SET due_at = {now} + r.wait_ms FROM {r} "
        f"WHERE job.id = r.job_id AND job.state = {_QUEUED} AND job.due_at > {{now}} + r.wait_ms",
        "job_id bigint, wait_ms bigint",
        ids,
    )


async def claim(tx: Tx, inc: Incarnation, limit: int) -> list[Job]:
    """Of a lane only its head is looked at, and only while none of it runs."""
    rows = await tx.all(
        f"WITH free AS MATERIALIZED (SELECT j.id FROM job j WHERE j.state = {_QUEUED} AND j.due_at <= {{now}} "
        "AND (j.lane IS NULL OR (NOT EXISTS (SELECT 1 FROM job e WHERE e.lane = j.lane AND e.state = "
        f"{_RUNNING}) AND NOT EXISTS (SELECT 1 FROM job e WHERE e.lane = j.lane AND e.state = {_QUEUED} "
        "AND (e.due_at, e.id) < (j.due_at, j.id)))) ORDER BY j.due_at, j.id LIMIT $2 {skip_locked}) "
        f"UPDATE job SET state = {_after(JobEvent.CLAIMED, JobState.QUEUED)}, owner_inc = $1, "
        f"attempt = attempt + 1 WHERE id IN (SELECT id FROM free) AND NOT {dead_owner('$1')} RETURNING {_JOB}",
        inc,
        limit,
    )
    return sorted(map(_job, rows), key=lambda job: (job.due_at, job.id))


async def delete_mine(tx: Tx, id_: JobId, inc: Incarnation, attempt: int) -> bool:
    return await tx.one(f"DELETE FROM job WHERE {_MINE} RETURNING id", id_, inc, attempt) is not None


async def requeue_mine(
    tx: Tx, id_: JobId, inc: Incarnation, attempt: int, *, wait_ms: int, attempts: int, error: str
) -> bool:
    """`attempts`: what counts as begun from now on."""
    row = await tx.one(
        f"UPDATE job SET state = {_after(JobEvent.RETRIED)}, owner_inc = NULL, due_at = {{now}} + $4, "
        f"attempt = $5, error = $6 WHERE {_MINE} RETURNING id",
        id_,
        inc,
        attempt,
        wait_ms,
        attempts,
        error,
    )
    return row is not None


async def bury_mine(tx: Tx, id_: JobId, inc: Incarnation, attempt: int, error: str) -> bool:
    row = await tx.one(
        f"UPDATE job SET state = {_after(JobEvent.GIVEN_UP)}, owner_inc = NULL, error = $4 "
        f"WHERE {_MINE} RETURNING id",
        id_,
        inc,
        attempt,
        error,
    )
    return row is not None


async def take_back(tx: Tx) -> list[JobId]:
    rows = await tx.all(
        f"UPDATE job SET state = {_after(JobEvent.TAKEN_BACK)}, owner_inc = NULL, due_at = {{now}} "
        f"WHERE {_LOST} RETURNING id"
    )
    return [row[0] for row in rows]


async def running_of(tx: Tx, inc: Incarnation) -> list[JobId]:
    rows = await tx.all(f"SELECT id FROM job WHERE state = {_RUNNING} AND owner_inc = $1 ORDER BY id", inc)
    return [row[0] for row in rows]


async def give_back(tx: Tx, inc: Incarnation, ids: Sequence[JobId]) -> None:
    await tx.set(
        f"UPDATE job SET state = {_after(JobEvent.TAKEN_BACK)}, owner_inc = NULL, attempt = attempt - 1 FROM {{r}} "
        f"WHERE job.id = r.job_id AND job.state = {_RUNNING} AND job.owner_inc = r.inc",
        "job_id bigint, inc text",
        [(id_, inc) for id_ in ids],
    )


async def lost_exists(tx: Tx) -> bool:
    return await tx.one(f"SELECT 1 FROM job WHERE {_LOST} LIMIT 1") is not None


async def due_waits(tx: Tx) -> tuple[bool, int | None]:
    """Whether a job is due; how many ms until the next one that is not due yet."""
    due = await tx.one(f"SELECT 1 FROM job WHERE state = {_QUEUED} AND due_at <= {{now}} LIMIT 1")
    later = await tx.one(
        f"SELECT due_at - {{now}} FROM job WHERE state = {_QUEUED} AND due_at > {{now}} ORDER BY due_at, id LIMIT 1"
    )
    return due is not None, later[0] if later else None


async def revive(tx: Tx, id_: JobId) -> bool:
    row = await tx.one(
        f"UPDATE job SET state = {_after(JobEvent.REVIVED, JobState.DEAD)}, attempt = 0, due_at = {{now}} "
        f"WHERE id = $1 AND state = {_DEAD} RETURNING id",
        id_,
    )
    return row is not None


async def delete_dead(tx: Tx, id_: JobId) -> bool:
    return await tx.one(f"DELETE FROM job WHERE id = $1 AND state = {_DEAD} RETURNING id", id_) is not None


async def find(tx: Tx, id_: JobId) -> Job | None:
    row = await tx.one(f"SELECT {_JOB} FROM job WHERE id = $1", id_)
    return _job(row) if row else None


async def dead(tx: Tx, limit: int) -> list[Job]:
    rows = await tx.all(f"SELECT {_JOB} FROM job WHERE state = {_DEAD} ORDER BY id DESC LIMIT $1", limit)
    return [_job(row) for row in rows]


async def count_states(tx: Tx) -> dict[JobState, int]:
    rows = await tx.all("SELECT state, COUNT(*) FROM job GROUP BY state ORDER BY state")
    return {JobState(state): count for state, count in rows}


def _job(row: Row) -> Job:
    id_, kind, lane, due_at, args, attempt, state, error, created_at = row
    return Job(
        id=id_,
        kind=kind,
        lane=lane,
        due_at=due_at,
        args=args,
        attempt=attempt,
        state=JobState(state),
        error=error,
        created_at=created_at,
    )
