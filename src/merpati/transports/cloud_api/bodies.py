"""The JSON that is posted to `/{phone_number_id}/messages`, from the port's structs. Pure.

Source: Meta's Cloud API, "Messages" and "Media": shapes, lengths and sizes. It has no polls, and no groups but for
official business accounts: both are refused here by name, before anything is posted.
"""

from collections.abc import Callable, Mapping
from typing import Any

from merpati.core.address import is_group
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, WaId
from merpati.transports.cards import Contact, Contacts, Edit, Reaction, Revoke
from merpati.transports.cloud_api.interactive import Pressable, check_sendable, shape_of, template_of
from merpati.transports.interactive import Buttons, LinkButton, ListMenu, Template, file_of
from merpati.transports.limits import META_FILES, META_TEXT, check_file
from merpati.transports.port import (
    Content,
    Location,
    Media,
    MediaKind,
    Outbound,
    Poll,
    SendError,
    SendFault,
    Text,
)

Body = dict[str, Any]

MOST_REFERENCE = 512
"""Characters."""


def check_outbound(message: Outbound) -> None:
    """Raise `SendError` for what Meta would refuse for good. To be called before a file is uploaded."""
    if is_group(message.chat):
        raise SendError(SendFault.UNSUPPORTED, Code.UNSUPPORTED)
    if len(_reference(message)) > MOST_REFERENCE:
        raise SendError(SendFault.CONTENT, Code.CONTENT_REFUSED)
    _CHECKS[type(message.content)](message.content)


def body_of(message: Outbound, media_id: str = "") -> Body:
    """The body for this message, whose file, if it has one, is at Meta under `media_id`; raises `SendError`.

    Our reference comes back in each status of the message. Meta takes it as a word, not as the message's id: the
    same body posted twice is two messages.
    """
    check_outbound(message)
    kind, named = _SHAPES[type(message.content)](message.content, media_id)
    context = {} if message.reply_to is None else {"context": {"message_id": message.reply_to}}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(message.chat),
        "type": kind,
        kind: named,
        **context,
        "biz_opaque_callback_data": _reference(message),
    }


def _reference(message: Outbound) -> str:
    """What names this hand-over of the message; `webhooks` reads it."""
    return f"{message.ref}.{message.handed_at}" if message.handed_at else message.ref


def read_body(message: WaId, *, typing: bool = False) -> Body:
    """The body that marks an incoming message, and those before it, as read.

    With `typing` it also shows that an answer is being written, for 25 seconds or until it comes: Meta knows no
    typing but as an answer, and none without the mark.
    """
    shown = {"typing_indicator": {"type": "text"}} if typing else {}
    return {"messaging_product": "whatsapp", "status": "read", "message_id": message, **shown}


def _recipient(chat: Address) -> Body:
    """Digits are a phone number; everything else is Meta's own id of a user, who may have no number."""
    return {"to": chat} if chat.isascii() and chat.isdigit() else {"recipient": chat}


# -- what is refused --


def _check_text(text: Text) -> None:
    if len(text.body) > META_TEXT:
        raise SendError(SendFault.CONTENT, Code.TEXT_TOO_LONG)
    if not text.body.strip():
        raise SendError(SendFault.CONTENT, Code.CONTENT_MISSING)


def _check_media(media: Media) -> None:
    try:
        check_file(META_FILES, media.kind, media.mime, media.size_bytes, media.caption)
    except Refusal as refusal:
        raise SendError(SendFault.CONTENT, _MEDIA_CODES.get(refusal.code, Code.FILE_REFUSED)) from refusal


_MEDIA_CODES = {Code.TEXT_TOO_LONG: Code.TEXT_TOO_LONG, Code.CAPTION_UNSUPPORTED: Code.CAPTION_UNSUPPORTED}
"""Whose sentences need no more than what is known of a message that has left the door."""


def _check_template(template: Template) -> None:
    check_sendable(template)
    if (file := file_of(template)) is not None:
        _check_media(file)


def _check_location(location: Location) -> None:
    if not (-90 <= location.latitude <= 90 and -180 <= location.longitude <= 180):
        raise SendError(SendFault.CONTENT, Code.LOCATION_INVALID)


def _check_poll(_: Poll) -> None:
    raise SendError(SendFault.UNSUPPORTED, Code.POLL_UNSUPPORTED)


def _check_change(_: Edit | Revoke) -> None:
    """Meta has no call for it."""
    raise SendError(SendFault.UNSUPPORTED, Code.CHANGE_UNSUPPORTED)


_CHECKS: Mapping[type[Content], Callable[[Any], None]] = {
    Text: _check_text,
    Media: _check_media,
    Location: _check_location,
    Poll: _check_poll,
    Template: _check_template,
    **dict.fromkeys((Buttons, ListMenu, LinkButton, Contacts, Reaction), check_sendable),
    **dict.fromkeys((Edit, Revoke), _check_change),
}


# -- shapes --


def _text(text: Text, _: str) -> tuple[str, Body]:
    return "text", {"body": text.body, "preview_url": text.preview}


def _media(media: Media, media_id: str) -> tuple[str, Body]:
    caption = {"caption": media.caption} if media.caption else {}
    is_named = media.kind is MediaKind.DOCUMENT and media.filename
    filename = {"filename": media.filename} if is_named else {}
    return media.kind.value, {"id": media_id, **caption, **filename}


def _location(location: Location, _: str) -> tuple[str, Body]:
    name = {"name": location.caption} if location.caption else {}
    return "location", {"latitude": location.latitude, "longitude": location.longitude, **name}


def _contacts(content: Contacts, _: str) -> tuple[str, Any]:
    return "contacts", [_contact(each) for each in content.contacts]


def _contact(contact: Contact) -> Body:
    """A name needs a part of it beside the whole; digits make a number that can be written to at once."""
    phones = [{"phone": phone, **_reachable(phone)} for phone in contact.phones]
    return {"name": {"formatted_name": contact.name, "first_name": contact.name}, "phones": phones}


def _reachable(phone: str) -> Body:
    digits = "".join(each for each in phone if each.isascii() and each.isdigit())
    return {"wa_id": digits} if phone.startswith("+") and digits else {}


def _reaction(reaction: Reaction, _: str) -> tuple[str, Body]:
    return "reaction", {"message_id": reaction.about, "emoji": reaction.emoji}


def _interactive(content: Pressable, _: str) -> tuple[str, Body]:
    return shape_of(content)


_SHAPES: Mapping[type[Content], Callable[[Any, str], tuple[str, Any]]] = {
    Text: _text,
    Media: _media,
    Location: _location,
    Contacts: _contacts,
    Reaction: _reaction,
    Template: template_of,
    **dict.fromkeys((Buttons, ListMenu, LinkButton), _interactive),
}
