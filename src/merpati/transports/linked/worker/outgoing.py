"""Our contents as WhatsApp's messages. Pure: a file is uploaded before, and comes in as what the upload answered.

Text goes as it is: no mention is read into it, no preview is fetched.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from merpati.core.ids import Address, WaId
from merpati.transports.cards import Contact, Contacts
from merpati.transports.linked.worker.library import Messages
from merpati.transports.linked.worker.names import split_address
from merpati.transports.port import Location, Media, MediaKind, Poll, Text

SECRET_BYTES: Final = 32
VOICE: Final = "audio/ogg"
"""Ogg is shown as a voice note, anything else as a sound file."""
VOICE_MIME: Final = "audio/ogg; codecs=opus"
UPLOADS: Mapping[MediaKind, int] = {
    MediaKind.IMAGE: 0,
    MediaKind.VIDEO: 1,
    MediaKind.AUDIO: 2,
    MediaKind.DOCUMENT: 3,
}
"""The library's numbers of what an upload is for."""


class Quoted(Struct, frozen=True):
    """The message that is answered, as far as it is remembered."""

    id: WaId
    sender: str
    """`user@server` of its writer."""
    words: str


def jid_of(messages: Messages, address: Address) -> Any:  # noqa: ANN401 - a message of the library
    user, server = split_address(address)
    return messages.neonize.JID(User=user, Server=server, RawAgent=0, Device=0, Integrator=0, IsEmpty=False)


