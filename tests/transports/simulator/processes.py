"""The network in a process of its own, for tests that kill it."""

import asyncio
import signal
import sys
from pathlib import Path

WITHIN_S = 20.0


class NetworkProcess:
    """Start, kill and start again on the same folder; its script is `scale = 0` and what is given."""

    def __init__(self, folder: Path, script: str = "") -> None:
        self.folder = folder
        self._script = folder.parent / "script.toml"
        self._script.write_text(f"[network]\nscale = 0\nseed = 1\n{script}")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> Path:
        """Its socket, as soon as clients may connect."""
        command = [sys.executable, "-m", "merpati.transports.simulator", "--folder", str(self.folder)]
        self._process = await asyncio.create_subprocess_exec(
            *command, "--faults", str(self._script), stdout=asyncio.subprocess.PIPE
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            line = await self._process.stdout.readline()
        return Path(line.decode().strip())

    async def end(self, how: signal.Signals = signal.SIGKILL) -> int:
        """Kill it and wait until it is gone; the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)
        return await self._process.wait()
