"""What Meta told is told on: no file, number or odd word holds up what is beside it, and nobody else's is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from merpati.core.clock import Millis
from merpati.core.ids import DeviceId, WaId
from merpati.fakes.graph.hooks import sign
from merpati.fakes.graph.settings import AT_ONCE
from merpati.storage.port import Storage
from merpati.transports.cloud_api import lines
from merpati.transports.cloud_api.lines import Secrets
from merpati.transports.cloud_api.news import MOST_CHARACTERS, next_news, waiting_devices
from merpati.transports.cloud_api.transport import CloudTransport
from merpati.transports.port import AnyEvent, Inbound, Media, Receipt, ReceiptKind, SessionState, Text
from tests.conformance.transport_rig import Heard, fault_of, opened, text
from tests.transports.cloud_api.rig import ACCOUNT, DEVICE, CloudRig, open_rig

OTHER = DeviceId(8)
EVER = Millis(2**60)


@pytest.fixture
async def rig(storage: Storage, tmp_path: Path) -> AsyncIterator[CloudRig]:
    async with open_rig(storage, tmp_path) as rig:
        yield rig


def said(id_: str, body: str) -> dict[str, Any]:
    return {"from": "628111", "id": id_, "timestamp": "1760000000", "type": "text", "text": {"body": body}}


def pictured(id_: str, media: str) -> dict[str, Any]:
    image = {"id": media, "mime_type": "image/jpeg"}
    return {"from": "628111", "id": id_, "timestamp": "1760000000", "type": "image", "image": image}


def body_for(number: str, *messages: dict[str, Any]) -> bytes:
    value = {"metadata": {"phone_number_id": number}, "messages": messages}
    changes = [{"field": "messages", "value": value}]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"changes": changes}]}).encode()


async def post(rig: CloudRig, body: bytes, *, secret: str = "", device: DeviceId = DEVICE) -> None:
    signature = sign(secret or rig.seeded.secret, body)
    await rig.link.take_post(rig.lane, rig.ids, device, body, signature)


async def opened_again(rig: CloudRig) -> tuple[CloudTransport, Heard]:
    """A session of what is stored."""
    transport, heard = rig.transport(), Heard()
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)
    return transport, heard


def bodies(heard: Heard) -> list[str]:
    return [each.content.body for each in heard.of(Inbound) if isinstance(each.content, Text)]


@pytest.mark.parametrize("withheld", [{"is_shut": True}, {"trouble": 10}, {"trouble": 131016}])
async def test_a_file_that_is_not_given_holds_up_no_session_and_nothing_beside_it(
    rig: CloudRig, withheld: dict[str, Any]
) -> None:
    """Forbidden, or not now: the number opens, what stands behind it in its body is told, and it is asked again."""
    await rig.pair()
    file = rig.graph.receive_file(rig.seeded.number, b"\xff\xd8\xff\xe0", "image/jpeg", "")
    rig.graph.world.media[file.id] = msgspec.structs.replace(file, **withheld)
    await post(rig, body_for(rig.seeded.number.id, pictured("w1", file.id), said("w2", "di belakang foto")))

    heard = Heard()
    await rig.transport().start(heard.emit)
    await heard.until(lambda: heard.states()[-1:] not in ([], [SessionState.CONNECTING]))

    assert heard.states() == [SessionState.CONNECTING, SessionState.OPEN]
    assert bodies(heard) == ["di belakang foto"]
    assert await rig.storage.read(waiting_devices, EVER, [DEVICE, OTHER]) == [DEVICE]


async def test_a_number_that_was_changed_elsewhere_is_heard_by_the_session_that_is_open(rig: CloudRig) -> None:
    """Another process set it up, and died before it could say so: nothing that is told of it is thrown away."""
    transport, heard = await opened(rig)
    second = rig.graph.world.add_number(rig.seeded.business.id, "628999888777", "Kedua", 80)
    line = await rig.storage.read(lines.find_line, DEVICE)
    assert line is not None
    secrets = line.secrets(rig.sealer)
    again = lines.seal_secrets(rig.sealer, DEVICE, secrets)
    await rig.storage.write(
        lines.set_line, msgspec.structs.replace(line, number_id=second.id, sealed=again, changed_at=Millis(2))
    )

    await post(rig, body_for(second.id, said("w1", "ke nomor baru")))

    await heard.until(lambda: bodies(heard) == ["ke nomor baru"])
    await heard.state(SessionState.OPEN)
    assert heard.states()[-2:] == [SessionState.CONNECTING, SessionState.OPEN]
    await transport.send(text("a", rig.person))


async def test_what_was_told_of_the_number_that_a_device_was_before_is_told(rig: CloudRig) -> None:
    """Meta was answered that it is stored: what people wrote until then is lost by no change of the number."""
    await rig.pair()
    await post(rig, body_for(rig.seeded.number.id, said("w1", "ke nomor lama")))
    line = await rig.storage.read(lines.find_line, DEVICE)
    assert line is not None
    second = rig.graph.world.add_number(rig.seeded.business.id, "628999888777", "Kedua", 80)
    await rig.storage.write(lines.set_line, msgspec.structs.replace(line, number_id=second.id))
    await post(rig, body_for(second.id, said("w2", "ke nomor baru")))

    _, heard = await opened_again(rig)

    assert bodies(heard) == ["ke nomor lama", "ke nomor baru"]


async def test_who_signs_for_one_number_tells_nothing_of_another(rig: CloudRig) -> None:
    """Of the same account, with another app: a key that reaches one device alone may know that one's secret."""
    await rig.pair()
    mine = Secrets(token="EAAmine", app_secret="f" * 32, verify_token="v")
    line = lines.Line(
        device=OTHER,
        account=ACCOUNT,
        number_id="777777",
        business_id="888888",
        sealed=lines.seal_secrets(rig.sealer, OTHER, mine),
        changed_at=Millis(1),
    )
    await rig.storage.write(lines.set_line, line)

    await post(rig, body_for(rig.seeded.number.id, said("w1", "palsu")), secret="f" * 32, device=OTHER)
    assert await rig.storage.read(waiting_devices, EVER, [DEVICE, OTHER]) == []

    await post(rig, body_for("777777", said("w2", "asli")), secret="f" * 32, device=OTHER)
    assert await rig.storage.read(waiting_devices, EVER, [DEVICE, OTHER]) == [OTHER]


