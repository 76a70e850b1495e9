"""What is posted to Meta: its shapes, its limits, and what it cannot carry refused by name."""

import pytest

from merpati.core.errors import Code
from merpati.core.ids import Address, WaId, WireRef
from merpati.transports.cards import Edit
from merpati.transports.cloud_api.bodies import body_of, check_outbound, read_body
from merpati.transports.port import Content, Location, Media, MediaKind, Outbound, Poll, SendError, SendFault, Text

MB = 1_000_000


def outbound(content: Content, chat: str = "6281234567890", reply_to: str | None = None) -> Outbound:
    quoted = None if reply_to is None else WaId(reply_to)
    return Outbound(ref=WireRef("3EB0REF"), chat=Address(chat), content=content, reply_to=quoted)


def media(kind: MediaKind, mime: str, size: int = 10, caption: str = "") -> Media:
    return Media(kind=kind, path="/x", mime=mime, size_bytes=size, filename="a.bin", caption=caption)


def test_a_text_carries_our_reference() -> None:
    """It comes back in each status, so that a message is found whose acknowledgement was lost."""
    assert body_of(outbound(Text(body="Halo", preview=False))) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "6281234567890",
        "type": "text",
        "text": {"body": "Halo", "preview_url": False},
        "biz_opaque_callback_data": "3EB0REF",
    }


def test_an_answer_names_what_it_answers() -> None:
    """By WhatsApp's id."""
    assert body_of(outbound(Text(body="Ya"), reply_to="wamid.A"))["context"] == {"message_id": "wamid.A"}


def test_somebody_without_a_number_is_reached_by_metas_id() -> None:
    """A user with a username may show no phone number."""
    body = body_of(outbound(Text(body="Halo"), chat="US.13491208655302741918"))
    assert body["recipient"] == "US.13491208655302741918"
    assert "to" not in body


def test_a_file_goes_by_its_id_at_meta() -> None:
    """Only a document shows a name; a caption that is empty is left out."""
    document = body_of(outbound(media(MediaKind.DOCUMENT, "application/pdf", caption="Nota")), "77")
    assert document["document"] == {"id": "77", "caption": "Nota", "filename": "a.bin"}
    assert body_of(outbound(media(MediaKind.IMAGE, "image/png")), "78")["image"] == {"id": "78"}


def test_a_location_is_named_by_its_caption() -> None:
    """Meta's word for it is `name`."""
    body = body_of(outbound(Location(latitude=-6.2, longitude=106.8, caption="Monas")))
    assert body["location"] == {"latitude": -6.2, "longitude": 106.8, "name": "Monas"}


def test_typing_is_shown_by_marking_as_read() -> None:
    """Meta knows no other way."""
    assert read_body(WaId("wamid.A")) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.A",
    }
    assert read_body(WaId("wamid.A"), typing=True)["typing_indicator"] == {"type": "text"}


@pytest.mark.parametrize(
    ("content", "fault", "code"),
    [
        (Poll(question="?", choices=("a", "b")), SendFault.UNSUPPORTED, Code.POLL_UNSUPPORTED),
        (Edit(text="benar", about=WaId("wamid.1")), SendFault.UNSUPPORTED, Code.CHANGE_UNSUPPORTED),
        (Text(body="x" * 4097), SendFault.CONTENT, Code.TEXT_TOO_LONG),
        (Text(body=" \n"), SendFault.CONTENT, Code.CONTENT_MISSING),
        (media(MediaKind.IMAGE, "image/png", caption="x" * 1025), SendFault.CONTENT, Code.TEXT_TOO_LONG),
        (media(MediaKind.IMAGE, "image/webp"), SendFault.CONTENT, Code.FILE_REFUSED),
        (media(MediaKind.IMAGE, "image/png", 5 * MB + 1), SendFault.CONTENT, Code.FILE_REFUSED),
        (media(MediaKind.DOCUMENT, "x/y", 100 * MB + 1), SendFault.CONTENT, Code.FILE_REFUSED),
        (media(MediaKind.AUDIO, "audio/ogg", caption="hm"), SendFault.CONTENT, Code.CAPTION_UNSUPPORTED),
        (Location(latitude=91, longitude=0), SendFault.CONTENT, Code.LOCATION_INVALID),
        (Location(latitude=float("nan"), longitude=0), SendFault.CONTENT, Code.LOCATION_INVALID),
    ],
)
def test_what_meta_would_refuse_is_not_posted(content: Content, fault: SendFault, code: Code) -> None:
    """A refusal at our door costs no call and says why in our own words."""
    with pytest.raises(SendError) as refused:
        check_outbound(outbound(content))
    assert (refused.value.fault, refused.value.code) == (fault, code)


def test_a_group_is_refused() -> None:
    """Meta has groups for official business accounts alone, and other ids than a linked phone's."""
    with pytest.raises(SendError) as refused:
        body_of(outbound(Text(body="Halo"), chat="120363040000000000@g.us"))
    assert refused.value.fault is SendFault.UNSUPPORTED


@pytest.mark.parametrize(
    "content",
    [
        Text(body="x" * 4096),
        media(MediaKind.IMAGE, "image/jpeg", 5 * MB, "x" * 1024),
        media(MediaKind.AUDIO, "audio/ogg; codecs=opus", 16 * MB),
    ],
)
def test_what_is_just_within_a_limit_goes(content: Content) -> None:
    """The limit itself is allowed."""
    check_outbound(outbound(content))
