"""An official number and two processes on one PostgreSQL: one has Meta's address, the other may have the device."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from merpati.fakes.graph.server import open_graph
from merpati.fakes.graph.settings import AT_ONCE
from tests.faults.process import until
from tests.faults.stage import open_stage
from tests.faults.test_official import WITHIN_S, Office, texts

pytestmark = [pytest.mark.faults, pytest.mark.process, pytest.mark.postgres]


@pytest.fixture
async def office(tmp_path: Path, postgres_dsn: str) -> AsyncIterator[Office]:
    """The first process was set up and killed: the second has the device, the first Meta's address again."""
    async with open_graph(AT_ONCE) as meta, aiohttp.ClientSession() as client:
        settings = {"MERPATI_GRAPH_URL": f"{meta.url}/v26.0"}
        async with open_stage(tmp_path, postgres_dsn, paces=(), nodes=2, settings=settings) as stage:
            office = Office(stage, meta, client)
            await office.serve()
            await office.set_up()
            await stage.nodes[1].open()
            await stage.nodes[0].kill()
            await office.serve()
            await office.opened()
            yield office


async def heard(office: Office) -> list[str]:
    """What is in the history, the oldest first."""
    page = await office.ask("GET", f"/messages?device={office.device}&direction=in")
    return [item["text"] for item in reversed(page["items"])]


async def has_heard(office: Office, *said: str) -> None:
    async def holds() -> bool:
        return await heard(office) == list(said)

    await until(holds, WITHIN_S, f"heard {said}")


def say(office: Office, text: str) -> None:
    office.meta.graph.say(office.seeded.number, office.seeded.person, {"type": "text", "text": {"body": text}})


async def test_one_process_is_posted_to_and_the_other_tells_and_sends(office: Office) -> None:
    """What is set up anew in the one opens in the other; who is paused tells nothing twice, and loses nothing."""
    say(office, "satu")
    await has_heard(office, "satu")
    await office.is_in(await office.send("balas"), "read")

    office.meta.graph.world.tokens[office.seeded.token].expired = True
    waiting = await office.send("menunggu token")

    async def is_shut() -> bool:
        return str((await office.ask("GET", f"/devices/{office.device}"))["state"]) == "logged_out"

    await until(is_shut, WITHIN_S, "the token is refused")
    given = {"number_id": office.seeded.number.id, "business_id": office.seeded.business.id}
    token = office.meta.graph.world.new_token()
    await office.ask("PUT", f"/devices/{office.device}/official", given | {"token": token})
    await office.opened()
    await office.ask("POST", f"/messages/{waiting}/send-now")
    await office.is_in(waiting, "read")

    owner = office.stage.nodes[1]
    owner.pause()
    say(office, "dua")
    await has_heard(office, "satu", "dua")
    owner.resume()
    await office.is_in(await office.send("sesudahnya"), "read")
    say(office, "tiga")
    await has_heard(office, "satu", "dua", "tiga")
    assert texts(office.posted()) == ["balas", "menunggu token", "sesudahnya"]
