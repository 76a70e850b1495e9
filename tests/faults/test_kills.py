"""Kill -9 at named points and at random, again and again, under the usual traffic: all laws at once.

The properties: no accepted message is lost; each kill adds at most one hand-over of what was in flight, under the
same reference with the same bytes; order and pace are kept; one key makes one message; of cancel and send one wins;
schedules are kept; what people say is stored once; states only climb; every fact reaches its webhook. On PostgreSQL
there are two nodes, and the database itself is killed too.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.executioner import Executioner
from tests.faults.judge import table
from tests.faults.load import Caller
from tests.faults.network import DISORDERLY
from tests.faults.plan import draw_kills, kills_of_run, seed_of_run
from tests.faults.settling import settle
from tests.faults.stage import open_stage
from tests.faults.traffic import PACES_MS, busy

pytestmark = [pytest.mark.faults, pytest.mark.process]


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
        open_stage(tmp_path, database_url, paces=PACES_MS, nodes=nodes, script=DISORDERLY) as stage,
        Caller(stage, rng) as caller,
    ):
        for node in stage.nodes:
            await node.open()
        async with busy(stage, caller, rng):
            await Executioner(stage, server).carry_out(kills)
        try:
            await settle(stage)
        finally:
            engine = "PostgreSQL, two nodes" if on_postgres else "SQLite"
            report(table(await stage.case(), f"{count} kills, {engine}, seed {seed}"))
