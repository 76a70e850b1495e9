"""Contents as WhatsApp's protobuf messages, and back."""

import secrets
from collections.abc import Callable
from typing import Any

from pyaileys.proto import WAProto_pb2 as proto

from merpati.fakes.whatsapp.contents import (
    Contact,
    Content,
    Edit,
    Location,
    Media,
    MediaKind,
    Other,
    Poll,
    Reaction,
    Revoke,
    Text,
    Unreadable,
)
from merpati.fakes.whatsapp.media import HOST, Locked, MediaServer
from merpati.fakes.whatsapp.ratchet import Undecryptable

WRAPPERS = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "documentWithCaptionMessage",
    "editedMessage",
)
POLLS = ("pollCreationMessage", "pollCreationMessageV2", "pollCreationMessageV3")
REVOKE, MESSAGE_EDIT = 0, 14
PADDING = 16


def pad(message: proto.Message) -> bytes:
    """The message's bytes, with so many bytes of a number as it says."""
    count = secrets.randbelow(PADDING) + 1
    return bytes(message.SerializeToString()) + bytes([count]) * count


def unpad(padded: bytes) -> proto.Message:
    return proto.Message.FromString(padded[: -padded[-1]])


def unwrapped(message: proto.Message) -> proto.Message:
    """The message inside those that only say how it is shown."""
    for name in WRAPPERS:
        if message.HasField(name):
            return unwrapped(getattr(message, name).message)
    return message


# -- to be sent --


def message_of(content: Content, media: MediaServer) -> proto.Message:
    """A message that says it; votes, reactions and what changes others are made by whoever knows those."""
    return _WRITERS[type(content)](content, media)


def _write_text(content: Text, _: MediaServer) -> proto.Message:
    if not content.mentions:
        return proto.Message(conversation=content.body)
    message = proto.Message()
    message.extendedTextMessage.text = content.body
    message.extendedTextMessage.contextInfo.mentionedJid.extend(content.mentions)
    return message


def _write_media(content: Media, media: MediaServer) -> proto.Message:
    locked = media.lock(content.kind, content.data)
    message = proto.Message()
    field = getattr(message, MEDIA_FIELDS[content.kind])
    field.url, field.directPath = f"https://{HOST}{locked.path}", locked.path
    field.mimetype, field.mediaKey = content.mime, locked.key
    field.fileSha256, field.fileEncSha256, field.fileLength = locked.plain_hash, locked.hash, locked.size_bytes
    if content.kind is MediaKind.DOCUMENT:
        field.fileName = content.filename
    if content.kind in (MediaKind.AUDIO, MediaKind.VOICE):
        field.ptt = content.kind is MediaKind.VOICE
    if content.caption:
        field.caption = content.caption
    return message


def _write_location(content: Location, _: MediaServer) -> proto.Message:
    message = proto.Message()
    message.locationMessage.degreesLatitude = content.latitude
    message.locationMessage.degreesLongitude = content.longitude
    message.locationMessage.name, message.locationMessage.address = content.name, content.address
    return message


def _write_contact(content: Contact, _: MediaServer) -> proto.Message:
    message = proto.Message()
    message.contactMessage.displayName, message.contactMessage.vcard = content.name, content.vcard
    return message


def _write_poll(content: Poll, _: MediaServer) -> proto.Message:
    message = proto.Message()
    message.messageContextInfo.messageSecret = secrets.token_bytes(32)
    poll = message.pollCreationMessageV3
    poll.name, poll.selectableOptionsCount = content.question, 0 if content.several else 1
    for each in content.choices:
        poll.options.add().optionName = each
    return message


MEDIA_FIELDS = {
    MediaKind.IMAGE: "imageMessage",
    MediaKind.VIDEO: "videoMessage",
    MediaKind.AUDIO: "audioMessage",
    MediaKind.VOICE: "audioMessage",
    MediaKind.DOCUMENT: "documentMessage",
    MediaKind.STICKER: "stickerMessage",
}
_WRITERS: dict[type[Any], Callable[[Any, MediaServer], proto.Message]] = {
    Text: _write_text,
    Media: _write_media,
    Location: _write_location,
    Contact: _write_contact,
    Poll: _write_poll,
}

# -- received --


def content_of(message: proto.Message, media: MediaServer) -> Content:
    """What a message says; a vote is `Other`, since only who has the poll can read it."""
    inner = unwrapped(message)
    for name, read in _READERS.items():
        if inner.HasField(name):
            return read(getattr(inner, name), media)
    return Other(fields=tuple(field.name for field, _ in inner.ListFields()))


def reply_of(message: proto.Message) -> str:
    """The id of the message that it answers, or nothing."""
    for _, value in unwrapped(message).ListFields():
        if "contextInfo" in getattr(getattr(value, "DESCRIPTOR", None), "fields_by_name", ()):
            return str(value.contextInfo.stanzaId)
    return ""


def _read_media(kind: MediaKind) -> Callable[[Any, MediaServer], Content]:
    def read(field: Any, media: MediaServer) -> Content:  # noqa: ANN401 - one of protobuf's types
        real = MediaKind.VOICE if kind is MediaKind.AUDIO and field.ptt else kind
        told = (field.directPath, field.mediaKey, field.fileSha256, field.fileEncSha256, field.fileLength)
        try:
            data = media.open(real, Locked(*told))
        except Undecryptable as failed:
            return Unreadable(reason=str(failed))
        return Media(
            kind=real,
            data=data,
            mime=field.mimetype,
            filename=getattr(field, "fileName", ""),
            caption=getattr(field, "caption", ""),
        )

    return read


def _read_poll(field: Any, _: MediaServer) -> Content:  # noqa: ANN401 - one of protobuf's types
    choices = tuple(each.optionName for each in field.options)
    return Poll(question=field.name, choices=choices, several=field.selectableOptionsCount != 1)


def _read_protocol(field: Any, media: MediaServer) -> Content:  # noqa: ANN401 - as above
    if field.type == REVOKE:
        return Revoke(of=field.key.id)
    if field.type != MESSAGE_EDIT:
        return Other(fields=("protocolMessage", str(field.type)))
    edited = content_of(field.editedMessage, media)
    return Edit(of=field.key.id, body=text_of(edited))


def text_of(content: Content) -> str:
    """Its words: of a text, an edit, or a caption."""
    return str(getattr(content, "body", "") or getattr(content, "caption", ""))


_READERS: dict[str, Callable[[Any, MediaServer], Content]] = {
    "conversation": lambda field, _: Text(body=field),
    "extendedTextMessage": lambda field, _: Text(body=field.text, mentions=tuple(field.contextInfo.mentionedJid)),
    "locationMessage": lambda field, _: Location(
        latitude=field.degreesLatitude, longitude=field.degreesLongitude, name=field.name, address=field.address
    ),
    "contactMessage": lambda field, _: Contact(name=field.displayName, vcard=field.vcard),
    "reactionMessage": lambda field, _: Reaction(to=field.key.id, emoji=field.text),
    "protocolMessage": _read_protocol,
    **dict.fromkeys(POLLS, _read_poll),
    **{name: _read_media(kind) for kind, name in MEDIA_FIELDS.items() if kind is not MediaKind.VOICE},
}
