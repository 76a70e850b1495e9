"""An official number under kills and a bad network: what is sent arrives once, what people wrote is there once.

The fake Graph repeats, shuffles and bundles its webhooks, cuts answers, and withholds files; the process is killed
again and again. What nobody can say (`uncertain`) is settled by Meta's own word, or was never taken.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from merpati.fakes.graph.outages import Outage, Rule
from merpati.fakes.graph.server import open_graph
from merpati.fakes.graph.settings import AT_ONCE
from merpati.fakes.graph.world import Person
from tests.api.files import PNG
from tests.faults.process import until
from tests.faults.stage import open_stage
from tests.faults.test_official import Office, texts

pytestmark = [pytest.mark.faults, pytest.mark.process]
WITHIN_S, KILLS = 60.0, 5
BAD = msgspec.structs.replace(
    AT_ONCE, duplicates=0.3, shuffle=True, batch=5, per_second=0, pair_every_ms=0, again_ms=(50, 100, 300, 1_000)
)
OUTAGES = (Outage.LOSE_ANSWER, Outage.TAKE_AND_BREAK, Outage.REFUSE, Outage.BROKEN)
SHUT_S, PAUSE_S = 3.0, 0.2


class Traffic:
    """Both ways, until it is stopped; what was accepted and what was said is the evidence."""

    def __init__(self, office: Office, rng: random.Random) -> None:
        self.office, self.rng, self.graph = office, rng, office.meta.graph
        self.people: list[Person] = [self.graph.world.add_person(f"62812000{n:04}") for n in range(10)]
        self.said: list[str] = []
        self.sent: dict[str, int] = {}
        self.stopped = False
        for person in self.people:
            self._say(person, {"type": "text", "text": {"body": f"buka {person.phone}"}}, f"buka {person.phone}")

    def _say(self, person: Person, body: dict[str, Any], text: str) -> None:
        self.graph.say(self.office.seeded.number, person, body)
        self.said.append(text)

    def _picture(self, caption: str, *, shut: bool) -> dict[str, Any]:
        file = self.graph.receive_file(self.office.seeded.number, PNG, "image/png", "")
        if shut:
            media = self.graph.world.media
            media[file.id] = msgspec.structs.replace(file, is_shut=True)
            asyncio.get_running_loop().call_later(SHUT_S, media.__setitem__, file.id, file)
        return {"type": "image", "image": {"id": file.id, "mime_type": "image/png", "caption": caption}}

    async def say(self) -> None:
        while not self.stopped:
            n, text = len(self.said), f"masuk {len(self.said)}"
            words = {"type": "text", "text": {"body": text}}
            self._say(self.rng.choice(self.people), words if n % 3 else self._picture(text, shut=n % 2 == 0), text)
            await asyncio.sleep(0.05)

    async def send(self) -> None:
        """Each call until it is answered, under one key."""
        stage = self.office.stage
        while not self.stopped:
            n = len(self.sent)
            body = {"device": self.office.device, "targets": self.people[n % 10].phone, "text": f"keluar {n}"}
            headers = {"Authorization": f"Bearer {stage.account_token}", "Idempotency-Key": f"keluar-{n:030}"}
            try:
                async with self.office.client.post(
                    f"{stage.node.url}/api/v1/messages", json=body, headers=headers
                ) as answer:
                    if answer.status == 202:
                        self.sent[f"keluar {n}"] = int((await answer.json())["items"][0]["id"])
            except aiohttp.ClientError:
                pass  # killed
            await asyncio.sleep(0.06)

    async def trouble(self) -> None:
        while not self.stopped:
            self.graph.outages.rules.append(Rule(outage=self.rng.choice(OUTAGES), code=131016))
            await asyncio.sleep(self.rng.uniform(0.2, 0.8))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_graph(BAD) as meta, aiohttp.ClientSession() as client:
        settings = {"MERPATI_GRAPH_URL": f"{meta.url}/v26.0"}
        async with open_stage(tmp_path, "", paces=(), settings=settings) as stage:
            office = Office(stage, meta, client)
            await office.serve()
            await office.set_up()
            yield office


async def listed(office: Office, query: str) -> list[dict[str, Any]]:
    """All of the device's messages that fit."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await office.ask("GET", f"/messages?device={office.device}&{query}&limit=100{cursor}")
        found += page["items"]
        if not page["next"]:
            return found
        cursor = f"&cursor={page['next']}"


async def test_nothing_is_lost_and_nothing_arrives_twice(office: Office) -> None:
    """Whenever it is killed: while it is told, while it sends, while a file comes."""
    rng = random.Random(7)
    traffic = Traffic(office, rng)
    async with asyncio.TaskGroup() as group:
        for work in (traffic.say, traffic.send, traffic.trouble):
            group.create_task(work())
        for _ in range(KILLS):
            await asyncio.sleep(rng.uniform(0.5, 2.5))
            await office.stage.node.kill()
            await office.serve()
        traffic.stopped = True
    office.meta.graph.outages.clear()
    await office.opened()

    async def is_calm() -> bool:
        await asyncio.sleep(PAUSE_S)
        heard = await listed(office, "direction=in")
        return not await listed(office, "state=queued") and len(heard) >= len(traffic.said)

    await until(is_calm, WITHIN_S, "everything is settled")
    assert sorted(each["text"] for each in await listed(office, "direction=in")) == sorted(traffic.said)
    chats = [traffic.graph.world.chat(office.seeded.number.id, person.bsuid) for person in traffic.people]
    arrived = [text for chat in chats for text in texts([line for line in chat if line.ours])]
    assert len(arrived) == len(set(arrived))
    for text, id_ in traffic.sent.items():
        await asyncio.sleep(PAUSE_S / 10)  # a caller has a hundred calls a second
        states = ("delivered", "read") if text in arrived else ("uncertain",)
        await office.is_in(id_, *states)
