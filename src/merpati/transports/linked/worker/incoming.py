"""WhatsApp's messages and receipts as the port's events. Pure, but for what `Knows` may look up.

A message that says nothing to people (keys, history, settings) gives no event. One of a kind we do not show is told
as `NotShown` with WhatsApp's name of the kind: it is never dropped silently. So are edits and deletions, which name
the message they are about in `quoted`, and what cannot be decrypted.
"""

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec import Struct, structs

from merpati.core.clock import Millis
from merpati.core.ids import Address, DeviceId, WaId
from merpati.transports.cards import UNDECRYPTABLE, Contact, Contacts, NotShown, Reaction
from merpati.transports.interactive import Chosen
from merpati.transports.linked.worker.names import HEARD, PHONES, address_of, bare, identity_of
from merpati.transports.port import (
    AnyEvent,
    FromPhone,
    Identity,
    Inbound,
    Location,
    Media,
    MediaKind,
    Poll,
    PollVote,
    Receipt,
    ReceiptKind,
    Received,
    Text,
)

WRAPPERS: Final = (
    "deviceSentMessage",
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "viewOnceMessageV2Extension",
    "documentWithCaptionMessage",
    "editedMessage",
    "lottieStickerMessage",
)
SILENT: Final = frozenset(
    {
        "senderKeyDistributionMessage",
        "fastRatchetKeySenderKeyDistributionMessage",
        "messageContextInfo",
        "protocolMessage",
        "encReactionMessage",
        "pollResultSnapshotMessage",
        "keepInChatMessage",
        "pinInChatMessage",
        "messageHistoryBundle",
        "messageHistoryNotice",
        "stickerSyncRmrMessage",
        "placeholderMessage",
        "albumMessage",
        "secretEncryptedMessage",
        "call",
        "callLogMesssage",
    }
)
"""Say nothing by themselves. An album's pictures come as messages of their own."""
EDIT, REVOKE, VOTE, UNKNOWN = "edit", "revoke", "vote", "unknown"
"""Our words for kinds that are not shown, where WhatsApp's name says little."""
RECEIPTS: Mapping[int, ReceiptKind] = {1: ReceiptKind.DELIVERED, 4: ReceiptKind.READ, 6: ReceiptKind.READ}
"""The library's numbers; 6: a voice note was played. The others are between devices."""


class Knows(Protocol):
    """What a message does not say by itself."""

    def phone_of(self, lid: str) -> str:
        """The phone number of a LID, both bare; empty: not known."""
        ...

    def choices_of(self, poll: WaId) -> Sequence[str]:
        """Of a poll that this device sent; none when it is not known."""
        ...

    def decrypt_vote(self, event: bytes) -> Sequence[bytes] | None:
        """The hashes of what was chosen; None when it cannot be read."""
        ...


class Read(Struct, frozen=True):
    """What a message says."""

    event: AnyEvent | None
    file: bytes = b""
    """The message whose file is to be fetched into the event's `Media`."""


