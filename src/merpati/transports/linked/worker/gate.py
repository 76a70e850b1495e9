"""Calls into the library, and when none may be made.

The library keeps its clients in maps without a lock: beginning or ending one while another call looks one up aborts
the process. A look-up is the first thing a call does, so a change waits a moment after the last call began, and
calls wait for the change. Source: neonize's `main.go`; seen in forty seconds of starting and stopping.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

LOOK_UP_S: Final = 0.02
THREADS: Final = 16
"""Besides one for each session, which the library keeps for itself."""
T = TypeVar("T")


class Gate:
    """One for the process."""

    def __init__(self, devices: int) -> None:
        self._threads = ThreadPoolExecutor(devices + THREADS, thread_name_prefix="call")
        self._changing = asyncio.Lock()
        self._free = asyncio.Event()
        self._free.set()

    async def call(self, function: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - the function's own
        """Call it on a thread; it may take long."""
        while not self._free.is_set():
            await self._free.wait()
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    @contextlib.asynccontextmanager
    async def change(self) -> AsyncIterator[None]:
        """Nothing is called inside but what begins or ends a session."""
        async with self._changing:
            self._free.clear()
            try:
                await asyncio.sleep(LOOK_UP_S)
                yield
                await asyncio.sleep(LOOK_UP_S)
            finally:
                self._free.set()

    async def apart(self, function: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - the function's own
        """Call it inside `change`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)
