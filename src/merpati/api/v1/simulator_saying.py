"""What a person of the simulated network writes or shares, as the network takes it."""

from pathlib import Path
from typing import Annotated, TypeAlias

from msgspec import Meta

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.card_shapes import ContactsGiven, Word, read_contacts
from merpati.api.v1.principal import Principal
from merpati.api.v1.shapes import Given
from merpati.core.errors import Code, Refusal
from merpati.core.ids import WaId
from merpati.transports.cards import Contacts, NotShown, Reaction
from merpati.transports.limits import check_alone
from merpati.transports.port import Content, Media, MediaKind, Received, Text


class LineReaction(Given, frozen=True, kw_only=True):
    """A person's emoji on a line of their chat, by its id; empty: taken back."""

    line: Annotated[str, Meta(max_length=200)]
    emoji: Word


Line: TypeAlias = Annotated[str, Meta(max_length=200)]


class SayForm(Given, frozen=True, kw_only=True):
    """What a person writes, to a device or to a group. `file` is the id of an uploaded file; `text` its caption.
    `contacts` and `reaction` stand alone. `edits`: the id of a line of their own that `text` is to say now;
    `deletes`: of one that they delete for everyone."""

    text: Annotated[str, Meta(max_length=65_536)] = ""
    file: int | None = None
    contacts: ContactsGiven | None = None
    reaction: LineReaction | None = None
    edits: Line = ""
    deletes: Line = ""
    device: int | None = None
    group: Annotated[str, Meta(max_length=60)] | None = None


async def said_by(gateway: Gateway, principal: Principal, data: SayForm) -> Received:
    """As the network takes it; raises `Refusal` (FILE_UNKNOWN; INPUT_INVALID where nothing is said; CARDS)."""
    if data.deletes:
        return NotShown(kind="revoke")
    if data.edits:
        return NotShown(kind="edit", text=data.text)
    if data.contacts is not None:
        return _checked(read_contacts(data.contacts))
    if data.reaction is not None:
        return _checked(Reaction(emoji=data.reaction.emoji, about=WaId(data.reaction.line)))
    if data.file is None:
        if not data.text:
            raise Refusal(Code.INPUT_INVALID, field="text")
        return Text(body=data.text)
    media = (await access.file(gateway, principal, data.file)).media
    return Media(
        kind=MediaKind(media.kind),
        path=str(await _local(gateway, media.path)),
        mime=media.mime,
        size_bytes=media.size_bytes,
        filename=media.filename,
        caption=data.text,
    )


def _checked(content: Contacts | Reaction) -> Content:
    check_alone(content)
    return content


async def _local(gateway: Gateway, name: str) -> Path:
    try:
        return await gateway.files.locate(name)
    except FileNotFoundError:
        raise Refusal(Code.FILE_UNKNOWN) from None