@pytest.mark.parametrize(
    "odd",
    [
        b'"kata \\ud83d"',  # half of an emoji
        b'"kata \\u0000"',
        b'"kata", "extra": 1e999',
        b'"kata", "extra": ' + b"9" * 5_000,
        b'"kata \xff"',
    ],
    ids=["surrogate", "nul", "float", "integer", "bytes"],
)
async def test_what_is_signed_and_odd_loses_no_message(rig: CloudRig, odd: bytes) -> None:
    """It is told as far as it can be read."""
    _, heard = await opened(rig)
    body = body_for(rig.seeded.number.id, said("w1", "KATA"), said("w2", "sesudahnya"))
    await post(rig, body.replace(b'"KATA"', odd))
    await heard.count(Inbound, 2)
    first, second = bodies(heard)
    assert first.startswith("kata")
    assert first.encode()
    assert second == "sesudahnya"


async def test_ids_with_a_nul_are_told_without_it(rig: CloudRig) -> None:
    """No database could store them: a message would be left out, and a number's news posted again for a week."""
    _, heard = await opened(rig)
    await post(rig, body_for(rig.seeded.number.id + "\0", said("w\x001", "halo")))
    [inbound] = await heard.count(Inbound)
    assert inbound.wa_id == WaId("w1")


async def test_what_people_write_is_told_while_nothing_can_be_sent(rig: CloudRig) -> None:
    """The bill is not paid, say, or the token was withdrawn: Meta goes on telling, and telling needs no token."""
    transport, heard = await opened(rig)
    rig.graph.world.tokens[rig.seeded.token].expired = True
    await fault_of(transport, text("a", rig.person))
    await heard.state(SessionState.LOGGED_OUT)

    await post(rig, body_for(rig.seeded.number.id, pictured("w1", "4711"), said("w2", "halo?")))

    await heard.count(Inbound, 2)
    assert [(each.wa_id, each.awaits_file) for each in heard.of(Inbound)] == [("w1", True), ("w2", False)]
    assert heard.states()[-1] is SessionState.LOGGED_OUT
    await transport.stop()


