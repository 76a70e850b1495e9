"""What the doctor looks at on this machine: the data folder, the disk, the port."""

import asyncio
import errno
import os
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from merpati.cli.findings import Finding, fine, problem, warning
from merpati.cli.settings import local_address
from merpati.config import Config

LITTLE_SPACE_MB, NO_SPACE_MB = 1_000, 100
SLOW_SYNC_MS = 10.0
SYNCS = 15
_BLOCK = b"\0" * 4_096
ANSWER_WITHIN_S = 3.0


# -- the data folder --


async def check_folder(config: Config) -> list[Finding]:
    """It exists, can be written to, and is nobody else's."""
    folder = config.data.absolute()
    if not folder.exists():
        return [_missing(folder)]
    if not folder.is_dir():
        return [problem("folder.no_folder", folder=folder)]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return [problem("folder.not_writable", folder=folder)]
    return [fine("folder.writable", folder=folder), *_strangers(folder)]


def _missing(folder: Path) -> Finding:
    parent = next(path for path in folder.parents if path.exists())
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
        return warning("folder.missing", folder=folder)
    return problem("folder.cannot_be_made", folder=folder, parent=parent)


def _strangers(folder: Path) -> list[Finding]:
    """What other users of this machine could read."""
    open_to_others = [path for path in (folder, *sorted(folder.glob("keys/*"))) if path.stat().st_mode & 0o077]
    return [warning("folder.open_to_others", path=path) for path in open_to_others]


# -- the disk --


async def check_space(config: Config) -> list[Finding]:
    """There is room."""
    free_mb = shutil.disk_usage(_existing(config.data)).free // 1_000_000
    if free_mb < NO_SPACE_MB:
        return [problem("space.none", free_mb=free_mb)]
    if free_mb < LITTLE_SPACE_MB:
        return [warning("space.little", free_mb=free_mb)]
    return [fine("space.enough", free_gb=f"{free_mb / 1_000:.1f}")]


async def check_sync(config: Config) -> list[Finding]:
    """How long the disk takes until it has surely kept something: every accepted message waits for that."""
    folder = config.data.absolute()
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        return []
    try:
        took_ms = f"{(median := await asyncio.to_thread(median_sync_ms, folder)):.1f}"
    except OSError as error:
        return [problem("sync.failed", why=os.strerror(error.errno or 0))]
    return [fine("sync.fast", ms=took_ms) if median <= SLOW_SYNC_MS else warning("sync.slow", ms=took_ms)]


def median_sync_ms(folder: Path) -> float:
    """Milliseconds of one small write and its fsync, the median of fifteen. Blocks; raises OSError."""
    took = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(_BLOCK)
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1_000)
    return statistics.median(took)


def _existing(path: Path) -> Path:
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


# -- the port --


async def check_port(config: Config) -> list[Finding]:
    """It is free, or merpati answers there."""
    if config.port == 0:
        return [fine("port.any")]
    where = {"host": config.host, "port": config.port}
    try:
        with socket.create_server((config.host, config.port), family=_family(config.host)):
            return [fine("port.free", **where)]
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            key = _BIND_KEYS.get(error.errno or 0, "cannot")
            return [problem(f"port.{key}", why=os.strerror(error.errno or 0), **where)]
    return [await _who_answers(where, local_address(config))]


_BIND_KEYS = {
    errno.EACCES: "not_allowed",
    errno.EADDRNOTAVAIL: "host_unknown",
    socket.EAI_NONAME: "host_unknown",
    socket.EAI_AGAIN: "host_unknown",
    socket.EAI_FAMILY: "host_unknown",
}


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _who_answers(where: dict[str, object], address: str) -> Finding:
    health, ready = await _ask(f"{address}/healthz"), await _ask(f"{address}/readyz")
    if health is None or ready is None:
        return problem("port.silent", **where)
    if health != (200, "ok"):
        return problem("port.another", **where)
    return fine("port.ours", **where) if ready[0] == 200 else warning("port.not_ready", why=ready[1], **where)


async def _ask(url: str) -> tuple[int, str] | None:
    """The HTTP status and the beginning of the text; None: no answer, or not in HTTP."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            return answer.status, (await answer.content.read(500)).decode(errors="replace").strip()
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


CHECKS: tuple[Callable[[Config], Awaitable[list[Finding]]], ...] = (
    check_folder,
    check_space,
    check_sync,
    check_port,
)
"""In the order in which they are shown."""
