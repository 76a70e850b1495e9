"""What people wrote, marked as read beside everything else: what comes does not wait for Meta's answers.

One that is refused is let go: it is a tick on somebody's phone.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

from merpati.core.ids import WaId
from merpati.transports.cloud_api.client import GraphTrouble

AT_ONCE = 16
END_S = 2.0
"""How long an ordered end waits for those under way."""
Mark = Callable[[WaId], Awaitable[None]]


class Marks:
    """Of one number, in the order in which they are added."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Mark, WaId]] = deque()
        self._working: set[asyncio.Task[None]] = set()

    def add(self, mark: Mark, message: WaId) -> None:
        """`mark` tells Meta; it may raise `GraphTrouble`."""
        self._waiting.append((mark, message))
        if len(self._working) < AT_ONCE:
            task = asyncio.create_task(self._work())
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def _work(self) -> None:
        while self._waiting:
            mark, message = self._waiting.popleft()
            with contextlib.suppress(GraphTrouble):
                await mark(message)

    async def close(self) -> None:
        """Finish what can be finished soon; the rest is let go."""
        if self._working:
            _, late = await asyncio.wait(self._working, timeout=END_S)
            self._waiting.clear()
            for task in late:
                task.cancel()