async def test_a_number_that_ended_is_opened_by_what_is_set_up_anew(rig: CloudRig) -> None:
    """Though whoever set it up died before a word was said: at the next look, or when something comes."""
    transport, heard = await opened(rig)
    rig.graph.world.tokens[rig.seeded.token].expired = True
    await fault_of(transport, text("a", rig.person))
    await rig.pair(token=rig.graph.world.new_token())
    await rig.say("halo")
    await heard.state(SessionState.OPEN)
    await transport.send(text("b", rig.person))


async def test_a_token_that_is_taken_again_opens_the_number(rig: CloudRig) -> None:
    """Meta had refused it by mistake."""
    await rig.pair()
    rig.graph.world.tokens[rig.seeded.token].expired = True
    transport = CloudTransport(
        DEVICE, rig.link.client, rig.storage, rig.sealer, rig.clock, rig.folder, most_bytes=1, again_s=0
    )
    heard = Heard()
    await transport.start(heard.emit)
    await heard.state(SessionState.LOGGED_OUT)
    transport.wake()
    rig.graph.world.tokens[rig.seeded.token].expired = False
    transport.wake()
    await heard.state(SessionState.OPEN)


async def test_what_people_wrote_in_a_night_does_not_keep_a_number_shut(rig: CloudRig) -> None:
    """Storing takes its time. What became of messages is told before: it settles those whose answers were lost."""
    await rig.pair()
    for n in range(40):
        await post(rig, body_for(rig.seeded.number.id, said(f"w{n}", f"pesan {n}")))
    status = {"id": "ours", "status": "delivered", "timestamp": "1760000000", "recipient_id": "628111"}
    value = {"metadata": {"phone_number_id": rig.seeded.number.id}, "statuses": [status]}
    entry = [{"changes": [{"field": "messages", "value": value}]}]
    await post(rig, json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode())
    transport = CloudTransport(
        DEVICE, rig.link.client, rig.storage, rig.sealer, rig.clock, rig.folder, most_bytes=1, opening_s=0
    )
    heard = Heard()

    async def store_slowly(event: AnyEvent) -> None:
        if isinstance(event, Inbound):
            await asyncio.sleep(0.05)
        await heard.emit(event)

    await transport.start(store_slowly)
    await heard.state(SessionState.OPEN)

    assert len(heard.of(Inbound)) < 20
    assert {each.ids for each in heard.of(Receipt)} == {("ours",)}
    await heard.count(Inbound, 40)
    assert bodies(heard) == [f"pesan {n}" for n in range(40)]
    await nothing_waits(rig)


async def test_what_comes_does_not_wait_for_metas_answers_to_its_marks(storage: Storage, tmp_path: Path) -> None:
    """A device that marks everything as read would hear three people a second, and open late after a night."""
    slow = msgspec.structs.replace(AT_ONCE, answer_ms=300)
    async with open_rig(storage, tmp_path, slow) as rig:
        await rig.pair()
        wrote = [await rig.say(f"pesan {n}") for n in range(20)]
        transport, heard = rig.transport(), Heard()

        async def store_and_mark(event: AnyEvent) -> None:
            await heard.emit(event)
            if isinstance(event, Inbound):
                await transport.mark_read(event.chat, event.sender.id, [event.wa_id])

        await transport.start(store_and_mark)
        async with asyncio.timeout(3):
            await heard.state(SessionState.OPEN)
        await transport.stop()
        assert await rig.ticked() == wrote


