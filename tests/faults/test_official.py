"""WhatsApp's official API takes no id of ours: a process that is killed between a post and its answer.

A real process against the fake Graph, whose own lines say what was posted. SQLite alone: what each engine stores of
it is `tests/messages/test_unclear.py`.
"""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from merpati.fakes.graph.outages import Outage, Rule
from merpati.fakes.graph.seeding import Seeded, seed_world
from merpati.fakes.graph.server import Running, open_graph
from merpati.fakes.graph.settings import AT_ONCE
from merpati.fakes.graph.world import Line
from tests.faults.process import until
from tests.faults.stage import Stage, open_stage

pytestmark = [pytest.mark.faults, pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]
WITHIN_S = 20.0


class Office:
    """A node with an official number, and Meta."""

    def __init__(self, stage: Stage, meta: Running, client: aiohttp.ClientSession) -> None:
        self.stage, self.meta, self.client = stage, meta, client
        self.seeded: Seeded = seed_world(meta.graph)
        self.device = 0

    async def ask(self, method: str, path: str, json: object = None) -> Any:  # noqa: ANN401 - JSON
        url, headers = (
            f"{self.stage.node.url}/api/v1{path}",
            {"Authorization": f"Bearer {self.stage.account_token}"},
        )
        async with self.client.request(method, url, json=json, headers=headers) as answer:
            assert answer.ok, await answer.text()
            return await answer.json()

    async def set_up(self) -> None:
        """The device, its number, and the address of its webhook."""
        seeded = self.seeded
        new = {"name": "Resmi", "number": seeded.number.phone, "transport": "cloud_api"}
        self.device = (await self.ask("POST", "/devices", new))["device"]["id"]
        given = {"number_id": seeded.number.id, "business_id": seeded.business.id}
        secret = {"token": seeded.token, "app_secret": seeded.secret}
        await self.ask("PUT", f"/devices/{self.device}/official", given | secret)
        await self.ask("POST", f"/devices/{self.device}/official/tell-address")
        await self.opened()

    async def serve(self) -> None:
        node = self.stage.node
        await node.open(MERPATI_PUBLIC_URL=node.url)

    async def opened(self) -> None:
        async def is_open() -> bool:
            return bool((await self.ask("GET", f"/devices/{self.device}"))["connected"])

        await until(is_open, WITHIN_S, "the official number is open")

    async def send(self, text: str) -> int:
        body = {"device": self.device, "targets": self.seeded.person.phone, "text": text}
        return int((await self.ask("POST", "/messages", body))["items"][0]["id"])

    async def is_in(self, message: int, *states: str) -> dict[str, Any]:
        """The message, once it is in one of these."""
        seen: dict[str, Any] = {}

        async def holds() -> bool:
            seen.update(await self.ask("GET", f"/messages/{message}"))
            return seen["state"] in states

        try:
            await until(holds, WITHIN_S, f"message {message} is {states}")
        except AssertionError:
            raise AssertionError(seen) from None
        return seen

    def posted(self) -> list[Line]:
        """What Meta has, in order."""
        chat = self.meta.graph.world.chat(self.seeded.number.id, self.seeded.person.bsuid)
        return [line for line in chat if line.ours]

    async def has_posted(self, count: int) -> None:
        async def holds() -> bool:
            return len(self.posted()) == count

        await until(holds, WITHIN_S, f"Meta has {count}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """The node serves, and its number is open: one for both tests."""
    folder = tmp_path_factory.mktemp("official")
    async with open_graph(AT_ONCE) as meta, aiohttp.ClientSession() as client:
        settings = {"MERPATI_GRAPH_URL": f"{meta.url}/v26.0"}
        async with open_stage(folder, "", paces=(), settings=settings) as stage:
            office = Office(stage, meta, client)
            await office.serve()
            await office.set_up()
            yield office


def texts(lines: list[Line]) -> list[str]:
    return [line.body["text"]["body"] for line in lines]


async def test_a_kill_between_the_post_and_its_answer_sends_nothing_twice(office: Office) -> None:
    """The message is uncertain, the next one goes, and what Meta tells later settles it."""
    graph, person, before = office.meta.graph, office.seeded.person, len(office.posted())
    graph.set_online(person, False)
    graph.outages.rules.append(Rule(outage=Outage.TAKE_AND_HANG, mute=True))
    first = await office.send("pertama")
    await office.has_posted(before + 1)

    await office.stage.node.kill()
    await office.serve()
    await office.opened()
    await office.is_in(first, "uncertain")
    second = await office.send("kedua")
    await office.is_in(second, "sent")
    assert texts(office.posted()[before:]) == ["pertama", "kedua"]

    graph.muted.clear()
    graph.set_online(person, True)
    for message in (first, second):
        await office.is_in(message, "delivered", "read")
    shown = await office.is_in(first, "read")
    assert shown["wa_id"] == office.posted()[before].id
    assert [step["kind"] for step in shown["timeline"]].count("handed_over") == 1
    assert texts(office.posted()[before:]) == ["pertama", "kedua"]


async def test_an_answer_that_came_and_was_not_stored_is_told_again_by_meta(office: Office) -> None:
    """Killed by its own point between the answer and the store: the webhook says what the answer said."""
    node = office.stage.node
    await node.stop()
    await node.open(crash_at="after_ack:1", MERPATI_PUBLIC_URL=node.url)
    await office.opened()
    message = await office.send("sekali saja")
    await node.died()
    await office.serve()
    shown = await office.is_in(message, "read")
    assert shown["wa_id"] == office.posted()[-1].id
    assert texts(office.posted()).count("sekali saja") == 1


async def test_no_secret_is_written_anywhere_in_the_clear(office: Office) -> None:
    """After kills and refusals: not into the database, its journal, a log, or any other file of the data folder."""
    verify = (await office.ask("GET", f"/devices/{office.device}/official"))["verify_token"]
    secrets = [office.seeded.token.encode(), office.seeded.secret.encode(), verify.encode()]
    folder = office.stage.node.data
    written = [office.stage.said().encode(), *(each.read_bytes() for each in folder.rglob("*") if each.is_file())]
    assert len(written) > 3
    assert [secret for secret in secrets for each in written if secret in each] == []
