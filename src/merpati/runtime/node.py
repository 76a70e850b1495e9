"""One process among others: which devices it holds.

It keeps its lease, claims wanted devices that nobody alive holds, and says so by `on_gain`; it gives them up by
`on_loss` when its lease is lost, when the owner of a device wants it disconnected, and when it stops.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from itertools import count
from typing import NamedTuple, TypeAlias

from merpati.core.clock import Clock
from merpati.core.ids import DeviceId, Epoch, Incarnation
from merpati.devices import ownership
from merpati.devices.model import Claim, Owned, Reason
from merpati.runtime.lease import RENEWALS, Lease
from merpati.storage import nodes
from merpati.storage.port import Storage, StorageError, Tx

logger = logging.getLogger(__name__)

CAPACITY = 2_000
CONNECTS_PER_S = 10.0
LONGEST_SLEEP_S = 0.25
ADRIFT_AT_ONCE = 100
THOROUGH_EVERY = 20
"""Looks."""


class Loss(StrEnum):
    """Why a device is given up."""

    LEASE = "lease"
    """The process lost its lease, or the device: another may hold it already. Hand over nothing, write nothing."""
    UNWANTED = "unwanted"
    """The owner of the device wants it disconnected."""
    STOPPING = "stopping"
    """The process ends: finish what is in hand, then end the session."""


_REASONS = {Loss.UNWANTED: Reason.UNWANTED, Loss.STOPPING: Reason.RELEASED}

Gain: TypeAlias = Callable[[DeviceId, Epoch], Awaitable[None]]
"""Begin the device's session. It must not raise, and ends soon: connecting goes on in a task of its own."""
Lose: TypeAlias = Callable[[DeviceId, Loss], Awaitable[None]]
"""End the device's session; done means that nothing more is handed over. It must not raise. It may come while the
device's `Gain` is broken off, and twice."""


class Survey(NamedTuple):
    """What a node looks at before it does anything."""

    claimable: bool
    unwanted: Sequence[DeviceId]
    """Held, though their owners want them disconnected."""
    adrift: bool
    """Devices whose holder is gone. Looked at only when thorough, as is `owned`."""
    owned: Sequence[Owned] | None


async def survey(tx: Tx, inc: Incarnation, *, thorough: bool) -> Survey:
    return Survey(
        claimable=await ownership.claimable_exists(tx),
        unwanted=await ownership.unwanted_devices(tx, inc),
        adrift=thorough and await ownership.adrift_exists(tx),
        owned=await ownership.owned_devices(tx, inc) if thorough else None,
    )


