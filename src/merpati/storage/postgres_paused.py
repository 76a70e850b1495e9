"""Transactions of a process that was paused: whoever waits behind them ends them.

PostgreSQL's own timeouts do not end all of them. `idle_in_transaction_session_timeout` counts between two
statements alone: neither while a statement is being prepared, when asyncpg asks for its description with Flush and
sends no Sync yet, nor while an answer cannot be written because nobody reads it. `statement_timeout` does not count
there either, so the locks would last as long as the pause. And where several transactions of that process stand in
line for one lock, each would have the whole time anew.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

import asyncpg

from merpati.storage.postgres_errors import TROUBLE

logger = logging.getLogger(__name__)

NAME = "merpati"
"""How all our sessions are called in the server; each process adds a word of its own."""

# A process is taken for paused when a session of its blocks another and waited too long for it to write or read.
# Then all its transactions go that hold a lock which somebody waits for, or stand in line for one.
_END_PAUSED = """
WITH waiting AS MATERIALIZED (
  SELECT pid, pg_blocking_pids(pid) AS behind FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock'
), involved AS MATERIALIZED (
  SELECT pid, application_name, state, wait_event_type, state_change FROM pg_stat_activity
  WHERE datname = current_database() AND usename = current_user
    AND application_name LIKE $1 AND application_name <> current_setting('application_name')
    AND (pid IN (SELECT unnest(behind) FROM waiting) OR pid IN (SELECT pid FROM waiting))
), paused AS (
  SELECT DISTINCT application_name FROM involved
  WHERE pid IN (SELECT unnest(behind) FROM waiting)
    AND state IN ('active', 'idle in transaction') AND wait_event_type = 'Client'
    AND state_change < clock_timestamp() - make_interval(secs => $2)
)
SELECT application_name, count(pg_terminate_backend(pid)) FROM involved JOIN paused USING (application_name)
GROUP BY application_name
"""


def session_name() -> str:
    """What the sessions of one process are called in the server."""
    return f"{NAME} {secrets.token_hex(6)}"


class PausedOthers:
    """Looks for paused processes while a transaction of this one lasts suspiciously long; else it does nothing."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", patience_s: float) -> None:
        """`patience_s`: how long another may hold up transactions without a word to the server. It needs one
        connection of the pool."""
        self._pool, self._patience_s = pool, patience_s
        self._begun: dict[int, float] = {}
        self._keys = count()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """For the time of a transaction that may have to wait for locks."""
        key = next(self._keys)
        self._begun[key] = asyncio.get_running_loop().time()
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            del self._begun[key]

    async def close(self) -> None:
        """Look no more. May run twice."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look_on(self) -> None:
        """As long as there are transactions: whenever the oldest has lasted for half the patience, and on."""
        loop = asyncio.get_running_loop()
        try:
            while self._begun:
                oldest = next(iter(self._begun.values()))
                rest_s = oldest + self._patience_s / 2 - loop.time()
                if rest_s <= 0:
                    rest_s = self._patience_s / 4
                    with suppress(*TROUBLE):  # then nobody's locks hold us up either
                        await self._end_paused()
                await asyncio.sleep(rest_s)
        finally:
            self._looking = None

    async def _end_paused(self) -> None:
        async with self._pool.acquire() as db:
            for name, ended in await db.fetch(_END_PAUSED, f"{NAME} %", self._patience_s):
                logger.warning("a process stands still (%s): %d of its transactions are ended", name, ended)
