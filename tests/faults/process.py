"""A process of its own: started, killed, paused, ended in order; what it said is kept and shown when it fails."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from merpati.core.clock import Millis
from tests.faults.births import FromNothing, Parent, Running

POLL_S = 0.02
SAID_BYTES = 4_000
PRESSURE = Path("/proc/pressure/cpu")


def now() -> Millis:
    """The wall clock, as every process of this machine sees it."""
    return Millis(time.time_ns() // 1_000_000)


def crowded_ms() -> int:
    """For how long somebody on this machine has waited for a processor; 0 where the kernel does not tell."""
    with contextlib.suppress(OSError):
        return int(PRESSURE.read_text().partition("total=")[2].split()[0]) // 1000
    return 0


async def until(holds: Callable[[], Awaitable[bool]], within_s: float, what: str) -> None:
    """Poll until it holds: how one process waits for another. Raises AssertionError when it takes too long."""
    deadline = time.monotonic() + within_s
    while not await holds():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        await asyncio.sleep(POLL_S)


class Process:
    """One program of ours. `start` may be called again after each end."""

    def __init__(self, name: str, module: str, *arguments: str, log: Path, parent: Parent | None = None) -> None:
        """`parent`: who starts it (default: from nothing)."""
        self.name, self.log = name, log
        self._module, self._arguments, self._parent = module, arguments, parent or FromNothing()
        self._running: Running | None = None

    @property
    def running(self) -> bool:
        return self._running is not None and self._running.returncode is None

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    async def start(self, environ: Mapping[str, str] | None = None) -> None:
        """Start it; `environ` comes on top of ours without any `MERPATI_…`."""
        assert not self.running, f"{self.name} runs already"
        usual = {name: value for name, value in os.environ.items() if not name.startswith("MERPATI_")}
        self._running = await self._parent.start(
            self._module, self._arguments, {**usual, **(environ or {})}, self.log
        )

    async def died(self) -> int:
        """Wait until it has ended; its exit code. Raises AssertionError when it ended by a fault of its own."""
        assert self._running is not None
        code = await self._running.wait()
        assert code in (0, -signal.SIGKILL), f"{self.name} ended with {code}:\n{self.said()}"
        return code

    async def ended(self, within_s: float) -> bool:
        """Whether it ends by itself within this time."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.died(), within_s)
        return not self.running

    async def kill(self) -> None:
        """`kill -9`; harmless when it has ended."""
        self._send(signal.SIGKILL)
        await self.died()

    async def stop(self, within_s: float = 15.0) -> int:
        """SIGTERM, then wait; its exit code."""
        self._send(signal.SIGTERM)
        assert await self.ended(within_s), f"{self.name} does not end:\n{self.said()}"
        return await self.died()

    def pause(self) -> None:
        """SIGSTOP: it does nothing any more, and nobody is told."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def _send(self, which: signal.Signals) -> None:
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, which)

    def said(self) -> str:
        """The end of what it wrote."""
        text = self.log.read_bytes()[-SAID_BYTES:].decode(errors="replace") if self.log.exists() else ""
        return f"--- {self.name} said ---\n{text}"

    async def close(self) -> None:
        """Make sure that it is gone."""
        if self.running:
            self.resume()
            await self.kill()
