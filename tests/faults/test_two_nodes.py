"""Two processes on one PostgreSQL: one is killed, paused, ended, or has a wrong clock; the other takes over."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from merpati.core.clock import HOUR_MS, Millis
from merpati.core.ids import Address
from merpati.transports.simulator.entries import HandOff, SessionOpened
from tests.faults.evidence import Fault
from tests.faults.load import Caller
from tests.faults.process import crowded_ms, now, until
from tests.faults.settling import settle
from tests.faults.stage import LEASE_S, Stage, open_stage
from tests.faults.traffic import PACES_MS, busy, person
from tests.postgres import PostgresServer

pytestmark = [pytest.mark.faults, pytest.mark.process]
TAKEOVER_MS = (LEASE_S + 1.5) * 1000
"""The lease and the reaper's turn, until another logs in."""
GRACEFUL_MS = 1_000


@pytest.fixture
async def stage(tmp_path: Path, postgres_dsn: str) -> AsyncIterator[Stage]:
    """Two nodes; the first is started first, and so owns the devices."""
    async with open_stage(tmp_path, postgres_dsn, paces=PACES_MS, nodes=2) as stage:
        for node in stage.nodes:
            await node.open()
        yield stage


@pytest.fixture
def rng() -> random.Random:
    return random.Random(11)


@pytest.fixture
async def caller(stage: Stage, rng: random.Random) -> AsyncIterator[Caller]:
    async with Caller(stage, rng) as caller:
        yield caller


def owner_at(stage: Stage, device: Address, at: Millis) -> str:
    """The incarnation that handed over last for this device before a moment."""
    notes = [e.note for e in stage.network.journal() if isinstance(e, HandOff) and e.device == device and e.t <= at]
    return notes[-1].rpartition(":")[0]


async def takeover_ms(stage: Stage, since: Millis) -> int:
    """How long after a moment, which is now, another incarnation logged in for the first device; waits until it
    hands over. The time in which somebody on the machine waited for a processor does not count."""
    device = stage.senders[0].number
    before, took, crowded = owner_at(stage, device, since), [0], crowded_ms()

    async def has_moved() -> bool:
        news = [e for e in stage.network.journal() if isinstance(e, SessionOpened | HandOff) and e.device == device]
        news = [e for e in news if e.t > since and not e.note.startswith(f"{before}:")]
        login = next((e.t for e in news if isinstance(e, SessionOpened)), None)
        if login is not None and not took[0]:
            took[0] = login - since - (crowded_ms() - crowded)
        return any(isinstance(e, HandOff) for e in news)

    await until(has_moved, 20, "another node hands over")
    return took[0]


async def calm(stage: Stage, seconds: float = 1.0) -> None:
    """Let the traffic run; the first device has handed over then, however slow the machine."""
    first = stage.senders[0].number

    async def has_handed_over() -> bool:
        return any(isinstance(e, HandOff) and e.device == first for e in stage.network.journal())

    await until(has_handed_over, 20, "the first device hands over")
    await asyncio.sleep(seconds)


async def test_killed_the_other_takes_over_within_the_lease(
    stage: Stage, caller: Caller, rng: random.Random
) -> None:
    """Each kills the owner; the next owner is the other, every time."""
    async with busy(stage, caller, rng):
        for owner in (*stage.nodes, *stage.nodes):
            await calm(stage)
            since = now()
            await owner.kill()
            assert await takeover_ms(stage, since) <= TAKEOVER_MS
            await owner.open()
    await settle(stage)


async def test_paused_the_other_takes_over_and_answers_and_woken_it_hands_over_nothing(
    stage: Stage, caller: Caller, rng: random.Random
) -> None:
    """At any instant: whatever it held then, no lock outlives the lease. Woken, it is silent (the judge's law)."""
    async with busy(stage, caller, rng):
        for place in (0, 1, 0, 1):
            owner, other = stage.nodes[place], 1 - place
            await calm(stage, rng.uniform(0.5, 1.5))
            since = now()
            owner.pause()
            await caller.send(stage.senders[-1], person(7_000), node=other)
            assert now() - since <= TAKEOVER_MS
            assert await takeover_ms(stage, since) <= TAKEOVER_MS
            owner.resume()
    await settle(stage)


async def test_ended_in_order_the_other_takes_over_at_once(
    stage: Stage, caller: Caller, rng: random.Random
) -> None:
    """SIGTERM under load: no message is handed over twice."""
    async with busy(stage, caller, rng):
        for owner in (*stage.nodes, *stage.nodes):
            await calm(stage)
            since = now()
            took_ms, _ = await asyncio.gather(takeover_ms(stage, since), owner.stop())
            assert took_ms <= GRACEFUL_MS
            await owner.open()
    case = await settle(stage)
    assert {len(places) for places in case.places.values()} == {1}


async def test_the_database_is_killed_and_all_rejoin_unaided(
    stage: Stage, caller: Caller, rng: random.Random, postgres_server: PostgresServer
) -> None:
    """Again and again; the nodes are left alone."""
    async with busy(stage, caller, rng):
        for _ in range(3):
            await calm(stage, rng.uniform(0.5, 1.5))
            at = now()
            await asyncio.to_thread(postgres_server.kill)
            await asyncio.to_thread(postgres_server.start)
            stage.faults.append(Fault(at, now(), "database killed", "", "postgres"))
            for node in stage.nodes:
                await node.ready()
    await settle(stage)


async def test_clocks_that_are_wrong_by_an_hour_and_step_break_no_promise(
    tmp_path: Path, postgres_dsn: str, rng: random.Random
) -> None:
    """One is an hour ahead, one an hour behind, and then the other way round; the owner is killed in each state."""
    clocks = [tmp_path / f"clock-{n}" for n in range(2)]
    async with (
        open_stage(tmp_path, postgres_dsn, paces=PACES_MS, nodes=2, module="tests.faults.node") as stage,
        Caller(stage, rng) as caller,
    ):
        set_clocks(clocks, HOUR_MS, -HOUR_MS)
        for node, clock in zip(stage.nodes, clocks, strict=True):
            await node.open(CLOCK_OFFSET=str(clock))
        async with busy(stage, caller, rng):
            for owner, clock, ahead in ((0, clocks[0], -1), (1, clocks[1], 1)):
                await calm(stage)
                since = now()
                await stage.nodes[owner].kill()
                assert await takeover_ms(stage, since) <= TAKEOVER_MS
                await stage.nodes[owner].open(CLOCK_OFFSET=str(clock))
                set_clocks(clocks, ahead * HOUR_MS, -ahead * HOUR_MS)
        await settle(stage)


def set_clocks(clocks: Sequence[Path], *offsets: int) -> None:
    for clock, offset in zip(clocks, offsets, strict=True):
        new = clock.with_suffix(".new")
        new.write_text(str(offset))
        new.replace(clock)
