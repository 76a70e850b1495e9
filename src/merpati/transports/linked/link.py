"""What a process has of linked devices: the workers, and which device is in which."""

import asyncio
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from merpati.core.clock import Clock
from merpati.core.ids import DeviceId
from merpati.transports.linked.folder import SessionFolder
from merpati.transports.linked.process import Beats, WorkerProcess
from merpati.transports.linked.transport import LinkedTransport

LINKED: Final = "linked"
"""The way's name, and the extra's."""
WORKER: Final = (sys.executable, "-m", "merpati.transports.linked.worker")


def is_installed() -> bool:
    """Whether the extra `merpati[linked]` is there; nothing of it is loaded."""
    return importlib.util.find_spec("neonize") is not None


class Settings(Struct, frozen=True, kw_only=True):
    """How a process holds linked devices."""

    root: Path
    """The folder of the devices' folders."""
    spool: Path
    """Where files that come are put until they are stored."""
    most_bytes: int = 100_000_000
    """Larger files that come are not fetched."""
    devices_per_worker: int = 1
    """One costs 33 MB for each device, ten in one cost 6 each; a crash of the library ends that session alone."""
    proxy: str = ""
    """`http://` or `socks5://`; empty: none but the environment's."""
    command: Sequence[str] = WORKER
    environment: Mapping[str, str] = {}
    beats: Beats = Beats()


class LinkedLink:
    """Makes the devices' transports; ends with `close`."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Nothing is started before a device is."""
        self.settings, self._clock = settings, clock
        self._workers: list[WorkerProcess] = []

    @property
    def workers(self) -> Sequence[WorkerProcess]:
        return tuple(self._workers)

    def folder(self, device: DeviceId) -> SessionFolder:
        return SessionFolder.of(self.settings.root, device)

    def transport(self, device: DeviceId) -> LinkedTransport:
        return LinkedTransport(device, self.folder(device), self._place, self.settings, self._clock)

    def _place(self) -> WorkerProcess:
        """A worker with room."""
        settings = self.settings
        free = [each for each in self._workers if each.load < settings.devices_per_worker]
        if free:
            return max(free, key=lambda each: each.load)
        worker = WorkerProcess(settings.command, settings.devices_per_worker, settings.beats, settings.environment)
        self._workers.append(worker)
        return worker

    async def forget(self, device: DeviceId) -> None:
        """Drop the keys of a device that was deleted; it is not running. May run twice."""
        await asyncio.to_thread(self.folder(device).forget)

    async def close(self) -> None:
        """End what is left. May be called twice."""
        for worker in self._workers:
            await worker.stop()
        self._workers.clear()
