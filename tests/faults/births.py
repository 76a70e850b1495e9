"""How a process comes to be: from nothing, or in the nursery, where the imports are done."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from tests.faults.nursery import Birth, Born, Died


class Running(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None:
        """None while it lives."""
        ...

    async def wait(self) -> int: ...


class Parent(Protocol):
    """Starts `python -m module arguments` with nothing but this environment; what it writes goes to `log`."""

    async def start(
        self, module: str, arguments: Sequence[str], environ: Mapping[str, str], log: Path
    ) -> Running: ...


class FromNothing:
    """A new interpreter."""

    async def start(self, module: str, arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> Running:
        with log.open("ab") as file:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", module, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=environ,
            )


class _Child:
    """A process of the nursery."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        return self._code.result() if self._code.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._code)

    def died(self, code: int) -> None:
        self._code.set_result(code)


class Nursery:
    """Open it, start many, close it: with it all its children end."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._births: list[asyncio.Future[_Child]] = []
        self._children: dict[int, _Child] = {}

    async def open(self) -> None:
        with self._log.open("ab") as file:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tests.faults.nursery"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
            )
        self._reading = asyncio.create_task(self._read())

    async def start(self, module: str, arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> Running:
        assert self._process is not None and self._process.stdin is not None
        born: asyncio.Future[_Child] = asyncio.get_running_loop().create_future()
        self._births.append(born)
        birth = Birth(module, list(arguments), dict(environ), os.fspath(log))
        self._process.stdin.write(msgspec.json.encode(birth) + b"\n")
        await self._process.stdin.drain()
        return await born

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        decode = msgspec.json.Decoder(Born | Died).decode
        async for line in self._process.stdout:
            match decode(line):
                case Born(pid=pid):
                    self._children[pid] = _Child(pid)
                    self._births.pop(0).set_result(self._children[pid])
                case Died(pid=pid, code=code):
                    self._children.pop(pid).died(code)
        for born in self._births:
            born.set_exception(RuntimeError(f"the nursery has ended: {self._log.read_text()[-2_000:]}"))

    async def close(self) -> None:
        if self._process is None or self._process.stdin is None or self._reading is None:
            return
        self._process.stdin.close()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await self._process.stdin.wait_closed()
        await self._process.wait()
        await self._reading
        self._process = None
