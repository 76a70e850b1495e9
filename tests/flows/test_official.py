"""An official number through the whole gateway: set up by the API, Meta a fake, everything between real."""

import contextlib
import functools
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest

from merpati.accounts.actions import create_account
from merpati.api.server import listen, serving
from merpati.app.opening import open_gateway
from merpati.app.serving import build_asgi
from merpati.config import Config
from merpati.core.ids import DeviceId, JobId
from merpati.core.tokens import new_account_token, new_device_token
from merpati.devices.actions import NewDevice, add_device
from merpati.devices.deletion import delete_device
from merpati.devices.model import DeviceState
from merpati.fakes.graph.seeding import Seeded, seed_world
from merpati.fakes.graph.server import Running, open_graph
from merpati.fakes.graph.settings import AT_ONCE
from merpati.jobs.actions import enqueue_jobs
from merpati.jobs.model import NewJob
from merpati.messages.recovery import CLEAR_DEVICE, ClearDevice
from tests.api.files import PNG
from tests.flows.stage import ACCOUNT, Stage

OFFICIAL = DeviceId(2)
REPEATING = msgspec.structs.replace(AT_ONCE, duplicates=0.5, shuffle=True)


class Meta(NamedTuple):
    """The fake, and what it was seeded with."""

    running: Running
    seeded: Seeded


class Office:
    """The running gateway, its API, and the fake Meta."""

    def __init__(self, stage: Stage, meta: Meta, client: aiohttp.ClientSession) -> None:
        self.stage, self.meta, self.client = stage, meta, client
        self.headers: dict[str, str] = {}

    async def ask(self, method: str, path: str, json: object = None) -> tuple[int, Any]:
        url = f"{self.stage.gateway.url}/api/v1{path}"
        async with self.client.request(method, url, json=json, headers=self.headers) as answer:
            return answer.status, await answer.json()

    def given(self, **changed: str) -> dict[str, str]:
        seeded = self.meta.seeded
        right = {
            "number_id": seeded.number.id,
            "business_id": seeded.business.id,
            "token": seeded.token,
            "app_secret": seeded.secret,
        }
        return right | changed

    async def set_up(self, **changed: str) -> None:
        status, body = await self.ask("PUT", f"/devices/{OFFICIAL}/official", self.given(**changed))
        assert status == 200, body

    async def is_state(self, state: DeviceState) -> bool:
        return (await self.stage.device(OFFICIAL)).state is state

    async def opened(self) -> None:
        await self.stage.until(lambda: self.is_state(DeviceState.OPEN))

    async def sent(self, text: str) -> str:
        body = {"device": OFFICIAL, "targets": self.meta.seeded.person.phone, "text": text}
        status, answer = await self.ask("POST", "/messages", body)
        assert status == 202, answer
        return str(answer["items"][0]["id"])

    async def until_message(self, id_: str, **so: object) -> Mapping[str, Any]:
        """The message, when it is so."""
        seen: dict[str, Any] = {}

        async def is_so() -> bool:
            seen.update((await self.ask("GET", f"/messages/{id_}"))[1])
            return all(seen.get(name) == value for name, value in so.items())

        try:
            await self.stage.until(is_so)
        except TimeoutError:
            raise AssertionError(seen) from None
        return seen


@pytest.fixture
async def office(database: Path | str, tmp_path: Path) -> AsyncIterator[Office]:
    """A gateway with a door and a device that is to be an official number."""
    async with contextlib.AsyncExitStack() as stack:
        running = await stack.enter_async_context(open_graph(REPEATING))
        config = Config(
            data=tmp_path / "data",
            database=database if isinstance(database, str) else "",
            graph_url=f"{running.url}/v26.0",
            lease_s=5,
        )
        gateway = await stack.enter_async_context(open_gateway(config))
        stack.push_async_callback(gateway.stop)
        door = stack.enter_context(listen("127.0.0.1", 0))
        gateway.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        gateway.start()
        await stack.enter_async_context(serving(build_asgi(gateway), door))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        office = Office(Stage(gateway), Meta(running, seed_world(running.graph)), client)
        await open_office(office)
        yield office
        gateway.live.close()


async def open_office(office: Office) -> None:
    stage, sealer, token = office.stage, office.stage.gateway.sealer, new_account_token()
    await stage.storage.write(create_account, ACCOUNT, "Toko", sealer.seal_token("account", ACCOUNT, token))
    office.headers["Authorization"] = f"Bearer {token}"
    new = NewDevice(
        id=OFFICIAL,
        account=ACCOUNT,
        number=office.meta.seeded.number.phone,
        name="Resmi",
        transport="cloud_api",
    )
    await stage.storage.write(add_device, new, sealer.seal_token("device", OFFICIAL, new_device_token()))


async def test_a_number_is_set_up_sends_and_hears(office: Office) -> None:
    """By ids and a token; Meta is given the address; from then on it is a device like any other."""
    await office.set_up()
    status, told = await office.ask("POST", f"/devices/{OFFICIAL}/official/tell-address")
    assert (status, told["webhook_url"]) == (200, f"{office.stage.gateway.url}/meta/{OFFICIAL}")
    assert told["answered_at"] is not None
    assert told["heard_at"] is None
    await office.opened()

    id_ = await office.sent("halo dari nomor resmi")
    await office.until_message(id_, state="read", cost={"category": "service", "free": True})
    graph, seeded = office.meta.running.graph, office.meta.seeded
    assert [line.body["text"]["body"] for line in graph.world.chat(seeded.number.id, seeded.person.bsuid)] == [
        "halo dari nomor resmi"
    ]
    graph.say(seeded.number, seeded.person, {"type": "text", "text": {"body": "terima kasih"}})
    await office.stage.until(lambda: office.stage.has_stored("terima kasih"))
    _, now = await office.ask("GET", f"/devices/{OFFICIAL}/official")
    assert now["heard_at"] is not None
    device = await office.stage.device(OFFICIAL)
    assert device.paired_number == seeded.number.phone


