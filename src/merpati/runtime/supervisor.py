"""The supervisor: the one place that catches whatever is raised, says so, and starts again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import cast

log = logging.getLogger("merpati.runtime")

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 30.0


class Supervisor:
    """Runs loops that must not end, and tasks whose failure must not go unseen."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self.faults = 0
        """How many exceptions reached it."""

    def loop(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Keep `run` running: what it raises is logged, and it begins again after a wait that grows."""
        self._add(asyncio.ensure_future(self._forever(name, run)))

    def spawn(self, work: Awaitable[None]) -> asyncio.Task[None]:
        """Run `work` once; what it raises is logged."""
        return self._add(asyncio.ensure_future(self._once(work)))

    async def close(self) -> None:
        """Cancel everything and wait for it."""
        for task in set(self._tasks):
            task.cancel()
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _add(self, task: "asyncio.Future[None]") -> asyncio.Task[None]:
        running = cast(asyncio.Task[None], task)
        self._tasks.add(running)
        running.add_done_callback(self._tasks.discard)
        return running

    async def _once(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception:
            self.faults += 1
            log.exception("a task failed")

    async def _forever(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        wait = FIRST_WAIT_S
        while True:
            try:
                await run()
                return
            except Exception:
                self.faults += 1
                log.exception("%s failed; again in %.1f s", name, wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)
