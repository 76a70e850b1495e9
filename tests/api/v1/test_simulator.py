"""Being the people of the simulated network over the API; the network is the real one, in this process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.ids import Address, WireRef
from merpati.transports.interactive import Button, Buttons
from merpati.transports.port import (
    Content,
    Inbound,
    Location,
    Media,
    MediaKind,
    Outbound,
    PairHow,
    PairQr,
    Poll,
    SessionState,
    Text,
)
from merpati.transports.simulator.link import SimulatorLink
from merpati.transports.simulator.transport import SimulatorTransport
from tests.api.files import PNG
from tests.api.harness import NUMBERS, OFF, ONE, THEIRS, TWO, Api
from tests.api.v1.browser import Browser, program_of, signed_in
from tests.api.v1.following import Follower
from tests.api.v1.test_files import upload
from tests.api.v1.world import BUDI
from tests.conformance.transport_rig import Heard

BUDIS = f"/simulator/people/{BUDI}"
GROUP = Address("120363000000000001@g.us")


@pytest.fixture
async def owner(simulated: Api) -> Browser:
    return await signed_in(simulated)


@pytest.fixture
async def device(link: SimulatorLink) -> AsyncIterator[SimulatorTransport]:
    """ONE, connected."""
    transport, heard = link.transport(ONE, Address(NUMBERS[ONE])), Heard()
    await transport.start(heard.emit)
    await heard.until(lambda: SessionState.OPEN in heard.states())
    yield transport
    await transport.stop()


async def send(device: SimulatorTransport, ref: str, content: Content, chat: Address = BUDI) -> None:
    await device.send(Outbound(ref=WireRef(ref), chat=chat, content=content))


async def test_people_are_added_and_changed(owner: Browser) -> None:
    """As one writes their numbers; what is not given stays."""
    added = await owner.ask("POST", "/simulator/people", {"number": "0812-9", "name": "x"})
    assert (added.status, added.code) == (422, "target_invalid")
    added = await owner.ask("POST", "/simulator/people", {"number": "0812 9999 0000", "name": "Citra"})
    citra = {
        "number": "6281299990000",
        "name": "Citra",
        "online": True,
        "registered": True,
        "read_receipts": True,
        "blocked": [],
    }
    assert (added.status, added.body) == (201, citra)
    changed = await owner.ask("PATCH", "/simulator/people/6281299990000", {"online": False, "read_receipts": False})
    assert changed.body == citra | {"online": False, "read_receipts": False}
    there = (await owner.ask("GET", "/simulator")).body
    assert [person["name"] for person in there["people"]] == ["Budi", "Citra"]


async def test_a_block_is_told_by_device_and_taken_back(owner: Browser, simulated: Api) -> None:
    """Another account is not told which of the devices that are not its are blocked."""
    blocked = await owner.ask("POST", f"{BUDIS}/block", {"device": ONE})
    assert blocked.body["blocked"] == [ONE]
    theirs = await program_of(simulated, "stranger").ask("GET", "/simulator")
    assert theirs.body["people"][0]["blocked"] == []
    assert (await owner.ask("POST", f"{BUDIS}/unblock", {"device": ONE})).body["blocked"] == []


async def test_a_chat_shows_both_sides_and_how_far_each_message_came(
    owner: Browser, device: SimulatorTransport, link: SimulatorLink
) -> None:
    """Text, place, poll with the person's choice, file without its path, votes; receipts as the phone has them."""
    await link.phone.add(BUDI, reads=None, online=False)
    file = Path(__file__)
    media = Media(kind=MediaKind.DOCUMENT, path=str(file), mime="text/plain", size_bytes=9, filename="a.txt")
    await send(device, "A", Text(body="halo"))
    await send(device, "B", Location(latitude=-6.2, longitude=106.8))
    assert [line["receipt"] for line in (await owner.ask("GET", f"{BUDIS}/chat?device={ONE}")).body["items"]] == [
        "sent",
        "sent",
    ]
    await owner.ask("PATCH", BUDIS, {"online": True})
    await send(device, "C", Poll(question="Jadi?", choices=("ya", "tidak")))
    await send(device, "D", media)
    said = await owner.ask("POST", f"{BUDIS}/messages", {"device": ONE, "text": "siap"})
    assert said.status == 201
    voted = await owner.ask("POST", f"{BUDIS}/votes", {"poll": "C", "choices": ["ya"]})
    assert voted.status == 204
    read = await owner.ask("POST", f"{BUDIS}/read", {"device": ONE})
    assert read.status == 200
    answered = await owner.ask("GET", f"{BUDIS}/chat?device={ONE}")
    lines = answered.body["items"]
    assert [(line["kind"], line["text"], line["from"], line["mine"], line["receipt"]) for line in lines] == [
        ("text", "halo", NUMBERS[ONE], False, "read"),
        ("location", "", NUMBERS[ONE], False, "read"),
        ("poll", "Jadi?", NUMBERS[ONE], False, "read"),
        ("file", "", NUMBERS[ONE], False, "read"),
        ("text", "siap", BUDI, True, None),
        ("vote", "ya", BUDI, True, None),
    ]
    assert lines[1]["location"] == {"latitude": -6.2, "longitude": 106.8, "name": "", "address": ""}
    assert lines[2]["poll"] == {"question": "Jadi?", "choices": ["ya", "tidak"], "several": False, "votes": ["ya"]}
    assert lines[3]["file"] == {
        "kind": "document",
        "mime": "text/plain",
        "size_bytes": 9,
        "filename": "a.txt",
        "thumbnail": None,
    }
    assert lines[4]["id"] == said.body["id"]
    assert file.parent.name not in str(answered.body)