async def test_a_new_token_opens_a_device_whose_token_was_withdrawn(office: Office) -> None:
    """The message that met the withdrawn one waits for half a minute, or until its owner sends it."""
    await office.set_up()
    await office.opened()
    tokens = office.meta.running.graph.world.tokens
    tokens[office.meta.seeded.token].expired = True
    id_ = await office.sent("menunggu token")
    await office.stage.until(lambda: office.is_state(DeviceState.LOGGED_OUT))
    assert (await office.stage.device(OFFICIAL)).state_reason == "meta_token_refused"

    await office.set_up(token=office.meta.running.graph.world.new_token())
    await office.opened()
    waiting = await office.until_message(id_, state="queued")
    assert [each["values"] for each in waiting["timeline"] if each["kind"] == "tried"] == [
        {"why": "meta_token_refused"}
    ]
    await office.ask("POST", f"/messages/{id_}/send-now")
    await office.until_message(id_, state="sent")


async def test_what_meta_refuses_is_a_problem_and_stops_nothing(office: Office) -> None:
    """A device that works goes on working while somebody mistypes."""
    await office.set_up()
    await office.opened()
    wrong = office.given(token="EAAwrong")
    status, problem = await office.ask("PUT", f"/devices/{OFFICIAL}/official", wrong)
    assert (status, problem["code"], problem["errors"][0]["field"]) == (422, "meta_token_refused", "token")
    assert await office.is_state(DeviceState.OPEN)
    status, now = await office.ask("GET", f"/devices/{OFFICIAL}/official/number")
    assert (status, now["phone"]) == (200, office.meta.seeded.number.phone)


async def test_a_deleted_device_leaves_no_secret_behind(office: Office) -> None:
    """Its number is free for another device."""
    await office.set_up()
    await office.opened()
    gateway = office.stage.gateway
    job = NewJob(id=JobId(1), kind=CLEAR_DEVICE, args=ClearDevice(OFFICIAL))
    await gateway.storage.write(delete_device, OFFICIAL)
    await gateway.storage.write(enqueue_jobs, [job])
    gateway.jobs.wake()

    async def is_forgotten() -> bool:
        return await gateway.transports.official.find(OFFICIAL) is None

    await office.stage.until(is_forgotten)


async def test_what_meta_posts_twice_is_stored_once(office: Office) -> None:
    """As it does when an answer is late, and in any order."""
    await office.set_up()
    await office.ask("POST", f"/devices/{OFFICIAL}/official/tell-address")
    await office.opened()
    graph, seeded = office.meta.running.graph, office.meta.seeded
    for text in ("satu", "dua", "tiga"):
        graph.say(seeded.number, seeded.person, {"type": "text", "text": {"body": text}})
    await graph.courier.settled()
    for text in ("satu", "dua", "tiga"):
        await office.stage.until(functools.partial(office.stage.has_stored, text))
    _, page = await office.ask("GET", f"/messages?device={OFFICIAL}&direction=in")
    assert sorted(item["text"] for item in page["items"]) == ["dua", "satu", "tiga"]


async def test_a_message_is_there_before_its_file(office: Office) -> None:
    """Meta does not give it at first; it comes with the next try."""
    await office.set_up()
    await office.ask("POST", f"/devices/{OFFICIAL}/official/tell-address")
    await office.opened()
    graph, seeded = office.meta.running.graph, office.meta.seeded
    file = graph.receive_file(seeded.number, PNG, "image/png", "")
    graph.world.media[file.id] = msgspec.structs.replace(file, is_shut=True)
    image = {"id": file.id, "mime_type": "image/png", "caption": "bukti bayar"}
    graph.say(seeded.number, seeded.person, {"type": "image", "image": image})
    await office.stage.until(lambda: office.stage.has_stored("bukti bayar"))
    _, page = await office.ask("GET", f"/messages?device={OFFICIAL}&direction=in")
    [row] = page["items"]
    await office.until_message(row["id"], notes=["file_awaited"])

    graph.world.media[file.id] = file
    shown = await office.until_message(row["id"], notes=[])
    assert (shown["file"]["size_bytes"], shown["text"]) == (len(PNG), "bukti bayar")


async def test_a_number_that_is_not_set_up_says_so(office: Office) -> None:
    """Switched on before anybody gave it its number; and no phone is linked with it."""
    await office.ask("POST", f"/devices/{OFFICIAL}/connect")
    await office.stage.until(lambda: office.is_state(DeviceState.LOGGED_OUT))
    _, device = await office.ask("GET", f"/devices/{OFFICIAL}")
    assert (device["state_reason"], device["means"]) == ("official_not_set_up", "error.official_not_set_up")
    status, problem = await office.ask("POST", f"/devices/{OFFICIAL}/pairing", {"how": "qr"})
    assert (status, problem["code"]) == (422, "pairing_unsupported")
    status, problem = await office.ask("GET", f"/devices/{OFFICIAL}/official")
    assert (status, problem["code"]) == (404, "official_not_set_up")


async def test_what_is_copied_with_a_line_s_end_is_taken_without_it(office: Office) -> None:
    """As it comes out of a terminal or a mail."""
    given = {name: f"{value}\n" for name, value in office.given().items()}
    status, body = await office.ask("PUT", f"/devices/{OFFICIAL}/official", given)
    assert status == 200, body
    await office.opened()
