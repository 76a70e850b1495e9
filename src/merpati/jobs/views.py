"""Reading jobs."""

from typing import NamedTuple

from merpati.core.ids import JobId
from merpati.jobs import store
from merpati.jobs.model import Job, JobState
from merpati.storage.port import Tx


class Outlook(NamedTuple):
    """What a runner needs to know before it does anything."""

    lost: bool
    """A dead process ran some."""
    due: bool
    next_ms: int | None
    """Until the next one that is not due yet; None: there is none."""


async def outlook(tx: Tx) -> Outlook:
    return Outlook(await store.lost_exists(tx), *await store.due_waits(tx))


async def find_job(tx: Tx, id_: JobId) -> Job | None:
    """None: there is none, or it is done."""
    return await store.find(tx, id_)


async def dead_jobs(tx: Tx, limit: int = 100) -> list[Job]:
    """What failed too often, newest first."""
    return await store.dead(tx, limit)


async def count_jobs(tx: Tx) -> dict[JobState, int]:
    """How many jobs are in each state; states of none are left out."""
    return await store.count_states(tx)