class Node:
    """`run` until `stop`."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        on_gain: Gain,
        on_loss: Lose,
        on_lease_lost: Callable[[], None] = lambda: None,
        before_leaving: Callable[[], Awaitable[None]] | None = None,
        lease_s: float = 15.0,
        name: str = "",
        exclusive: bool = False,
        capacity: int = CAPACITY,
        connects_per_s: float | None = CONNECTS_PER_S,
    ) -> None:
        """`before_leaving` is awaited in an ordered end, when the devices are given back and the lease still holds.

        `capacity`: devices held at most. `connects_per_s`: claimed at most (None: all at once).

        `exclusive`: no other process can be attached to this database, so whatever others held is free at once.
        """
        self._storage, self._clock = storage, clock
        self._on_gain, self._on_loss, self._on_lease_lost = on_gain, on_loss, on_lease_lost
        self._before_leaving = before_leaving
        self._lease = Lease(storage, clock, lease_s=lease_s, name=name, exclusive=exclusive)
        self._sleep_s = min(LONGEST_SLEEP_S, lease_s / RENEWALS)
        self._capacity = capacity
        self._rate = _Rate(clock, connects_per_s)
        self._held: dict[DeviceId, Epoch] = {}
        self._wake, self._stop, self._ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._ended.set()

    @property
    def incarnation(self) -> Incarnation | None:
        """None while this process has no lease."""
        return self._lease.incarnation

    def may_hand_over(self) -> bool:
        """Whether this process still holds its devices for certain. Ask right before each hand-over."""
        return self._lease.is_safe()

    def claim_of(self, device: DeviceId) -> Claim | None:
        """What fences this node's acts for the device; None: it does not hold it."""
        inc, epoch = self.incarnation, self._held.get(device)
        return Claim(inc, epoch) if inc is not None and epoch is not None else None

    def held(self) -> list[DeviceId]:
        """The devices that this node holds."""
        return list(self._held)

    def wake(self) -> None:
        """Look at once: a device was added, or shall be connected or disconnected."""
        self._wake.set()

    async def run(self) -> None:
        """Hold devices until `stop`."""
        self._ended.clear()
        try:
            while not self._stop.is_set():
                await _first(self._lease.join(), self._stop.wait())
                if self.incarnation is not None:
                    await self._live()
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """Give every device back, then leave; another node takes them at once. May run twice."""
        self._stop.set()
        await self._ended.wait()

    async def _live(self) -> None:
        """One incarnation, from its lease to the end of it."""
        keeping = asyncio.create_task(self._lease.keep())
        try:
            await _first(asyncio.wait([keeping]), self._claim_on(), self._stop.wait())
            if not keeping.done():
                await _first(asyncio.wait([keeping]), self._give_all_back())
            if keeping.done():
                keeping.result()
                self._on_lease_lost()
                await self._lose(self.held(), Loss.LEASE)
            if self._stop.is_set():
                if self._before_leaving is not None:
                    await self._before_leaving()
                await self._lease.leave()
        finally:
            keeping.cancel()

    async def _give_all_back(self) -> None:
        await asyncio.gather(*(self._hand_back(device, Loss.STOPPING) for device in self.held()))

    # -- claiming --

    async def _claim_on(self) -> None:
        """Look every half second, thoroughly at first, when woken, after trouble, and now and then."""
        for look in count():
            thorough = look % THOROUGH_EVERY == 0 or self._wake.is_set()
            self._wake.clear()
            try:
                await self._look(thorough=thorough)
            except StorageError as error:
                logger.warning("devices wait for the database: %s", error)
                await asyncio.sleep(self._sleep_s)
                self._wake.set()
            await self._sleep()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._sleep_s):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look(self, *, thorough: bool) -> None:
        inc = self.incarnation
        if inc is None:
            return
        thorough = bool(await self._storage.write(nodes.reap_nodes)) or thorough
        seen = await self._storage.read(survey, inc, thorough=thorough)
        await asyncio.gather(*(self._hand_back(device, Loss.UNWANTED) for device in seen.unwanted))
        if seen.owned is not None:
            await self._reconcile(seen.owned)
        if seen.adrift:
            while await self._storage.write(ownership.mark_adrift, ADRIFT_AT_ONCE) == ADRIFT_AT_ONCE:
                pass
        elif not seen.claimable:
            return
        await self._claim(inc)

    async def _claim(self, inc: Incarnation) -> None:
        room = self._rate.take(self._capacity - len(self._held))
        if room <= 0:
            return
        claimed = await self._storage.write(ownership.claim_devices, inc, room)
        self._rate.give_back(room - len(claimed))
        await self._gain(claimed)

    async def _reconcile(self, owned: Sequence[Owned]) -> None:
        """Make what we hold what the database says: devices lost, claims of unknown outcome."""
        epochs = {device: epoch for device, epoch, _ in owned}
        await self._lose([d for d, epoch in self._held.items() if epochs.get(d) != epoch], Loss.LEASE)
        await self._gain([(device, epoch) for device, epoch, desired in owned if desired])

    async def _gain(self, devices: Sequence[tuple[DeviceId, Epoch]]) -> None:
        new = [(device, epoch) for device, epoch in devices if device not in self._held]
        self._held.update(new)
        await asyncio.gather(*(self._on_gain(device, epoch) for device, epoch in new))

    async def _lose(self, devices: Sequence[DeviceId], why: Loss) -> None:
        await asyncio.gather(*(self._on_loss(device, why) for device in devices))
        for device in devices:
            self._held.pop(device, None)

    async def _hand_back(self, device: DeviceId, why: Loss) -> None:
        """End the session, then let others have the device."""
        inc = self.incarnation
        if device in self._held:
            await self._lose([device], why)
        if inc is None:
            return
        try:
            await self._storage.write(ownership.give_back_device, inc, device, _REASONS[why])
        except StorageError as error:
            logger.warning("device %s is not given back yet: %s", device, error)


class _Rate:
    """How many may be claimed now; a second's worth may be saved up."""

    def __init__(self, clock: Clock, per_s: float | None) -> None:
        self._clock, self._per_s = clock, per_s
        self._saved, self._since = per_s or 0.0, clock.elapsed()

    def take(self, wanted: int) -> int:
        if self._per_s is None:
            return wanted
        now = self._clock.elapsed()
        self._saved = min(self._saved + (now - self._since) * self._per_s, max(self._per_s, 1.0))
        self._since = now
        taken = max(min(wanted, int(self._saved)), 0)
        self._saved -= taken
        return taken

    def give_back(self, unused: int) -> None:
        self._saved += unused


async def _first(*waits: Awaitable[object]) -> None:
    """Wait until one of these has ended, break the others off; raises what it raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for result in ended:
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result
