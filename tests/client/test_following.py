"""The stream of events, taken up again where it was lost; and how it is read, piece by piece."""

import asyncio
from contextlib import aclosing, closing

import pytest

from merpati.client import AsyncClient, Client, Event, Patience, Refused, Unreachable, Unreadable
from merpati.client.decision import Answer, Fault
from merpati.client.following import ENDED, Following
from merpati.core.facts import DeviceAdded
from merpati.log.actions import record
from merpati.log.model import Recorded
from merpati.storage.port import Tx
from tests.api.harness import ACCOUNT, ONE, TOKENS, Api
from tests.client.wire import Wire

QUICK = Patience(tries=3, first_s=0.01)
FACT = b'id: 7\nevent: fact\ndata: {"seq": 7}\n\n'


def following(after: int | None = None) -> Following:
    return Following(after, patience=QUICK, draw=lambda: 1.0, now=lambda: 0.0)


async def add_fact(api: Api) -> None:
    """Something happens."""

    async def happen(tx: Tx) -> None:
        await tx.lock([ACCOUNT])
        await record(tx, [Recorded(ACCOUNT, DeviceAdded(ONE))])

    await api.storage.write(happen)
    api.gateway.live.bell.ring()


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_events_are_read_from_pieces_of_any_size(size: int) -> None:
    """Comments are none; an event is there when it is whole; line ends may be CR LF."""
    text = b":\n\n" + FACT + FACT.replace(b"7", b"8").replace(b"\n", b"\r\n")
    reader = following()
    found = [event for at in range(0, len(text), size) for event in reader.hear(text[at : at + size])]
    assert found == [Event(7, "fact", {"seq": 7}), Event(8, "fact", {"seq": 8})]


def test_the_place_moves_with_what_is_whole() -> None:
    """Half an event is asked for again; a comment's number counts, since others see what is not for this reader."""
    reader = following(3)
    assert reader.headers()["Last-Event-ID"] == "3"
    assert list(reader.hear(FACT[:-1])) == []
    assert reader.headers()["Last-Event-ID"] == "3"
    assert [event.seq for event in reader.hear(FACT + b":\nid: 9\n\n")] == [7]
    assert reader.headers()["Last-Event-ID"] == "9"
    assert "Last-Event-ID" not in following().headers()


def test_patience_counts_from_the_last_sign_of_life() -> None:
    """Too many connections that say nothing end it."""
    reader = following()
    assert [reader.lost(ENDED), reader.lost(ENDED)] == [0.01, 0.02]
    list(reader.hear(b":\n\n"))
    assert [reader.lost(ENDED), reader.lost(Fault("cut"))] == [0.01, 0.02]
    with pytest.raises(Unreachable):
        reader.lost(ENDED)


def test_a_refusal_ends_it_at_once() -> None:
    """As of a call."""
    with pytest.raises(Refused, match="401"):
        following().lost(Answer(401, {}, b""))


def test_what_is_no_event_is_unreadable() -> None:
    """Something else answers at that address."""
    with pytest.raises(Unreadable):
        list(following().hear(b"data: <html>\n\n"))


async def test_facts_are_followed_over_a_lost_connection(api: Api, wire: Wire) -> None:
    """Each once and in order: what happened meanwhile too."""
    waits = list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await add_fact(api)

    client = AsyncClient(wire.url, TOKENS["account"], patience=QUICK, sleep=sleep)
    async with client, aclosing(client.follow()) as events:
        ready = await anext(events)
        await add_fact(api)
        first = await anext(events)
        wire.losing = 1
        await add_fact(api)
        rest = [await anext(events) for _ in range(3)]
    assert (ready.name, first.seq) == ("ready", ready.seq + 1)
    assert [event.name for event in rest] == ["ready", "fact", "fact"]
    assert [event.seq for event in rest] == [first.seq, first.seq + 1, first.seq + 2]
    assert len(waits) == 1


async def test_the_waiting_client_follows_from_a_number(api: Api) -> None:
    """The number that the program kept."""
    for _ in range(3):
        await add_fact(api)

    def follow() -> list[tuple[str, int]]:
        with Client(api.url, TOKENS["account"]) as client, closing(client.follow(after=1)) as events:
            return [(event.name, event.seq) for event, _ in zip(events, range(3), strict=False)]

    found = await asyncio.to_thread(follow)
    assert found == [("ready", 1), ("fact", 2), ("fact", 3)]


async def test_a_stream_that_is_refused_is_raised(api: Api) -> None:
    """With what the problem says."""
    async with AsyncClient(api.url, "mk_nothing") as client, aclosing(client.follow()) as events:
        with pytest.raises(Refused) as refused:
            await anext(events)
    assert (refused.value.code, refused.value.status) == ("token_invalid", 401)
