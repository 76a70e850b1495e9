"""The lease of this process: one row in the database, renewed while it lives.

The database's clock alone decides whether a lease is over. Here counts only the time that has passed since the
last renewal was *sent*: at 80 % of the lease the process takes itself for dead, so it stops before another can
begin. A lost lease never comes back: the process joins anew, as another incarnation.
"""

import asyncio
import logging

from merpati.core.clock import Clock
from merpati.core.ids import Incarnation
from merpati.storage import nodes
from merpati.storage.port import Storage, StorageError, Tx

logger = logging.getLogger(__name__)

GUARD = 0.8
"""The part of the lease after which a process that could not renew it stops by itself."""
RENEWALS = 5
"""How often a lease is renewed within its time."""
TROUBLE_SLEEP_S = 0.5


class Lease:
    """`join`, then `keep` until it is lost; then `join` again."""

    def __init__(self, storage: Storage, clock: Clock, *, lease_s: float, name: str, exclusive: bool) -> None:
        """`name` is for people. `exclusive`: nobody else can be attached (the data folder's lock is ours), so
        every other incarnation is dead."""
        self._storage, self._clock = storage, clock
        self._lease_s, self._name, self._exclusive = lease_s, name, exclusive
        self._last: Incarnation | None = None
        self._held = False
        self._guard_until = 0.0

    @property
    def incarnation(self) -> Incarnation | None:
        """None while there is no lease."""
        return self._last if self._held else None

    def is_safe(self) -> bool:
        """Whether no other process can take this one for dead. Ask right before each act that must not be late."""
        return self._held and self._clock.elapsed() < self._guard_until

    async def join(self) -> None:
        """Become a new incarnation; tries until the database lets it. The last one is dead then."""
        while True:
            inc, sent = nodes.new_incarnation(), self._clock.elapsed()
            try:
                async with asyncio.timeout(GUARD * self._lease_s):
                    await self._storage.write(self._replace, self._last, inc)
            except (StorageError, TimeoutError) as error:
                logger.warning("cannot join: %s", str(error) or "no answer in time")
                await asyncio.sleep(min(TROUBLE_SLEEP_S, self._lease_s / RENEWALS))
                continue
            self._last, self._held, self._guard_until = inc, True, sent + GUARD * self._lease_s
            logger.info("joined as %s", inc)
            return

    async def _replace(self, tx: Tx, last: Incarnation | None, inc: Incarnation) -> None:
        if last is not None:
            await nodes.leave_node(tx, last)
        await nodes.join_node(tx, inc, self._name, self._lease_ms, exclusive=self._exclusive)

    async def keep(self) -> None:
        """Renew until the lease is lost, which is when this returns."""
        rest_s = self._lease_s / RENEWALS
        while (left_s := self._guard_until - self._clock.elapsed()) > 0:
            await asyncio.sleep(min(rest_s, left_s))
            rest_s = await self._renew()
        self.drop()
        logger.warning("the lease is lost")

    async def _renew(self) -> float:
        """One try; how long to wait before the next, in seconds."""
        assert self._last is not None
        sent = self._clock.elapsed()
        try:
            async with asyncio.timeout(max(self._guard_until - sent, 0)):
                alive = await self._storage.write(nodes.renew_node, self._last, self._lease_ms)
        except (StorageError, TimeoutError) as error:
            logger.warning("the lease is not renewed: %s", str(error) or "no answer in time")
            return self._lease_s / RENEWALS / 4
        self._guard_until = sent + GUARD * self._lease_s if alive else 0.0
        return self._lease_s / RENEWALS

    def drop(self) -> None:
        """Give no more answer of being safe."""
        self._held, self._guard_until = False, 0.0

    async def leave(self) -> None:
        """Let everybody know that this incarnation is over."""
        self.drop()
        if self._last is None:
            return
        try:
            async with asyncio.timeout(self._lease_s / RENEWALS):
                await self._storage.write(nodes.leave_node, self._last)
        except (StorageError, TimeoutError) as error:
            logger.warning("left without a word, others wait for the end of the lease: %s", error)

    @property
    def _lease_ms(self) -> int:
        return round(self._lease_s * 1000)
