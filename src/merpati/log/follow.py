"""The loop of a reader: woken after commits of this process, else it polls."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from merpati.storage.port import StorageError

log = logging.getLogger("merpati.log")

BUSY_S, IDLE_S = 0.18, 2.0
"""How long to wait for a ring after a round that found something, or nothing."""
PAUSE_S = 0.02
"""Between two rounds at least: what is committed meanwhile is read together."""
STORAGE_AGAIN_S = 1.0


class Bell:
    """Wakes one loop of this event loop. A ring that nobody waits for is heard by the next wait."""

    def __init__(self) -> None:
        self._rung, self._last = asyncio.Event(), asyncio.Event()

    def ring(self) -> None:
        """Something was committed, or is due."""
        self._rung.set()

    def ring_last(self) -> None:
        """The loop is to end: it does not even pause before it hears this. May be rung twice."""
        self._last.set()
        self._rung.set()

    async def pause(self, pause_s: float) -> None:
        """That long, or until the last ring."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._last.wait()

    async def wait(self, timeout_s: float) -> None:
        """Until a ring, or that long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return
        finally:
            self._rung.clear()


async def follow(work: Callable[[], Awaitable[float | None]], bell: Bell, *, pause_s: float = PAUSE_S) -> None:
    """Do rounds of `work` until one answers None; it answers for how many seconds at most to wait for a ring.

    While the database is away a round is tried again every second: `work` may raise `StorageError` anywhere.
    """
    while True:
        try:
            wait_s = await work()
        except StorageError as error:
            log.warning("the database does not answer (%s); reading the log goes on later", type(error).__name__)
            await asyncio.sleep(STORAGE_AGAIN_S)
            continue
        if wait_s is None:
            return
        await bell.pause(pause_s)
        await bell.wait(wait_s)