async def test_a_person_writes_to_a_group_of_theirs(owner: Browser, link: SimulatorLink) -> None:
    """Where a device of the account is; another group is as if it were not there."""
    await link.phone.set_group(GROUP, "Keluarga", [BUDI, Address(NUMBERS[ONE])])
    other = Address("120363000000000002@g.us")
    await link.phone.set_group(other, "Lain", [BUDI, Address(NUMBERS[THEIRS])])
    assert (await owner.ask("POST", f"{BUDIS}/messages", {"group": GROUP, "text": "hai"})).status == 201
    line = (await owner.ask("GET", f"{BUDIS}/chat?device={ONE}")).body["items"][0]
    assert (line["group"], line["text"], line["mine"]) == (GROUP, "hai", True)
    refused = await owner.ask("POST", f"{BUDIS}/messages", {"group": other, "text": "hai"})
    assert (refused.status, refused.code) == (409, "person_not_in_group")


async def test_a_person_sends_an_uploaded_file(owner: Browser, simulated: Api, link: SimulatorLink) -> None:
    """The network has a copy of its own; another account's file is not there, and nothing at all is refused."""
    transport, heard = link.transport(ONE, Address(NUMBERS[ONE])), Heard()
    await transport.start(heard.emit)
    kept = (await upload(owner, PNG, "foto.png")).body
    said = await owner.ask("POST", f"{BUDIS}/messages", {"device": ONE, "text": "lihat", "file": kept["id"]})
    [inbound] = await heard.count(Inbound)
    await transport.stop()
    nothing = await owner.ask("POST", f"{BUDIS}/messages", {"device": ONE})
    stranger = program_of(simulated, "stranger")
    theirs = await stranger.ask("POST", f"{BUDIS}/messages", {"device": THEIRS, "file": kept["id"]})

    assert said.status == 201
    assert isinstance(inbound.content, Media)
    assert (inbound.content.kind, inbound.content.caption) == (MediaKind.IMAGE, "lihat")
    assert await asyncio.to_thread(Path(inbound.content.path).read_bytes) == PNG
    assert (nothing.code, theirs.code) == ("input_invalid", "file_unknown")


async def test_what_a_phone_cannot_do_is_refused_with_the_reason(owner: Browser, link: SimulatorLink) -> None:
    """Each with a sentence of its own."""
    say = f"{BUDIS}/messages"
    assert (await owner.ask("POST", say, {"device": TWO, "text": "hai"})).code == "device_not_paired"
    assert (await owner.ask("POST", say, {"text": "hai"})).body["errors"][0]["field"] == "device"
    assert (await owner.ask("POST", say, {"device": ONE, "text": ""})).code == "input_invalid"
    await link.phone.offline(BUDI)
    refused = await owner.ask("POST", say, {"device": ONE, "text": "hai"})
    assert (refused.status, refused.code) == (409, "person_offline")
    assert BUDI in refused.body["detail"]
    assert (await owner.ask("POST", f"{BUDIS}/votes", {"poll": "X", "choices": []})).code == "poll_unknown"


