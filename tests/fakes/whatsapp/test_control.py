"""People's side of the fake, by HTTP: what it does, and what it says when it cannot."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from merpati.fakes.whatsapp import asks
from merpati.fakes.whatsapp.contents import Poll, Text
from merpati.fakes.whatsapp.control import Acts, open_control
from merpati.fakes.whatsapp.faults import Fault, Refusal, Rule
from merpati.fakes.whatsapp.server import FakeWhatsapp, open_whatsapp

OWNER, BOB = "6281100000001", "6281200000002"


class Side:
    """A fake and somebody who asks it."""

    def __init__(self, fake: FakeWhatsapp, url: str, session: aiohttp.ClientSession) -> None:
        self.network, self.url, self._session = fake.network, url, session

    async def ask(self, ask: msgspec.Struct) -> Any:  # noqa: ANN401 - whatever the answer is
        url = f"{self.url}/_fake/{asks.PATHS[type(ask)]}"
        async with self._session.post(url, data=msgspec.json.encode(ask)) as response:
            return msgspec.json.decode(await response.read())

    async def state(self) -> asks.State:
        async with self._session.get(f"{self.url}/_fake/state") as response:
            return msgspec.json.decode(await response.read(), type=asks.State, strict=False)


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    async with (
        open_whatsapp() as fake,
        open_control(fake.network) as url,
        aiohttp.ClientSession() as session,
    ):
        side = Side(fake, url, session)
        for number in (OWNER, BOB):
            assert await side.ask(asks.SetPerson(number=number)) == number
        yield side


def test_every_ask_has_a_path_and_an_act(side: Side) -> None:
    """And no path leads to two."""
    assert set(Acts(side.network).posts) == set(asks.PATHS)
    assert len(set(asks.PATHS.values())) == len(asks.PATHS)


async def test_a_person_is_changed_where_something_is_said(side: Side) -> None:
    """What is left out stays."""
    await side.ask(asks.SetPerson(number=BOB, name="Bob", on_whatsapp=False))
    await side.ask(asks.SetPerson(number=BOB, reads=True))

    _, bob = side.network.phones
    assert (bob.name, bob.on_whatsapp, bob.reads, bob.delivers) == ("Bob", False, True, True)


async def test_a_group_is_one_to_write_to(side: Side) -> None:
    """By the address that is answered."""
    made = await side.ask(asks.SetGroup(name="Arisan", members=[BOB, OWNER]))
    said = await side.ask(asks.Say(number=BOB, to=made, content=Text(body="Halo")))

    assert (await side.state()).groups == [asks.GroupState(id=made, name="Arisan", members=[BOB, OWNER])]
    assert side.network.phones[1].written[said].chat == made


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (asks.Say(number="62", to=BOB, content=Text(body="x")), "nobody has the number 62"),
        (asks.Say(number=BOB, to=OWNER, content=Text(body="x"), reply_to="A"), f"{BOB} has no such message: A"),
        (asks.Vote(number=BOB, choices=["Ya"]), f"{BOB} has no poll"),
        (asks.React(number=BOB, emoji="👍"), f"{BOB} has no message"),
        (asks.Link(number=OWNER, code="https://wa.me/x#2@a,b,c,d,1"), "the QR code has run out"),
        (asks.Link(number=OWNER, code="ABCD-EFGH"), "no device waits for a code of this number"),
        (asks.End(number=OWNER, how=asks.How.UNLINK), f"{OWNER} has no linked device"),
    ],
)
async def test_what_cannot_be_done_is_said(side: Side, ask: msgspec.Struct, said: str) -> None:
    """In a sentence."""
    assert await side.ask(ask) == {"error": said}


async def test_only_own_messages_are_changed_and_only_choices_voted_for(side: Side) -> None:
    """Whoever else has it."""
    poll = await side.ask(asks.Say(number=BOB, to=OWNER, content=Poll(question="Mau?", choices=("Ya", "Tidak"))))
    bob, owner = side.network.phones[1], side.network.phones[0]
    owner.written[poll] = bob.written[poll]

    assert "error" in await side.ask(asks.Edit(number=OWNER, id=poll, body="x"))
    assert "error" in await side.ask(asks.Revoke(number=OWNER, id=poll))
    wrong = asks.Vote(number=OWNER, choices=["Ya", "Entah"], poll=poll)
    assert await side.ask(wrong) == {"error": "no choice of this poll: Entah"}
    assert isinstance(await side.ask(asks.Revoke(number=BOB, id=poll)), str)


async def test_faults_and_refusals_end_together(side: Side) -> None:
    """By `clear`."""
    rule = Rule(fault=Fault.DELAY, times=2, delay_s=0.5)
    await side.ask(rule)
    await side.ask(asks.Refuse(refusal=Refusal(402, 101, 60)))
    assert (await side.state()).faults == [rule]
    assert side.network.refusal == Refusal(402, 101, 60)

    await side.ask(asks.Clear())

    assert (await side.state()).faults == []
    assert side.network.refusal is None


async def test_what_is_no_ask_is_refused(side: Side) -> None:
    """With what is wrong in it."""
    url = f"{side.url}/_fake/people"
    async with aiohttp.ClientSession() as session, session.post(url, data=b'{"numbr": "1"}') as response:
        assert response.status == 400
        assert "unknown field `numbr`" in (await response.json())["error"]