async def test_a_fault_of_ours_makes_no_number_deaf(rig: CloudRig) -> None:
    """What was being told is told again; else the number would look open, and hear nothing any more."""
    await rig.pair()
    transport, heard = rig.transport(), Heard()
    faults = [ValueError("nobody thought of it")]

    async def emit(event: AnyEvent) -> None:
        if isinstance(event, Inbound) and faults:
            raise faults.pop()
        await heard.emit(event)

    await transport.start(emit)
    await heard.state(SessionState.OPEN)
    await post(rig, body_for(rig.seeded.number.id, said("w1", "halo")))
    await heard.count(Inbound)
    await heard.state(SessionState.OPEN)
    assert SessionState.RETRYING in heard.states()
    assert bodies(heard) == ["halo"]


async def test_large_bodies_are_not_all_held_at_once(rig: CloudRig) -> None:
    """Meta's may have megabytes each, and hundreds may wait."""
    await rig.pair()
    large = "x" * (MOST_CHARACTERS // 2)
    for n in range(4):
        await post(rig, body_for(rig.seeded.number.id, said(f"w{n}", large)))
    assert len(await rig.storage.read(next_news, DEVICE, EVER)) == 2


async def test_files_that_stall_hold_up_no_session_and_no_other_chat(rig: CloudRig) -> None:
    """Two of them came while the device was off: it opens, and what others write is told, long before they end."""
    await rig.pair()
    for n in range(2):
        await post(rig, body_for(rig.seeded.number.id, pictured(f"w{n}", stalled_file(rig))))
    await post(rig, body_for(rig.seeded.number.id, said("w3", "di belakang foto")))

    transport, heard = await opened_again(rig)
    assert bodies(heard) == ["di belakang foto"]

    await post(rig, body_for(rig.seeded.number.id, pictured("w4", stalled_file(rig))))
    await post(rig, body_for(rig.seeded.number.id, said("w5", "sesudahnya")))
    await heard.until(lambda: bodies(heard) == ["di belakang foto", "sesudahnya"])
    await transport.stop()
    assert await rig.storage.read(waiting_devices, EVER, [DEVICE, OTHER]) == [DEVICE]


async def test_a_file_that_was_slow_is_told_when_it_comes(rig: CloudRig) -> None:
    """Once, and what it came with is not told again; until then it is told as one that waits for its file."""
    await rig.pair()
    slow = stalled_file(rig)
    await post(rig, body_for(rig.seeded.number.id, pictured("w1", slow), said("w2", "di belakang foto")))
    transport, before = await opened_again(rig)
    await transport.stop()
    assert [(each.wa_id, each.awaits_file) for each in before.of(Inbound)] == [("w1", True), ("w2", False)]
    rig.graph.world.media[slow] = msgspec.structs.replace(rig.graph.world.media[slow], hangs=False)

    transport, heard = await opened_again(rig)

    await heard.count(Inbound)
    await nothing_waits(rig)
    [told] = heard.of(Inbound)
    assert (told.wa_id, told.awaits_file) == ("w1", False)
    assert isinstance(told.content, Media) and told.content.path


def stalled_file(rig: CloudRig) -> str:
    file = rig.graph.receive_file(rig.seeded.number, b"\xff\xd8\xff\xe0", "image/jpeg", "")
    rig.graph.world.media[file.id] = msgspec.structs.replace(file, hangs=True)
    return file.id


async def nothing_waits(rig: CloudRig) -> None:
    async with asyncio.timeout(5):
        while await rig.storage.read(waiting_devices, EVER, [DEVICE, OTHER]):  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.01)


async def test_what_became_of_messages_does_not_wait_for_a_file(rig: CloudRig) -> None:
    """Else a message whose answer was lost would be sent again, though Meta has said that it has it."""
    transport, heard = await opened(rig)
    await post(rig, body_for(rig.seeded.number.id, pictured("w1", stalled_file(rig))))
    await rig.cut_next()

    await fault_of(transport, text("r1", rig.person))

    receipt = (await heard.count(Receipt))[0]
    assert (receipt.kind, receipt.ref) == (ReceiptKind.TAKEN, "r1")
    await transport.stop()
