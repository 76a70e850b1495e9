"""Kill -9 at named points and at random, again and again, under the usual traffic: all laws at once.

The properties: no accepted message is lost; each kill adds at most one hand-over of what was in flight, under the
same reference with the same bytes; order and pace are kept; one key makes one message; of cancel and send one wins;
schedules are kept; what people say is stored once; states only climb; every fact reaches its webhook. On PostgreSQL
there are two nodes, and the database itself is killed too.
"""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.executioner import Executioner
from tests.faults.judge import check, table
from tests.faults.load import Caller
from tests.faults.plan import draw_kills, kills_of_run, seed_of_run
from tests.faults.settling import come_to_rest
from tests.faults.stage import open_stage
from tests.faults.traffic import PACES_MS, Traffic

pytestmark = [pytest.mark.faults, pytest.mark.process]
REST_S = 120.0


async def test_kill_after_kill_nothing_is_lost(
    tmp_path: Path, database_url: str, request: pytest.FixtureRequest, report: Callable[[str], None]
) -> None:
    """Every law holds over a whole run of kills."""
    seed, count = seed_of_run(), kills_of_run()
    rng, on_postgres = random.Random(seed), bool(database_url)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it with a failure
    server = request.getfixturevalue("postgres_server") if on_postgres else None
    nodes = 2 if on_postgres else 1
    kills = list(draw_kills(count, nodes, rng, database=on_postgres))
    async with (
        open_stage(tmp_path, database_url, paces=PACES_MS, nodes=nodes) as stage,
        Caller(stage, rng) as caller,
    ):
        for node in stage.nodes:
            await node.open()
        async with asyncio.TaskGroup() as group:
            traffic = Traffic(stage, caller, rng, group)
            traffic.start()
            await Executioner(stage, server).carry_out(kills)
            traffic.stop()
        left = await come_to_rest(stage, REST_S)
        case = await stage.case()
        engine = "PostgreSQL, two nodes" if on_postgres else "SQLite"
        report(table(case, f"{count} kills, {engine}, seed {seed}"))
        check(case)
        assert not left