async def test_a_person_presses_a_button_and_both_sides_show_it(
    owner: Browser, device: SimulatorTransport, simulated: Api
) -> None:
    """What there is to press, what was pressed; another account's message is not there."""
    buttons = Buttons(
        body="Jadi?", footer="Toko", buttons=(Button(id="y", title="Jadi"), Button(id="n", title="Batal"))
    )
    await send(device, "B", buttons)

    pressed = await owner.ask("POST", f"{BUDIS}/choices", {"message": "B", "choice": "y"})
    wrong = await owner.ask("POST", f"{BUDIS}/choices", {"message": "B", "choice": "z"})
    missing = await owner.ask("POST", f"{BUDIS}/choices", {"message": "X", "choice": "y"})
    theirs = await program_of(simulated, "stranger").ask(
        "POST", f"{BUDIS}/choices", {"message": "B", "choice": "y"}
    )

    assert pressed.status == 201
    assert (wrong.status, wrong.code) == (422, "choice_unknown")
    assert [(each.status, each.code) for each in (missing, theirs)] == [(404, "menu_unknown")] * 2
    shown, said = (await owner.ask("GET", f"{BUDIS}/chat?device={ONE}")).body["items"]
    assert (shown["kind"], shown["text"]) == ("buttons", "Jadi?")
    assert shown["interactive"]["buttons"] == {
        "items": [{"id": "y", "title": "Jadi"}, {"id": "n", "title": "Batal"}],
        "header": "",
        "footer": "Toko",
    }
    assert (said["kind"], said["text"], said["mine"]) == ("choice", "Jadi", True)
    assert said["choice"] == {"id": "y", "title": "Jadi", "description": ""}


async def test_a_choice_that_is_not_there_is_refused(owner: Browser, device: SimulatorTransport) -> None:
    """The choices are told."""
    await send(device, "C", Poll(question="Jadi?", choices=("ya", "tidak")))
    refused = await owner.ask("POST", f"{BUDIS}/votes", {"poll": "C", "choices": ["mungkin"]})
    assert (refused.status, refused.code) == (422, "choice_unknown")
    assert "tidak" in refused.body["detail"]


async def test_a_person_edits_and_deletes_a_line_of_theirs(owner: Browser, device: SimulatorTransport) -> None:
    """The device hears of both, by the line's id."""
    said = await owner.ask("POST", f"{BUDIS}/messages", {"device": ONE, "text": "jam 8"})
    about = said.body["id"]
    for change in ({"edits": about, "text": "jam 9"}, {"deletes": about}):
        assert (await owner.ask("POST", f"{BUDIS}/messages", {"device": ONE, **change})).status == 201
    items = (await owner.ask("GET", f"{BUDIS}/chat?device={ONE}")).body["items"]
    assert [each["text"] for each in items[-2:]] == ["edit: jam 9", "revoke"]
    assert device.caps.takes_ref


async def test_an_owner_types_on_the_devices_own_phone(owner: Browser, device: SimulatorTransport) -> None:
    """The person sees it; nobody without WhatsApp can."""
    assert device.caps.hears_phone
    said = await owner.ask("POST", f"/simulator/devices/{ONE}/messages", {"to": BUDI, "text": "Masih ada, Kak"})
    assert said.status == 201
    line = (await owner.ask("GET", f"{BUDIS}/chat?device={ONE}")).body["items"][-1]
    assert (line["id"], line["text"], line["mine"]) == (said.body["id"], "Masih ada, Kak", False)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{BUDIS}/chat?device={THEIRS}", None),
        ("POST", f"{BUDIS}/messages", {"device": THEIRS, "text": "hai"}),
        ("POST", f"{BUDIS}/block", {"device": THEIRS}),
        ("POST", f"{BUDIS}/read", {"device": THEIRS}),
        ("POST", f"/simulator/devices/{THEIRS}/messages", {"to": BUDI, "text": "hai"}),
        ("POST", "/simulator/scan", {"device": THEIRS, "code": "X"}),
        ("POST", "/simulator/faults", {"device": THEIRS, "name": "ban"}),
        ("DELETE", f"/simulator/faults/ban?device={THEIRS}", None),
    ],
)
async def test_the_device_of_another_account_is_not_there(
    owner: Browser, method: str, path: str, body: object
) -> None:
    """Whatever is asked of it."""
    refused = await owner.ask(method, path, body)
    assert (refused.status, refused.code) == (404, "device_unknown")


