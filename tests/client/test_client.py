"""Both clients against the real application on a real socket."""

import asyncio
from datetime import UTC, datetime

import pytest

from merpati.client import AsyncClient, Client, Patience, Refused, Unreachable
from merpati.client.shapes import Direction, StateWord, TargetGiven
from tests.api.harness import ONE, TOKENS, Api
from tests.client.wire import Wire

TOKEN = TOKENS["account"]
QUICK = Patience(tries=3, first_s=0.01)


def sync_of(url: str, waits: list[float] | None = None, patience: Patience = QUICK) -> Client:
    """A client that notes its waits instead of waiting."""
    return Client(url, TOKEN, patience=patience, sleep=([] if waits is None else waits).append)


def async_of(url: str, waits: list[float] | None = None, patience: Patience = QUICK) -> AsyncClient:
    """The same, for `await`."""
    noted = [] if waits is None else waits

    async def sleep(seconds: float) -> None:
        noted.append(seconds)

    return AsyncClient(url, TOKEN, patience=patience, sleep=sleep)


async def test_a_message_is_sent_and_read(api: Api) -> None:
    """With the types that the description promises."""
    due = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    async with async_of(api.url) as client:
        sent = await client.messages.send(device=ONE, targets="081234567890", text="Halo", schedule=due)
        message = await client.messages.get(sent.items[0].id)
    assert (message.to, message.text, message.schedule_at) == ("6281234567890", "Halo", due)
    assert (message.state, message.direction) == (StateWord.QUEUED, Direction.OUT)


async def test_the_waiting_client_does_the_same(api: Api) -> None:
    """Sending, asking by conditions, changing, and a call that answers nothing."""

    def use() -> tuple[list[str], str]:
        with sync_of(api.url) as client:
            targets = [TargetGiven(to="081234567890", name="Budi"), TargetGiven(to="081234567891")]
            client.messages.send(device=ONE, targets=targets, text="Halo {name}")
            found = client.messages.list(device=ONE, direction="out", from_=datetime(2020, 1, 1, tzinfo=UTC))
            device = client.devices.change(ONE, name="Toko Utama")
            client.devices.show_typing(ONE, chat="081234567890", seconds=3)
            return [message.text for message in found], device.name

    assert await asyncio.to_thread(use) == (["Halo {name}", "Halo Budi"], "Toko Utama")
    assert len(api.sessions.typing) == 1


async def test_a_file_is_uploaded_and_sent(api: Api) -> None:
    """Twice with one key is one file."""
    async with async_of(api.url) as client:
        kept = [
            await client.messages.upload_file(filename="a.txt", content=b"abc", idempotency_key="k")
            for _ in range(2)
        ]
        sent = await client.messages.send(device=ONE, targets="081234567890", file=kept[0].id)
        message = await client.messages.get(sent.items[0].id)
    assert kept[0] == kept[1]
    assert message.file is not None


async def test_what_is_refused_is_raised(api: Api) -> None:
    """With what the problem says."""
    async with async_of(api.url) as client:
        with pytest.raises(Refused) as unknown:
            await client.devices.get(999)
        with pytest.raises(Refused) as invalid:
            await client.messages.send(device=ONE, targets="081234567890", duration_s=-1)
    assert (unknown.value.code, unknown.value.status) == ("device_unknown", 404)
    assert [error.field for error in invalid.value.errors] == ["duration_s"]


@pytest.mark.parametrize(("language", "detail"), [("en", "There is no"), ("id", "tidak ada"), (None, "tidak ada")])
async def test_what_is_refused_is_said_in_the_caller_s_language(
    api: Api, language: str | None, detail: str
) -> None:
    """`detail` is for people; the server's own language where none is asked for."""
    async with AsyncClient(api.url, TOKEN, language=language, patience=QUICK) as client:
        with pytest.raises(Refused, match=detail):
            await client.devices.get(999)


async def test_a_list_is_read_over_its_pages(api: Api) -> None:
    """Each item once, in order, by both clients; page by page too."""

    def listed() -> list[int]:
        with sync_of(api.url) as client:
            return [message.id for message in client.messages.list(limit=2)]

    async with async_of(api.url) as client:
        targets = [TargetGiven(to=f"0812345678{n:02}") for n in range(5)]
        sent = await client.messages.send(device=ONE, targets=targets, text="x")
        found = [message.id async for message in client.messages.list(limit=2)]
        sizes = [len(page.items) async for page in client.messages.list(limit=2).pages()]
    assert found == sorted((item.id for item in sent.items), reverse=True)
    assert sizes == [2, 2, 1]
    assert await asyncio.to_thread(listed) == found


async def test_a_lost_answer_sends_one_message(api: Api, wire: Wire) -> None:
    """The server accepted it, the connection was cut, and the second try is told what the first one did."""
    wire.losing, waits = 1, list[float]()
    async with async_of(wire.url, waits) as client:
        sent = await client.messages.send(device=ONE, targets="081234567890", text="once")
    assert (wire.requests, len(waits)) == (2, 1)
    assert await api.rows("SELECT id FROM message") == [(sent.items[0].id,)]


async def test_a_lost_answer_sends_one_message_without_await_too(api: Api, wire: Wire) -> None:
    """The same conversation."""
    wire.losing, waits = 2, list[float]()

    def send() -> int:
        with sync_of(wire.url, waits) as client:
            return client.messages.send(device=ONE, targets="081234567890", text="once").items[0].id

    sent = await asyncio.to_thread(send)
    assert (wire.requests, len(waits)) == (3, 2)
    assert await api.rows("SELECT id FROM message") == [(sent,)]


async def test_the_caller_s_own_key_finds_out_what_became_of_a_call(api: Api, wire: Wire) -> None:
    """After every try was lost, the program may ask again tomorrow."""
    wire.losing = 3
    async with async_of(wire.url) as client:
        with pytest.raises(Unreachable):
            await client.messages.send(device=ONE, targets="081234567890", text="once", idempotency_key="order-7")
        sent = await client.messages.send(
            device=ONE, targets="081234567890", text="once", idempotency_key="order-7"
        )
    assert await api.rows("SELECT id FROM message") == [(sent.items[0].id,)]


async def test_who_never_answers_is_given_up(wire: Wire) -> None:
    """After as many tries as were allowed, and for reading as for writing."""
    wire.losing, waits = 9, list[float]()
    async with async_of(wire.url, waits) as client:
        with pytest.raises(Unreachable, match="3 tries"):
            await client.devices.get(ONE)
    assert (wire.requests, len(waits)) == (3, 2)


async def test_a_name_in_a_path_stays_one_part_of_it(api: Api) -> None:
    """What has a slash in it names nothing, instead of something else."""
    async with async_of(api.url) as client:
        with pytest.raises(Refused) as refused:
            await client.events.delete_consumer("../devices/1")
    assert refused.value.status == 404