class Outgoing:
    """Builds messages; `secret` draws what a poll's votes are encrypted with."""

    def __init__(self, messages: Messages, secret: Callable[[int], bytes]) -> None:
        self._e2e, self._common, self._secret = messages.e2e, messages.common, secret

    def message(self, content: object, quoted: Quoted | None = None, upload: Any = None) -> Any:  # noqa: ANN401
        """The message of a content; raises `KeyError` for one that linked phones have not."""
        return _BUILDERS[type(content)](self, content, self._context(quoted), upload)

    def _context(self, quoted: Quoted | None) -> Any:  # noqa: ANN401
        if quoted is None:
            return None
        words = self._e2e.Message(conversation=quoted.words)
        return self._e2e.ContextInfo(stanzaID=quoted.id, participant=quoted.sender, quotedMessage=words)

    def _text(self, content: Text, context: Any, _upload: Any) -> Any:  # noqa: ANN401
        if context is None:
            return self._e2e.Message(conversation=content.body)
        extended = self._e2e.ExtendedTextMessage(text=content.body, contextInfo=context)
        return self._e2e.Message(extendedTextMessage=extended)

    def _location(self, content: Location, context: Any, _upload: Any) -> Any:  # noqa: ANN401
        location = self._e2e.LocationMessage(
            degreesLatitude=content.latitude, degreesLongitude=content.longitude, contextInfo=context
        )
        if content.caption:
            location.name = content.caption
        return self._e2e.Message(locationMessage=location)

    def _poll(self, content: Poll, context: Any, _upload: Any) -> Any:  # noqa: ANN401
        option = self._e2e.PollCreationMessage.Option
        poll = self._e2e.PollCreationMessage(
            name=content.question,
            options=[option(optionName=each) for each in content.choices],
            selectableOptionsCount=0 if content.several else 1,
            contextInfo=context,
        )
        secret = self._e2e.MessageContextInfo(messageSecret=self._secret(SECRET_BYTES))
        if content.several:
            return self._e2e.Message(pollCreationMessage=poll, messageContextInfo=secret)
        return self._e2e.Message(pollCreationMessageV3=poll, messageContextInfo=secret)

    def _media(self, content: Media, context: Any, upload: Any) -> Any:  # noqa: ANN401
        stored = {
            "URL": upload.url,
            "directPath": upload.DirectPath,
            "mediaKey": upload.MediaKey,
            "fileEncSHA256": upload.FileEncSHA256,
            "fileSHA256": upload.FileSHA256,
            "fileLength": upload.FileLength,
            "mediaKeyTimestamp": int(time.time()),
            "mimetype": content.mime,
            "contextInfo": context,
        }
        return _MEDIA[content.kind](self, content, stored)

    def _image(self, content: Media, stored: dict[str, Any]) -> Any:  # noqa: ANN401
        return self._e2e.Message(imageMessage=self._e2e.ImageMessage(**stored, **_caption(content)))

    def _video(self, content: Media, stored: dict[str, Any]) -> Any:  # noqa: ANN401
        return self._e2e.Message(videoMessage=self._e2e.VideoMessage(**stored, **_caption(content)))

    def _audio(self, content: Media, stored: dict[str, Any]) -> Any:  # noqa: ANN401
        is_voice = content.mime.startswith(VOICE)
        stored["mimetype"] = VOICE_MIME if is_voice else content.mime
        return self._e2e.Message(audioMessage=self._e2e.AudioMessage(**stored, PTT=is_voice))

    def _document(self, content: Media, stored: dict[str, Any]) -> Any:  # noqa: ANN401
        document = self._e2e.DocumentMessage(
            **stored, **_caption(content), fileName=content.filename, title=content.filename
        )
        if not content.caption:
            return self._e2e.Message(documentMessage=document)
        inner = self._e2e.Message(documentMessage=document)
        return self._e2e.Message(documentWithCaptionMessage=self._e2e.FutureProofMessage(message=inner))

    def _contacts(self, content: Contacts, context: Any, _upload: Any) -> Any:  # noqa: ANN401
        cards = [self._e2e.ContactMessage(displayName=each.name, vcard=vcard(each)) for each in content.contacts]
        if len(cards) == 1:
            cards[0].contextInfo.CopyFrom(context or self._e2e.ContextInfo())
            return self._e2e.Message(contactMessage=cards[0])
        several = self._e2e.ContactsArrayMessage(
            displayName=content.contacts[0].name, contacts=cards, contextInfo=context
        )
        return self._e2e.Message(contactsArrayMessage=several)

    # -- changes of what is there --

    def edit(self, chat: str, target: WaId, text: str) -> Any:  # noqa: ANN401
        changed = self._e2e.ProtocolMessage(
            key=self._key(chat, target, ""),
            type=self._e2e.ProtocolMessage.Type.MESSAGE_EDIT,
            editedMessage=self._e2e.Message(conversation=text),
            timestampMS=time.time_ns() // 1_000_000,
        )
        inner = self._e2e.Message(protocolMessage=changed)
        return self._e2e.Message(editedMessage=self._e2e.FutureProofMessage(message=inner))

    def revoke(self, chat: str, target: WaId) -> Any:  # noqa: ANN401
        gone = self._e2e.ProtocolMessage(
            key=self._key(chat, target, ""), type=self._e2e.ProtocolMessage.Type.REVOKE
        )
        return self._e2e.Message(protocolMessage=gone)

    def react(self, chat: str, target: WaId, sender: str, emoji: str) -> Any:  # noqa: ANN401
        """`sender`: who wrote the target, `user@server`; empty: we."""
        reaction = self._e2e.ReactionMessage(
            key=self._key(chat, target, sender), text=emoji, senderTimestampMS=time.time_ns() // 1_000_000
        )
        return self._e2e.Message(reactionMessage=reaction)

    def _key(self, chat: str, target: WaId, sender: str) -> Any:  # noqa: ANN401
        key = {"remoteJID": chat, "fromMe": not sender, "ID": target}
        if sender and chat.endswith("@g.us"):
            key["participant"] = sender
        return self._common.MessageKey(**key)


def vcard(contact: Contact) -> str:
    """A card as phones read it (vCard 3.0); a number that is one of WhatsApp's can be written to from it."""
    name = "".join(each if each not in ",;\\" else f"\\{each}" for each in contact.name.replace("\n", " "))
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"N:;{name};;;", f"FN:{name}"]
    for each in contact.phones:
        digits = "".join(filter(str.isdigit, each))
        lines.append(f"TEL;type=CELL;waid={digits}:{each}")
    return "\n".join([*lines, "END:VCARD"])


def _caption(content: Media) -> dict[str, str]:
    return {"caption": content.caption} if content.caption else {}


_BUILDERS: Mapping[type, Callable[..., Any]] = {
    Text: Outgoing._text,
    Location: Outgoing._location,
    Poll: Outgoing._poll,
    Media: Outgoing._media,
    Contacts: Outgoing._contacts,
}
_MEDIA: Mapping[MediaKind, Callable[..., Any]] = {
    MediaKind.IMAGE: Outgoing._image,
    MediaKind.VIDEO: Outgoing._video,
    MediaKind.AUDIO: Outgoing._audio,
    MediaKind.DOCUMENT: Outgoing._document,
}