class Incoming:
    """Reads one device's messages."""

    def __init__(self, device: DeviceId, message_type: Any, knows: Knows) -> None:  # noqa: ANN401
        self._device, self._type, self._knows = device, message_type, knows

    def message(self, data: bytes) -> Read:
        """What the library's event of a message says."""
        event = self._type.FromString(data)
        source = event.Info.MessageSource
        if source.Chat.Server not in HEARD:
            return Read(None)
        message = unwrapped(event.Message)
        name = _kind(message)
        if name is None:
            return Read(None)
        stem = _Stem(self._device, event.Info, self._chat(source), self._sender(event.Info), data)
        if name in _ABOUT:
            return Read(_ABOUT[name](self, message, stem))
        content, file = _content(name, message)
        if event.IsEdit:
            return Read(stem.told(NotShown(kind=EDIT, text=words_of(content)), WaId(event.Info.ID)))
        return Read(stem.told(content or NotShown(kind=name), _quoted(getattr(message, name), name)), file)

    def unknown(self, data: bytes) -> AnyEvent | None:
        """That a message came, of one that gives no sense."""
        event = self._type.FromString(data)
        source = event.Info.MessageSource
        if source.Chat.Server not in HEARD:
            return None
        stem = _Stem(self._device, event.Info, self._chat(source), self._sender(event.Info), data)
        return stem.told(NotShown(kind=UNKNOWN), None)

    def unreadable(self, event: Any) -> AnyEvent | None:  # noqa: ANN401 - a message of the library
        """The library's event of a message that it could not decrypt; as itself it may come later, under its id."""
        source = event.Info.MessageSource
        if source.Chat.Server not in HEARD or source.IsFromMe:
            return None
        stem = _Stem(self._device, event.Info, self._chat(source), self._sender(event.Info), b"")
        return stem.told(NotShown(kind=UNDECRYPTABLE), None)

    def receipt(self, event: Any) -> Receipt | None:  # noqa: ANN401 - a message of the library
        kind, source = RECEIPTS.get(event.Type), event.MessageSource
        if kind is None or source.IsFromMe or source.Chat.Server not in HEARD:
            return None
        who = identity_of(source.Sender, source.SenderAlt, "", self._knows.phone_of)
        ids = tuple(WaId(each) for each in event.MessageIDs)
        return Receipt(device=self._device, at=_millis(event.Timestamp), ids=ids, kind=kind, who=who.id)

    def typing(self, event: Any) -> tuple[Address, bool] | None:  # noqa: ANN401 - a message of the library
        source = event.MessageSource
        if source.IsFromMe or source.Chat.Server not in HEARD:
            return None
        return self._chat(source), event.State == 1

    def _sender(self, info: Any) -> Identity:  # noqa: ANN401
        source = info.MessageSource
        return identity_of(source.Sender, source.SenderAlt, info.Pushname, self._knows.phone_of)

    def _chat(self, source: Any) -> Address:  # noqa: ANN401
        if source.IsGroup:
            return address_of(source.Chat)
        alt = source.RecipientAlt if source.IsFromMe else source.SenderAlt
        return identity_of(source.Chat, alt, "", self._knows.phone_of).id

    # -- messages about messages --

    def _protocol(self, message: Any, stem: "_Stem") -> AnyEvent | None:  # noqa: ANN401
        said = message.protocolMessage
        about = WaId(said.key.ID)
        if said.type == said.REVOKE and about:
            return stem.told(NotShown(kind=REVOKE), about)
        if said.type == said.MESSAGE_EDIT and about:
            inner = unwrapped(said.editedMessage)
            content, _ = _content(_kind(inner) or "", inner)
            return stem.told(NotShown(kind=EDIT, text=words_of(content)), about)
        return None

    def _reaction(self, message: Any, stem: "_Stem") -> AnyEvent:  # noqa: ANN401
        said = message.reactionMessage
        about = WaId(said.key.ID)
        return stem.told(Reaction(emoji=said.text, about=about) if about else NotShown(kind="reaction"), None)

    def _vote(self, message: Any, stem: "_Stem") -> AnyEvent | None:  # noqa: ANN401
        poll = WaId(message.pollUpdateMessage.pollCreationMessageKey.ID)
        choices = self._knows.choices_of(poll)
        if not choices:
            return None  # not a poll of ours
        chosen = self._knows.decrypt_vote(stem.data)
        if chosen is None:
            return stem.told(NotShown(kind=VOTE), poll)
        names = {hashlib.sha256(each.encode()).digest(): each for each in choices}
        return stem.voted(poll, tuple(names[each] for each in chosen if each in names))


class _Stem:
    """What all events of one message have."""

    def __init__(self, device: DeviceId, info: Any, chat: Address, sender: Identity, data: bytes) -> None:  # noqa: ANN401
        self._device, self._chat, self._sender, self.data = device, chat, sender, data
        self._id, self._at, self._is_mine = WaId(info.ID), _millis(info.Timestamp), info.MessageSource.IsFromMe

    def told(self, content: Received, quoted: WaId | None) -> AnyEvent:
        id_ = self._id
        if self._is_mine:
            return FromPhone(
                device=self._device, at=self._at, wa_id=id_, chat=self._chat, content=content, quoted=quoted
            )
        return Inbound(
            device=self._device,
            at=self._at,
            wa_id=id_,
            chat=self._chat,
            sender=self._sender,
            content=content,
            quoted=quoted,
        )

    def voted(self, poll: WaId, choices: tuple[str, ...]) -> PollVote:
        return PollVote(
            device=self._device,
            at=self._at,
            wa_id=self._id,
            poll=poll,
            chat=self._chat,
            voter=self._sender,
            choices=choices,
        )


def unwrapped(message: Any) -> Any:  # noqa: ANN401 - a message of the library
    """The message inside those that only say how it is shown."""
    for name in WRAPPERS:
        if message.HasField(name):
            return unwrapped(getattr(message, name).message)
    return message


def _kind(message: Any) -> str | None:  # noqa: ANN401
    """The name of what it says; None: nothing."""
    names = [field.name for field, _ in message.ListFields()]
    about = next((each for each in names if each in _ABOUT), None)
    return about or next((each for each in names if each not in SILENT), None)


def _millis(seconds: int) -> Millis:
    """The library tells some times in seconds and some in milliseconds."""
    return Millis(seconds if seconds > 100_000_000_000 else seconds * 1_000)


def _quoted(part: Any, name: str) -> WaId | None:  # noqa: ANN401
    if name == "conversation" or "contextInfo" not in part.DESCRIPTOR.fields_by_name:
        return None
    return WaId(part.contextInfo.stanzaID) if part.contextInfo.stanzaID else None


# -- contents --


