"""pywa, which knows Meta's API and not us, sends everything to the fake and hears what became of it."""

from collections.abc import Mapping
from typing import Any

import pytest
from pywa.types.callback import Button, Section, SectionList, SectionRow, URLButton
from pywa.types.message_status import MessageStatus, MessageStatusType
from pywa.types.others import Contact

from tests.fakes.graph.rig import Rig

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
LINK = "https://example.com/a"
ROWS = [SectionRow(title=f"Baris {n}", callback_data=f"r{n}", description="Isi") for n in range(10)]
BUTTONS = [Button("Ya", "y"), Button("Tidak", "t")]
BUDI = Contact(
    name=Contact.Name(formatted_name="Budi", first_name="Budi"), phones=[Contact.Phone(phone="+6281234567890")]
)
SENDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "text": ("send_message", {"text": "Halo *dunia*"}),
    "buttons": ("send_message", {"text": "Pilih", "header": "Toko", "footer": "Salam", "buttons": BUTTONS}),
    "list": ("send_message", {"text": "Pilih", "buttons": SectionList("Menu", [Section("Isi", ROWS)])}),
    "link": ("send_message", {"text": "Buka", "buttons": URLButton("Situs", LINK)}),
    "image by bytes": ("send_image", {"image": PNG, "mime_type": "image/png", "caption": "Foto"}),
    "image by link": ("send_image", {"image": f"{LINK}.png"}),
    "video by link": ("send_video", {"video": f"{LINK}.mp4", "caption": "Film"}),
    "document": ("send_document", {"document": f"{LINK}.pdf", "filename": "surat.pdf", "caption": "Surat"}),
    "audio": ("send_audio", {"audio": f"{LINK}.mp3"}),
    "voice": ("send_voice", {"voice": f"{LINK}.ogg"}),
    "sticker": ("send_sticker", {"sticker": f"{LINK}.webp"}),
    "location": ("send_location", {"latitude": -6.17, "longitude": 106.82, "name": "Monas", "address": "Jakarta"}),
    "request location": ("request_location", {"text": "Di mana?"}),
    "contact": ("send_contact", {"contact": BUDI}),
}


@pytest.mark.parametrize("kind", SENDS)
async def test_every_kind_is_accepted_delivered_and_read(rig: Rig, kind: str) -> None:
    """The answer names the message; its statuses come by webhook with the tracker, and pywa reads them."""
    method, arguments = SENDS[kind]

    sent = await rig.call(getattr(rig.pywa, method), rig.to, **arguments, tracker="ref-1")
    await rig.settled()

    statuses = rig.receiver.of(MessageStatus)
    assert [status.status for status in statuses] == [
        MessageStatusType.SENT,
        MessageStatusType.DELIVERED,
        MessageStatusType.READ,
    ]
    assert {(status.id, status.tracker, status.from_user.wa_id) for status in statuses} == {
        (sent.id, "ref-1", rig.to)
    }


async def test_a_reply_and_a_reaction_name_the_message(rig: Rig) -> None:
    """A context, and a reaction of which no status is told."""
    first = await rig.call(rig.pywa.send_message, rig.to, "satu")
    await rig.call(rig.pywa.send_message, rig.to, "dua", reply_to_message_id=first.id)
    await rig.settled()
    told = len(rig.receiver.updates)

    await rig.call(rig.pywa.send_reaction, rig.to, "👍", first.id)
    await rig.settled()

    lines = rig.graph.world.chat(rig.seeded.number.id, rig.seeded.person.bsuid)
    assert [line.reply_to for line in lines] == ["", first.id, ""]
    assert lines[2].body["reaction"] == {"message_id": first.id, "emoji": "👍"}
    assert len(rig.receiver.updates) == told


async def test_media_is_uploaded_found_fetched_and_deleted(rig: Rig) -> None:
    """By its id, with the same token; the bytes are the same."""
    uploaded = await rig.call(rig.pywa.upload_media, PNG, mime_type="image/png", filename="a.png")

    about = await rig.call(rig.pywa.get_media_url, uploaded.id)
    data = await rig.call(rig.pywa.get_media_bytes, about.url)
    await rig.call(rig.pywa.send_image, rig.to, uploaded.id)
    await rig.call(rig.pywa.delete_media, uploaded.id)

    assert (data, about.mime_type, about.file_size) == (PNG, "image/png", len(PNG))
    assert rig.graph.world.media == {}


async def test_a_number_tells_its_quality_and_limits(rig: Rig) -> None:
    """What a page about a number shows."""
    number = await rig.call(rig.pywa.get_business_phone_number)

    assert (number.id, number.quality_rating, number.throughput) == (
        rig.seeded.number.id,
        "GREEN",
        {"level": "STANDARD"},
    )
    assert number.whatsapp_business_manager_messaging_limit == "TIER_250"


async def test_a_callback_is_taken_once_it_has_answered_the_challenge(rig: Rig) -> None:
    """For the app, for a business, for a number; a wrong token is refused."""
    world, origin = rig.graph.world, rig.callback

    token = await rig.call(rig.pywa.get_app_access_token, int(rig.seeded.app), rig.seeded.secret)
    await rig.call(
        rig.pywa.set_app_callback_url, int(rig.seeded.app), token, f"{origin}?app", "rahasia", fields=("messages",)
    )
    await rig.call(rig.pywa.override_waba_callback_url, origin, "rahasia")
    await rig.call(rig.pywa.override_phone_callback_url, origin, "rahasia")

    assert world.businesses[rig.seeded.business.id].callback.url == origin
    assert world.numbers[rig.seeded.number.id].callback.url == origin
    with pytest.raises(Exception, match="couldn't be validated"):
        await rig.call(rig.pywa.override_phone_callback_url, origin, "salah")
