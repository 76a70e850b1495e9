"""Carries out a plan: kills nodes at named points and at random, brings them back, and writes every fault down."""

import asyncio
from collections.abc import Sequence

from tests.faults.evidence import Fault
from tests.faults.gateway import Gateway
from tests.faults.plan import How, Kill
from tests.faults.process import now
from tests.faults.stage import Stage
from tests.postgres import PostgresServer


class Executioner:
    """One per run. Each node has its own list of kills; between them it is served as it comes."""

    def __init__(self, stage: Stage, server: PostgresServer | None = None) -> None:
        self._stage, self._server = stage, server
        self._database = asyncio.Lock()
        """Held while a node starts, and while the database is away: no node can start without one."""

    async def carry_out(self, kills: Sequence[Kill]) -> None:
        """All kills; at the end every node serves, unarmed."""
        async with asyncio.TaskGroup() as group:
            for number, node in enumerate(self._stage.nodes):
                group.create_task(self._haunt(node, [kill for kill in kills if kill.node == number]))

    async def _haunt(self, node: Gateway, kills: Sequence[Kill]) -> None:
        if node.running:
            await node.kill()
        for kill in kills:
            await self._open(node, kill.crash_at)
            if kill.how is How.DATABASE:
                await self._kill_database()
                await node.ready()  # it finds back by itself
            await self._let_die(node, kill)
        await self._open(node, "")

    async def _open(self, node: Gateway, crash_at: str) -> None:
        async with self._database:
            await node.open(crash_at)

    async def _let_die(self, node: Gateway, kill: Kill) -> None:
        """By its armed point, or, when that does not come in time or none is armed, at whatever it does then."""
        if not await node.ended(kill.after_s):
            await node.kill()

    async def _kill_database(self) -> None:
        """Crash PostgreSQL and bring it back; the nodes are left alone."""
        assert self._server is not None
        async with self._database:
            at = now()
            await asyncio.to_thread(self._server.kill)
            await asyncio.to_thread(self._server.start)
            self._stage.faults.append(Fault(at, now(), "database killed", "", "postgres"))
