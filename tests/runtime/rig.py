"""Nodes for tests, and what they run instead of sessions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

from merpati.core.clock import Clock, Millis, SystemClock
from merpati.core.ids import DeviceId, Epoch
from merpati.runtime.node import Loss, Node
from merpati.storage.port import Action, OutcomeUnknown, Storage, StorageGone

T = TypeVar("T")
P = ParamSpec("P")


class Sessions:
    """Writes down what a node gains and loses, and lets a test wait for it."""

    def __init__(self) -> None:
        self.held: dict[DeviceId, Epoch] = {}
        self.losses: list[tuple[DeviceId, Loss]] = []
        self.leases_lost = 0
        self._changed = asyncio.Condition()

    async def gain(self, device: DeviceId, epoch: Epoch) -> None:
        async with self._changed:
            self.held[device] = epoch
            self._changed.notify_all()

    async def lose(self, device: DeviceId, why: Loss) -> None:
        async with self._changed:
            self.held.pop(device, None)
            self.losses.append((device, why))
            self._changed.notify_all()

    def lost_lease(self) -> None:
        self.leases_lost += 1

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(true)

    async def until_held(self, held: dict[int, int]) -> None:
        """Devices and their epochs."""
        await self.until(lambda: self.held == held)


class WrongClock(SystemClock):
    """A machine whose clock is wrong."""

    def __init__(self, off_ms: int) -> None:
        self._off_ms = off_ms

    def now(self) -> Millis:
        return Millis(super().now() + self._off_ms)


class HandClock(SystemClock):
    """Time that has passed goes on only when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def elapsed(self) -> float:
        return self.seconds


class Cable:
    """A database that can be cut off: refusing, silent, or answering without saying that it did."""

    def __init__(self, storage: Storage) -> None:
        self.engine, self._storage = storage.engine, storage
        self.mode = ""

    async def write(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        await self._fail()
        result = await self._storage.write(action, *args, **kwargs)
        if self.mode == action.__name__:
            self.mode = ""
            raise OutcomeUnknown("lost in COMMIT")
        return result

    async def write_bulk(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.write(action, *args, **kwargs)

    async def read(self, view: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        await self._fail()
        return await self._storage.read(view, *args, **kwargs)

    async def close(self) -> None: ...

    async def _fail(self) -> None:
        if self.mode == "refusing":
            raise StorageGone("cut")
        if self.mode == "silent":
            await asyncio.Event().wait()


def node_of(
    storage: Storage,
    sessions: Sessions,
    *,
    clock: Clock | None = None,
    lease_s: float = 30.0,
    exclusive: bool = False,
    capacity: int = 100,
    connects_per_s: float | None = None,
) -> Node:
    return Node(
        storage,
        clock or SystemClock(),
        on_gain=sessions.gain,
        on_loss=sessions.lose,
        on_lease_lost=sessions.lost_lease,
        lease_s=lease_s,
        exclusive=exclusive,
        capacity=capacity,
        connects_per_s=connects_per_s,
    )


@asynccontextmanager
async def running(*nodes: Node) -> AsyncIterator[list["asyncio.Task[None]"]]:
    """The nodes' tasks: cancelling one is a crash. Those that run at the end are stopped."""
    tasks = [asyncio.create_task(node.run()) for node in nodes]
    try:
        yield tasks
    finally:
        for node, task in zip(nodes, tasks, strict=True):
            if not task.cancelled():
                await node.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
