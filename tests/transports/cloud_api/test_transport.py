"""One official number: what Meta tells later, what ends its session, files that come, who may tell us anything."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from merpati.core.clock import Millis
from merpati.core.errors import Code
from merpati.core.ids import AccountId, Address, DeviceId, WireRef
from merpati.fakes.graph.outages import Outage, Rule
from merpati.fakes.graph.settings import AT_ONCE
from merpati.storage.port import Storage
from merpati.transports.cloud_api import lines
from merpati.transports.cloud_api.client import GraphClient, GraphTrouble
from merpati.transports.cloud_api.lines import LineTaken
from merpati.transports.cloud_api.news import waiting_devices
from merpati.transports.official import NotSigned
from merpati.transports.port import (
    AnyEvent,
    Inbound,
    Media,
    MediaKind,
    Outbound,
    Receipt,
    ReceiptKind,
    SendFault,
    SessionState,
    Signal,
    State,
    Text,
    Undelivered,
)
from tests.conformance.transport_rig import Heard, fault_of, opened, text
from tests.transports.cloud_api.rig import ACCOUNT, DEVICE, CloudRig, open_rig

JPEG = b"\xff\xd8\xff\xe0" + bytes(5_000)


@pytest.fixture
async def rig(storage: Storage, tmp_path: Path) -> AsyncIterator[CloudRig]:
    async with open_rig(storage, tmp_path, most_bytes=100_000) as rig:
        yield rig


async def test_an_answer_that_was_lost_is_made_up_for_by_the_echo(rig: CloudRig) -> None:
    """Unclear at first; then Meta tells of a message with our reference, under its own id."""
    transport, heard = await opened(rig)
    await rig.cut_next()

    raised = await fault_of(transport, text("r1", rig.person))
    receipt = (await heard.count(Receipt))[0]

    assert (raised.fault, raised.code) == (SendFault.AMBIGUOUS, Code.OUTCOME_UNKNOWN)
    assert (receipt.kind, receipt.ref) == (ReceiptKind.TAKEN, "r1")
    assert [receipt.ids[0]] == [id_ for id_, _ in await rig.shown()]


async def test_what_meta_gives_up_later_is_told_with_its_reason(rig: CloudRig) -> None:
    """Accepted by the answer; a day after they wrote, only the webhook says that it went nowhere."""
    transport, heard = await opened(rig)
    rig.graph.world.heard_at.clear()

    sent = await transport.send(text("late", rig.person))

    [given_up] = await heard.count(Undelivered)
    assert (given_up.wa_id, given_up.ref) == (sent.wa_id, "late")
    assert (given_up.fault, given_up.code) == (SendFault.RECIPIENT, Code.WINDOW_CLOSED)


async def test_a_token_that_is_no_longer_good_ends_the_session_visibly(rig: CloudRig) -> None:
    """The message was surely not sent; the next ones wait for another token."""
    transport, heard = await opened(rig)
    rig.graph.world.tokens[rig.seeded.token].expired = True

    first = await fault_of(transport, text("a", rig.person))
    await heard.state(SessionState.LOGGED_OUT)
    second = await fault_of(transport, text("b", rig.person))

    assert (first.fault, first.code) == (SendFault.AUTH, Code.META_TOKEN_REFUSED)
    assert heard.of(State)[-1].reason == Code.META_TOKEN_REFUSED
    assert second.fault is SendFault.NOT_OPEN


@pytest.mark.parametrize(
    ("code", "reason"), [(131031, Code.META_ACCOUNT_RESTRICTED), (131042, Code.META_PAYMENT_MISSING)]
)
async def test_a_restricted_account_pauses_the_device(rig: CloudRig, code: int, reason: Code) -> None:
    """FAILED with the reason, until a person does something."""
    transport, heard = await opened(rig)
    rig.strike(Rule(outage=Outage.REFUSE, code=code))

    await fault_of(transport, text("a", rig.person))

    await heard.state(SessionState.FAILED)
    assert heard.of(State)[-1].reason == reason


async def test_a_device_without_a_number_says_so(rig: CloudRig) -> None:
    """Nothing to resume."""
    heard = Heard()
    await rig.transport().start(heard.emit)
    await heard.state(SessionState.LOGGED_OUT)
    assert heard.of(State)[-1].reason == Code.OFFICIAL_NOT_SET_UP


async def test_while_meta_cannot_be_reached_the_device_tries_again(rig: CloudRig) -> None:
    """RETRYING, then OPEN with the number that Meta knows it by."""
    await rig.pair()
    rig.strike(Rule(outage=Outage.GONE))
    heard = Heard()
    await rig.transport().start(heard.emit)
    await heard.state(SessionState.RETRYING)
    rig.graph.outages.clear()
    await heard.state(SessionState.OPEN)
    assert heard.of(State)[-1].number == rig.device


async def test_a_file_that_could_not_be_uploaded_was_surely_not_sent(rig: CloudRig, tmp_path: Path) -> None:
    """The connection broke, but before there was a message."""
    transport, _ = await opened(rig)
    file = tmp_path / "a.jpg"
    file.write_bytes(JPEG)
    media = Media(kind=MediaKind.IMAGE, path=str(file), mime="image/jpeg", size_bytes=len(JPEG))
    rig.strike(Rule(outage=Outage.GONE))
    raised = await fault_of(transport, Outbound(ref=WireRef("f"), chat=rig.person, content=media))
    assert raised.fault is SendFault.RETRY


async def test_a_file_that_somebody_sends_is_there_while_it_is_stored(rig: CloudRig) -> None:
    """Its bytes and its words; when all is told (so it is before OPEN) the copy is gone."""
    await rig.pair()
    send_file(rig, JPEG)
    await rig.settled()
    heard, seen = Heard(), list[bytes]()

    async def keep(event: AnyEvent) -> None:
        if isinstance(event, Inbound) and isinstance(event.content, Media):
            seen.append(read_bytes(event.content.path))
        await heard.emit(event)

    await rig.transport().start(keep)
    await heard.state(SessionState.OPEN)

    [inbound] = heard.of(Inbound)
    assert isinstance(inbound.content, Media)
    assert (inbound.content.kind, inbound.content.caption) == (MediaKind.IMAGE, "fotonya")
    assert seen == [JPEG]
    assert inbound.content.path not in files_in(rig.folder)


def read_bytes(path: str) -> bytes:
    return Path(path).read_bytes()


def files_in(folder: Path) -> set[str]:
    return {str(each) for each in folder.iterdir()}


def send_file(rig: CloudRig, data: bytes) -> str:
    file = rig.graph.receive_file(rig.seeded.number, data, "image/jpeg", "")
    body = {"type": "image", "image": {"id": file.id, "mime_type": "image/jpeg", "caption": "fotonya"}}
    rig.graph.say(rig.seeded.number, rig.seeded.person, body)
    return file.id


async def test_a_file_that_is_too_large_is_told_without_it(rig: CloudRig) -> None:
    """The message comes all the same."""
    _, heard = await opened(rig)
    send_file(rig, bytes(200_000))
    [inbound] = await heard.count(Inbound)
    assert isinstance(inbound.content, Media)
    assert (inbound.content.path, inbound.content.size_bytes) == ("", 200_000)


async def test_a_file_that_meta_has_forgotten_is_told_without_it(rig: CloudRig) -> None:
    """After seven days its id is worth nothing."""
    await rig.pair()
    id_ = send_file(rig, JPEG)
    await rig.settled()
    del rig.graph.world.media[id_]
    heard = Heard()
    await rig.transport().start(heard.emit)
    [inbound] = await heard.count(Inbound)
    assert isinstance(inbound.content, Media) and inbound.content.path == ""


async def test_what_was_stored_is_told_by_the_next_life_of_the_device(rig: CloudRig) -> None:
    """Meta was answered, and then we died: nothing of it is lost, and nothing told twice is stored again."""
    await rig.pair()
    said = [await rig.say(f"pesan {n}") for n in range(3)]
    assert rig.answers == [200, 200, 200]
    heard = Heard()
    await rig.transport().start(heard.emit)
    assert [each.wa_id for each in await heard.count(Inbound, 3)] == said
    await heard.state(SessionState.OPEN)
    assert await rig.storage.read(waiting_devices, Millis(2**60), [DEVICE]) == []


async def test_only_what_meta_signed_is_taken(rig: CloudRig) -> None:
    """Another signature, another body, a device that has no number: refused, and nothing is stored."""
    await rig.pair()
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    for device, signature in ((DEVICE, ""), (DEVICE, "sha256=00"), (DeviceId(8), "sha256=00")):
        with pytest.raises(NotSigned):
            await rig.link.take_post(rig.lane, rig.ids, device, body, signature)
    assert await rig.storage.read(waiting_devices, Millis(2**60), [DEVICE]) == []


async def test_the_address_is_proved_by_our_token_alone(rig: CloudRig) -> None:
    """As Meta asks when it is entered there."""
    await rig.pair()
    query = {"hub.mode": "subscribe", "hub.verify_token": "rahasia", "hub.challenge": "1158"}
    assert await rig.link.answer_challenge(DEVICE, query) == "1158"
    for wrong in ({**query, "hub.verify_token": "x"}, {}):
        with pytest.raises(NotSigned):
            await rig.link.answer_challenge(DEVICE, wrong)


async def test_a_number_is_one_devices_and_a_foreign_one_hears_nothing(rig: CloudRig) -> None:
    """Claimed by another account's device it is refused; what is told of it there is nobody's."""
    await rig.pair()
    with pytest.raises(LineTaken):
        await rig.pair(device=DeviceId(8))
    line = await rig.storage.read(lines.find_line, DEVICE)
    assert line is not None
    foreign = msgspec.structs.replace(line, account=AccountId(2))
    assert await rig.storage.read(lines.lines_of_numbers, foreign.account, [line.number_id]) == {}
    assert await rig.storage.read(lines.lines_of_numbers, ACCOUNT, [line.number_id]) == {line.number_id: DEVICE}


async def test_disorder_and_repeats_of_webhooks_lose_nothing(storage: Storage, tmp_path: Path) -> None:
    """Each message comes at least once, each receipt too, whatever Meta does on the way."""
    settings = msgspec.structs.replace(AT_ONCE, duplicates=0.5, shuffle=True, batch=7)
    async with open_rig(storage, tmp_path, settings) as rig:
        transport, heard = await opened(rig)
        rig.graph.courier.pause()
        sent = [await transport.send(text(f"m{n}", rig.person)) for n in range(5)]
        for n in range(10):
            rig.graph.say(rig.seeded.number, rig.seeded.person, {"type": "text", "text": {"body": str(n)}})
        rig.graph.timeline.run_due()
        rig.graph.courier.go_on()
        await rig.settled()
        await heard.until(
            lambda: (
                {each.ids[0] for each in heard.of(Receipt) if each.kind is ReceiptKind.READ}
                == {each.wa_id for each in sent}
            )
        )
        await heard.until(
            lambda: (
                {each.content.body for each in heard.of(Inbound) if isinstance(each.content, Text)}
                == set(map(str, range(10)))
            )
        )


async def test_who_writes_too_often_to_one_person_waits_without_asking_meta(rig: CloudRig) -> None:
    """After 45 at once; the refusal says for how long."""
    transport, _ = await opened(rig)
    for n in range(45):
        await transport.send(text(f"p{n}", rig.person))
    raised = await fault_of(transport, text("p45", rig.person))
    assert (raised.fault, raised.code) == (SendFault.RATE, Code.RECIPIENT_PACE)
    assert 0 < raised.retry_after_ms <= 6_000
    assert len(await rig.shown()) == 45


async def test_typing_is_shown_to_who_has_written(rig: CloudRig) -> None:
    """Meta shows it as an answer alone."""
    transport, heard = await opened(rig)
    await transport.signal(Address("628999"), Signal.TYPING)
    assert not rig.graph.world.typing
    await rig.say("halo")
    await heard.count(Inbound)
    await transport.signal(rig.person, Signal.TYPING)
    assert list(rig.graph.world.typing) == [(rig.seeded.number.id, rig.seeded.person.bsuid)]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://127.0.0.1:9/x",
        "http://localhost:8000/x",
        "http://lookaside.fbsbx.com/x",
        "https://facebook.com.evil.example/x",
        "https://graph.facebook.com@evil.example/x",
        "https://127.0.0.1/x",
        "/x",
        "",
    ],
)
async def test_the_token_is_shown_to_meta_alone(url: str) -> None:
    """A file's address that is not Meta's, or another port of the same machine, or not encrypted, is not asked."""
    client = GraphClient("http://127.0.0.1:8000/v26.0")
    with pytest.raises(GraphTrouble) as raised:
        async with client.download(url, "secret"):
            pass
    await client.close()
    assert raised.value.said == "the file is at an address that is not Meta's"