def _content(name: str, message: Any) -> tuple[Received | None, bytes]:  # noqa: ANN401
    if name in _FILES:
        part = getattr(message, name)
        media = Media(
            kind=_FILES[name],
            path="",
            mime=part.mimetype or "application/octet-stream",
            size_bytes=part.fileLength,
            filename=getattr(part, "fileName", ""),
            caption=getattr(part, "caption", ""),
        )
        return media, message.SerializeToString()
    if name in _CONTENTS:
        return _CONTENTS[name](getattr(message, name)), b""
    return None, b""


def _text(body: str) -> Text:
    return Text(body=body)


def _extended(part: Any) -> Text:  # noqa: ANN401
    return Text(body=part.text)


def _location(part: Any) -> Location | None:  # noqa: ANN401
    """None: a place that is nowhere; who writes may say anything."""
    if not (math.isfinite(part.degreesLatitude) and math.isfinite(part.degreesLongitude)):
        return None
    named = [each for each in (getattr(part, "name", ""), getattr(part, "address", "")) if each]
    caption = "\n".join(named) or getattr(part, "caption", "")
    return Location(latitude=part.degreesLatitude, longitude=part.degreesLongitude, caption=caption)


def _poll(part: Any) -> Poll:  # noqa: ANN401
    choices = tuple(each.optionName for each in part.options)
    return Poll(question=part.name, choices=choices, several=part.selectableOptionsCount != 1)


def _contact(part: Any) -> Contacts:  # noqa: ANN401
    return Contacts(contacts=(_card(part),))


def _contacts(part: Any) -> Contacts:  # noqa: ANN401
    return Contacts(contacts=tuple(_card(each) for each in part.contacts))


def _card(part: Any) -> Contact:  # noqa: ANN401
    """Of a vCard only name and numbers."""
    phones = tuple(found[1].strip() for line in part.vcard.splitlines() if (found := _TEL.fullmatch(line.strip())))
    return Contact(name=part.displayName, phones=phones)


_TEL = re.compile(r"(?:[\w-]+\.)?TEL[^:]*:(.+)", re.IGNORECASE)


def _button(part: Any) -> Chosen:  # noqa: ANN401
    return Chosen(id=part.selectedButtonID, title=part.selectedDisplayText)


def _row(part: Any) -> Chosen:  # noqa: ANN401
    return Chosen(id=part.singleSelectReply.selectedRowID, title=part.title, description=part.description)


def _template_button(part: Any) -> Chosen:  # noqa: ANN401
    return Chosen(id=part.selectedID, title=part.selectedDisplayText)


_CONTENTS: Mapping[str, Callable[[Any], Received | None]] = {
    "conversation": _text,
    "extendedTextMessage": _extended,
    "locationMessage": _location,
    "liveLocationMessage": _location,
    "pollCreationMessage": _poll,
    "pollCreationMessageV2": _poll,
    "pollCreationMessageV3": _poll,
    "pollCreationMessageV5": _poll,
    "contactMessage": _contact,
    "contactsArrayMessage": _contacts,
    "buttonsResponseMessage": _button,
    "listResponseMessage": _row,
    "templateButtonReplyMessage": _template_button,
}
_FILES: Mapping[str, MediaKind] = {
    "imageMessage": MediaKind.IMAGE,
    "stickerMessage": MediaKind.IMAGE,
    "videoMessage": MediaKind.VIDEO,
    "ptvMessage": MediaKind.VIDEO,
    "audioMessage": MediaKind.AUDIO,
    "documentMessage": MediaKind.DOCUMENT,
}
_ABOUT: Mapping[str, Callable[..., AnyEvent | None]] = {
    "protocolMessage": Incoming._protocol,
    "reactionMessage": Incoming._reaction,
    "pollUpdateMessage": Incoming._vote,
}


def writer_of(event: Any) -> str:  # noqa: ANN401 - a message of the library
    """Who wrote a message, as an answer to it must name them."""
    return bare(event.Info.MessageSource.Sender)


def pairs_of(event: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - a message of the library
    """LIDs and phone numbers that a message says are the same person's."""
    source = event.Info.MessageSource
    found = []
    for one, other in ((source.Sender, source.SenderAlt), (source.Chat, source.RecipientAlt)):
        both = {each.Server: each.User.partition(":")[0] for each in (one, other) if each.User}
        if PHONES in both and "lid" in both:
            found.append((both["lid"], both[PHONES]))
    return found


def with_file(event: AnyEvent, path: str, size_bytes: int) -> AnyEvent:
    """The event with its file at `path`."""
    content = getattr(event, "content", None)
    assert isinstance(event, Inbound | FromPhone)
    assert isinstance(content, Media)
    return structs.replace(event, content=structs.replace(content, path=path, size_bytes=size_bytes))


def words_of(content: object) -> str:
    """What a quotation of it shows, at most."""
    for name in ("body", "caption", "question", "filename", "title"):
        if found := getattr(content, name, ""):
            return str(found)
    return ""
