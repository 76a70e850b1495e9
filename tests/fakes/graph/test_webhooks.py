"""What the fake tells: pywa reads each notification, and checks each signature on the raw bytes."""

import base64
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
import pytest
from pywa.types.callback import Button, CallbackButton, CallbackSelection, Section, SectionList, SectionRow
from pywa.types.message import Message
from pywa.types.message_status import MessageStatus, MessageStatusType

from merpati.fakes.graph.hooks import sign
from merpati.fakes.graph.settings import AT_ONCE
from tests.fakes.graph.rig import Rig, open_rig

PLACE = {"latitude": -6.17, "longitude": 106.82, "name": "Monas", "address": "Jakarta"}
PERSON = {"name": {"formatted_name": "Siti", "first_name": "Siti"}, "phones": [{"phone": "+62813", "type": "CELL"}]}
SAID: Mapping[str, dict[str, Any]] = {
    "text": {"text": {"body": "Halo"}},
    "location": {"location": PLACE},
    "contacts": {"contacts": [PERSON]},
    "image": {"image": {"caption": "Foto"}},
    "video": {"video": {}},
    "audio": {"audio": {"voice": True}},
    "document": {"document": {}},
    "sticker": {"sticker": {"animated": False}},
    "unsupported": {
        "errors": [{"code": 131051, "title": "Message type unknown", "message": "Message type unknown"}]
    },
}


async def act(rig: Rig, what: str, **asked: object) -> Any:  # noqa: ANN401 - as JSON comes
    """One of people's acts, over HTTP."""
    address = f"{rig.url}/_fake/{what}"
    async with aiohttp.ClientSession() as session, session.post(address, json=asked) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


@pytest.mark.parametrize("kind", SAID)
async def test_whatever_a_person_says_is_told(rig: Rig, kind: str) -> None:
    """With who it is, by number and by BSUID; a file can be fetched by the id that is told."""
    body, file = {"type": kind, **SAID[kind]}, {}
    if kind in ("image", "video", "audio", "document", "sticker"):
        file = {"file": base64.b64encode(b"isi").decode(), "mime": "image/png", "filename": "surat.pdf"}

    said = await act(rig, "say", person=rig.to, body=body, **file)
    await rig.settled()

    [message] = rig.receiver.of(Message)
    assert (message.id, message.type, message.from_user.wa_id) == (said["id"], kind, rig.to)
    assert message.from_user.bsuid == rig.seeded.person.bsuid
    if file:
        assert message.media is not None
        about = await rig.call(rig.pywa.get_media_url, message.media.id)
        assert await rig.call(rig.pywa.get_media_bytes, about.url) == b"isi"


async def test_a_pressed_button_and_a_chosen_row_name_themselves(rig: Rig) -> None:
    """With the message that they belong to."""
    rows = SectionList("Menu", [Section("Isi", [SectionRow(title="Satu", callback_data="r1")])])
    asked = await rig.call(rig.pywa.send_message, rig.to, "Pilih", buttons=[Button("Ya", "y")])
    listed = await rig.call(rig.pywa.send_message, rig.to, "Pilih", buttons=rows)

    await act(rig, "press", person=rig.to, message=asked.id, id="y")
    await act(rig, "press", person=rig.to, message=listed.id, id="r1")
    await rig.settled()

    [pressed], [chosen] = rig.receiver.of(CallbackButton), rig.receiver.of(CallbackSelection)
    assert pressed.reply_to_message is not None
    assert (pressed.title, pressed.data, pressed.reply_to_message.id) == ("Ya", "y", asked.id)
    assert (chosen.title, chosen.data, chosen.reply_to_message.id) == ("Satu", "r1", listed.id)


async def test_a_person_with_a_username_has_no_number(rig: Rig) -> None:
    """Only the BSUID is told, and one can answer to it."""
    person = await act(rig, "people", username="siti.s", name="Siti")
    await act(rig, "say", person=person["bsuid"], text="Halo")
    await rig.settled()
    [message] = rig.receiver.of(Message)

    await rig.call(rig.pywa.send_message, message.from_user.bsuid, "Halo juga")
    await rig.settled()

    assert (message.from_user.wa_id, message.from_user.username) == (None, "siti.s")
    assert {status.from_user.bsuid for status in rig.receiver.of(MessageStatus)} == {person["bsuid"]}
    assert b"wa_id" not in rig.receiver.bodies[-1]


async def test_what_is_marked_as_read_is_seen_so(rig: Rig) -> None:
    """And typing is shown for a while."""
    said = await act(rig, "say", person=rig.to, text="Halo")

    await rig.call(rig.pywa.indicate_typing, said["id"])

    person = rig.seeded.person.bsuid
    assert rig.graph.world.lines[said["id"]].seen
    assert rig.graph.world.typing[rig.seeded.number.id, person] == rig.clock.at + 25_000


async def test_a_phone_that_is_off_gets_it_later(rig: Rig) -> None:
    """`sent` at once, the rest when it is on."""
    await act(rig, "online", person=rig.to, online=False)
    await rig.call(rig.pywa.send_message, rig.to, "Halo")
    await rig.settled()
    assert [status.status for status in rig.receiver.of(MessageStatus)] == [MessageStatusType.SENT]

    await act(rig, "online", person=rig.to, online=True)
    await rig.settled()

    assert rig.receiver.of(MessageStatus)[-1].status == MessageStatusType.READ


async def test_what_was_not_taken_comes_again(rig: Rig) -> None:
    """Until it is."""
    rig.receiver.refuse_next = 1

    await act(rig, "say", person=rig.to, text="Halo")
    await rig.settled()

    assert [post.status for post in rig.graph.courier.posts] == [503, 200]
    assert len(rig.receiver.of(Message)) == 1


async def test_webhooks_come_twice_in_any_order_and_together() -> None:
    """As Meta's do: every one is there, some twice, in few bodies; the same seed gives the same order."""
    orders = []
    for _ in range(2):
        settings = msgspec.structs.replace(AT_ONCE, duplicates=0.5, shuffle=True, batch=5, pair_every_ms=0)
        async with open_rig(settings) as rig:
            rig.graph.courier.pause()
            for number in range(20):
                await act(rig, "say", person=rig.to, text=str(number))
            rig.graph.courier.go_on()
            await rig.settled()
            orders.append([message.text or "" for message in rig.receiver.of(Message)])
            assert len(rig.receiver.bodies) < 20

    assert set(orders[0]) == {str(number) for number in range(20)}
    assert len(orders[0]) > 20
    assert orders[0] != sorted(orders[0], key=int)
    assert orders[0] == orders[1]


async def test_a_changed_byte_breaks_the_signature(rig: Rig) -> None:
    """pywa refuses what was not signed with the app's secret."""
    body = b'{"entry": []}'
    right = sign(rig.seeded.secret, body)

    assert rig.pywa.webhook_update_validator(body, right) is None
    assert rig.pywa.webhook_update_validator(body + b" ", right) == ("Forbidden", 403)
    assert rig.pywa.webhook_update_validator(body, None) == ("Unauthorized", 401)


async def test_who_is_changed_stays_as_they_were_but_for_that(rig: Rig) -> None:
    """Whichever way their number is written; who is not there yet is added."""
    added = await act(rig, "people", phone="+62 813-0000-0001", name="Ani", on_whatsapp=False)
    changed = await act(rig, "people", phone="6281300000001", blocks=True)
    assert changed == {**added, "blocks": True}
    assert (added["phone"], added["name"], added["on_whatsapp"]) == ("6281300000001", "Ani", False)