async def test_a_vote_on_the_poll_of_another_account_is_refused(simulated: Api, device: SimulatorTransport) -> None:
    """Though the person has got it."""
    await send(device, "C", Poll(question="Jadi?", choices=("ya", "tidak")))
    theirs = program_of(simulated, "stranger")
    refused = await theirs.ask("POST", f"{BUDIS}/votes", {"poll": "C", "choices": ["ya"]})
    assert (refused.status, refused.code) == (404, "poll_unknown")


async def test_a_device_is_paired_by_scanning(owner: Browser, link: SimulatorLink) -> None:
    """With the text of the QR that the device shows; a wrong code is refused."""
    transport, heard = link.transport(TWO, Address("6281222222222")), Heard()
    await transport.start(heard.emit)
    await transport.pair(PairHow.QR)
    await heard.until(lambda: heard.of(PairQr))
    refused = await owner.ask("POST", "/simulator/scan", {"device": TWO, "code": "wrong"})
    assert (refused.status, refused.code) == (409, "pairing_code_invalid")
    code = heard.of(PairQr)[-1].code
    assert (
        await owner.ask("POST", "/simulator/scan", {"device": OFF, "code": code})
    ).code == "pairing_code_invalid"
    assert (await owner.ask("POST", "/simulator/scan", {"device": TWO, "code": code})).status == 204
    await heard.until(lambda: SessionState.OPEN in heard.states())
    await transport.stop()


async def test_faults_strike_one_device_until_they_are_stopped(owner: Browser, simulated: Api) -> None:
    """They are listed for the devices of the account; an unknown one is refused."""

    async def active(browser: Browser) -> dict[str, list[int]]:
        faults = (await browser.ask("GET", "/simulator")).body["faults"]
        return {fault["name"]: fault["active_on"] for fault in faults if fault["active_on"]}

    assert (await owner.ask("POST", "/simulator/faults", {"name": "no_receipts", "device": ONE})).status == 204
    assert (await owner.ask("POST", "/simulator/faults", {"name": "no_receipts", "device": TWO})).status == 204
    assert await active(owner) == {"no_receipts": [ONE, TWO]}
    assert await active(program_of(simulated, "stranger")) == {}
    for _ in range(2):
        assert (await owner.ask("DELETE", f"/simulator/faults/no_receipts?device={ONE}")).status == 204
    assert await active(owner) == {"no_receipts": [TWO]}
    refused = await owner.ask("POST", "/simulator/faults", {"name": "gravity", "device": ONE})
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "name")


async def test_the_journal_is_followed_live(
    owner: Browser, device: SimulatorTransport, link: SimulatorLink
) -> None:
    """What concerns the account's devices and the people; nothing of another account's devices."""
    follower = Follower(owner)
    async with follower.connected("/simulator/events") as answer:
        await follower.read(answer, lambda: len(follower.events) == 1)
        await asyncio.wait_for(watched(link), 5)
        await link.phone.say(BUDI, Address(NUMBERS[THEIRS]), "rahasia")
        await send(device, "A", Text(body="halo"))
        await follower.read(answer, lambda: any(event.data.get("detail") == "read" for event in follower.events))
    told = [event.data for event in follower.events[1:]]
    assert {event["device"] for event in told} == {ONE}
    assert [(event["kind"], event["detail"]) for event in told if event["line"] == "A"] == [
        ("handoff", "taken"),
        ("ack", ""),
        ("receipt", "delivered"),
        ("receipt", "read"),
    ]
    assert "halo" not in str(told)


async def watched(link: SimulatorLink) -> None:
    """Until somebody follows the network."""
    assert link.server is not None
    while not link.server.network.observers:  # noqa: ASYNC110 — the network tells nobody
        await asyncio.sleep(0)


async def test_without_a_simulated_network_there_is_nothing(ayu: Browser) -> None:
    """Each path says so."""
    for method, path, body in (
        ("GET", "/simulator", None),
        ("GET", "/simulator/events", None),
        ("PATCH", BUDIS, {"online": True}),
    ):
        refused = await ayu.ask(method, path, body)
        assert (refused.status, refused.code) == (404, "simulator_closed")


async def test_when_the_network_goes_the_stream_ends(owner: Browser, link: SimulatorLink) -> None:
    """And who asks then hears that it is closed."""
    follower = Follower(owner)
    async with follower.connected("/simulator/events") as answer:
        await follower.read(answer, lambda: bool(follower.events))
        await asyncio.wait_for(watched(link), 5)
        await link.close()
        await follower.read(answer, lambda: False)
    assert (await owner.ask("GET", "/simulator")).code == "simulator_closed"
