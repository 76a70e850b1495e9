"""merpati as a process of its own, reached by HTTP alone."""

import contextlib
import random
import socket
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from merpati.core.clock import Millis
from tests.faults.births import Parent
from tests.faults.evidence import Fault
from tests.faults.process import Process, now, until

READY_S = 30.0


PORTS = range(20_000, 32_000)
"""Below those of outgoing connections, so that none of them takes the port of a node that is down."""


def free_port() -> int:
    """A port that nobody listens on now; a gateway keeps its own over all restarts."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as door, contextlib.suppress(OSError):
            door.bind(("127.0.0.1", port))
            return port


class Gateway(Process):
    """One node: its data folder, its port, its settings."""

    def __init__(
        self, name: str, data: Path, settings: Mapping[str, str], parent: Parent, module: str = "merpati"
    ) -> None:
        super().__init__(name, module, "serve", log=data.parent / f"{name}.log", parent=parent)
        self.data, self.port = data, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.faults: list[Fault] = []
        """What happened to it."""
        self._point, self._is_noted, self._paused_at = "", False, Millis(0)
        self._settings = {**settings, "MERPATI_PORT": str(self.port), "MERPATI_DATA": str(data)}

    async def begin(self, crash_at: str = "", **settings: str) -> None:
        """Start without waiting for it; `crash_at` arms a named point, `settings` are others for this once."""
        await self.start({**self._settings, "MERPATI_CRASH_AT": crash_at, **settings})
        self._point, self._is_noted = crash_at.partition(":")[0], False

    async def open(self, crash_at: str = "", **settings: str) -> None:
        """Start, and wait until it serves."""
        await self.begin(crash_at, **settings)
        await self.ready()

    async def died(self) -> int:
        """As every process; a kill is noted, with its point unless it came from outside."""
        code = await super().died()
        if code and not self._is_noted:
            self.faults.append(Fault(now(), now(), "killed", self._point, self.name))
        self._is_noted = True
        return code

    async def kill(self) -> None:
        """`kill -9` from outside, at whatever it does now."""
        if self.running:
            self._point = ""
        await super().kill()

    def pause(self) -> None:
        self._paused_at = now()
        super().pause()

    def resume(self) -> None:
        """Go on; the pause is noted."""
        super().resume()
        if self._paused_at:
            self.faults.append(Fault(self._paused_at, now(), "paused", "", self.name))
        self._paused_at = Millis(0)

    async def ready(self, within_s: float = READY_S) -> None:
        """Wait until it serves, or is dead again (an armed point may come first)."""
        async with aiohttp.ClientSession() as http:

            async def serves() -> bool:
                if not self.running:
                    await self.died()  # by its own point, or by a fault
                return not self.running or await self._answers(http)

            await until(serves, within_s, f"{self.name} serves")

    async def _answers(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with http.get(f"{self.url}/readyz", timeout=aiohttp.ClientTimeout(total=2)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False
