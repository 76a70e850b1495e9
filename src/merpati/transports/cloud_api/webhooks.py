"""What Meta posts to us: whether it is Meta's, and what it tells. Pure.

Source: Meta's Cloud API, "Webhooks". Deliveries are repeated for days and come in any order; several entries,
changes, messages and statuses share one body. What we do not know is told as not shown, never lost by a fault.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from merpati.core.clock import Millis
from merpati.core.ids import Address, DeviceId, WaId, WireRef
from merpati.transports.cards import Contact, Contacts, NotShown, Reaction
from merpati.transports.cloud_api.errors import Trouble, late_trouble_of
from merpati.transports.cloud_api.interactive import read_chosen
from merpati.transports.port import (
    Cost,
    Identity,
    Inbound,
    Location,
    Receipt,
    ReceiptKind,
    Received,
    Text,
    Undelivered,
)

MOST_CATEGORY = 60
MOST_DIGITS = 18
LATEST = 253_402_300_799
"""The last second of the year 9999."""


class NotMetas(Exception):
    """The body is no JSON object of Meta's for WhatsApp."""


class Status(StrEnum):
    """What became of a message of ours. They come in any order; one read at once is never `delivered`."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"


class Attachment(Struct, frozen=True, kw_only=True):
    """A file at Meta, to be fetched within seven days."""

    kind: str
    media_id: str
    mime: str = ""
    sha256: str = ""
    filename: str = ""
    caption: str = ""


class Told(Struct, frozen=True, kw_only=True):
    """A status of a message of ours. `line` is the id of the number at Meta."""

    line: str
    at: Millis
    wa_id: WaId
    status: Status
    who: Address
    ref: WireRef | None = None
    handed_at: int = 0
    trouble: Trouble | None = None
    """FAILED: what follows."""
    cost: Cost | None = None


class Said(Struct, frozen=True, kw_only=True):
    """A message to us."""

    line: str
    at: Millis
    wa_id: WaId
    sender: Identity
    content: Received | Attachment
    quoted: WaId | None = None


News = Told | Said


def is_signed(secret: str, body: bytes, header: str) -> bool:
    """Whether `X-Hub-Signature-256` is Meta's for these raw bytes; the time it takes tells nothing."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "replace"))


def challenge_of(query: Mapping[str, str], token: str) -> str | None:
    """What to answer when Meta verifies our address; None: it is not Meta, or not our token."""
    told = query.get("hub.verify_token", "").encode("utf-8", "replace")
    is_ours = token != "" and hmac.compare_digest(told, token.encode())
    return query.get("hub.challenge") if is_ours and query.get("hub.mode") == "subscribe" else None


def read_news(body: bytes) -> tuple[News, ...]:
    """Everything that a body tells, each once; raises `NotMetas` alone, whatever the bytes are."""
    whole = _decoded(body)
    if not isinstance(whole, dict) or whole.get("object") != "whatsapp_business_account":
        raise NotMetas
    return tuple(dict.fromkeys(_news(whole)))


def _decoded(body: bytes) -> object:
    """Strict and fast at first; what is JSON but for half an emoji, a broken byte or a boundless number is read
    too."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(body.decode("utf-8", "replace"), parse_int=_number)
    except (ValueError, RecursionError) as error:
        raise NotMetas from error


def _number(digits: str) -> float:
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def event_of(device: DeviceId, told: Told) -> Receipt | Undelivered:
    """The port's event for a status."""
    if told.trouble is not None:
        return Undelivered(
            device=device,
            at=told.at,
            wa_id=told.wa_id,
            fault=told.trouble.fault,
            code=told.trouble.code,
            retry_after_ms=told.trouble.wait_ms,
            ref=told.ref,
            handed_at=told.handed_at,
        )
    kind = _RECEIPTS[told.status]
    return Receipt(
        device=device,
        at=told.at,
        ids=(told.wa_id,),
        kind=kind,
        who=told.who,
        ref=told.ref,
        handed_at=told.handed_at,
        cost=told.cost,
    )


def with_content(device: DeviceId, said: Said, content: Received, *, awaits_file: bool = False) -> Inbound:
    """The port's event for a message that holds this."""
    return Inbound(
        device=device,
        at=said.at,
        wa_id=said.wa_id,
        chat=said.sender.id,
        sender=said.sender,
        content=content,
        awaits_file=awaits_file,
        quoted=said.quoted,
    )


_STATUSES = frozenset(each.value for each in Status)
_RECEIPTS = {
    Status.SENT: ReceiptKind.TAKEN,
    Status.DELIVERED: ReceiptKind.DELIVERED,
    Status.READ: ReceiptKind.READ,
    Status.PLAYED: ReceiptKind.READ,
}


def _news(whole: dict[str, Any]) -> Iterator[News]:
    for entry in _dicts(whole, "entry"):
        for change in _dicts(entry, "changes"):
            value = _dict(change, "value")
            line = _word(_dict(value, "metadata"), "phone_number_id")
            if line:
                yield from _told(line, value)
                yield from _said(line, value)


def _told(line: str, value: dict[str, Any]) -> Iterator[Told]:
    for each in _dicts(value, "statuses"):
        wa_id, status = _word(each, "id"), _word(each, "status")
        if not wa_id or status not in _STATUSES:
            continue
        codes = [error.get("code") for error in _dicts(each, "errors")]
        code = next((code for code in codes if type(code) is int), None)
        ref, handed_at = _reference(_word(each, "biz_opaque_callback_data"))
        yield Told(
            line=line,
            at=_instant(each),
            wa_id=WaId(wa_id),
            status=Status(status),
            who=Address(_word(each, "recipient_id") or _word(each, "recipient_user_id")),
            ref=ref,
            handed_at=handed_at,
            trouble=late_trouble_of(code) if status == Status.FAILED else None,
            cost=_cost(_dict(each, "pricing")),
        )


def _reference(word: str) -> tuple[WireRef | None, int]:
    """Our reference, and the hand-over that it names (`bodies`)."""
    ref, _, handed_at = word.rpartition(".")
    if ref and handed_at.isascii() and handed_at.isdigit() and len(handed_at) <= MOST_DIGITS:
        return WireRef(ref), int(handed_at)
    return WireRef(word) or None, 0


def _cost(pricing: dict[str, Any]) -> Cost | None:
    """What is free is so by its `type`; older bodies say `billable` alone."""
    category = _word(pricing, "category")[:MOST_CATEGORY]
    free = _word(pricing, "type").startswith("free") or pricing.get("billable") is False
    return Cost(category=category, free=free) if category else None


def _said(line: str, value: dict[str, Any]) -> Iterator[Said]:
    contacts = _dicts(value, "contacts")
    names = {
        _word(each, key): _word(_dict(each, "profile"), "name") for each in contacts for key in ("wa_id", "user_id")
    }
    for each in _dicts(value, "messages"):
        phone, user, wa_id = _word(each, "from"), _word(each, "from_user_id"), _word(each, "id")
        who = phone or user
        if wa_id and who:
            name = names.get(phone or user) or names.get(user, "")
            content, quoted = _content(each)
            yield Said(
                line=line,
                at=_instant(each),
                wa_id=WaId(wa_id),
                sender=Identity(id=Address(who), phone=Address(phone) if phone else None, name=name),
                content=content,
                quoted=quoted,
            )


def _content(message: dict[str, Any]) -> tuple[Received | Attachment, WaId | None]:
    """What it holds, and the message that it is about."""
    kind, quoted = _word(message, "type"), WaId(_word(_dict(message, "context"), "id")) or None
    if _word(message, "group_id"):
        return NotShown(kind=f"group {kind}".strip()), quoted
    if kind in CHANGES:
        return _change(kind, _dict(message, kind))
    named = _listed(message) if kind == "contacts" else _dict(message, kind)
    known = _CONTENTS[kind](kind, named) if kind in _CONTENTS else None
    return known or _not_shown(kind, named), quoted


def _not_shown(kind: str, named: dict[str, Any]) -> NotShown:
    """Of what Meta itself does not tell, it may name the kind."""
    told = _word(named, "type") if kind == "unsupported" else ""
    return NotShown(kind=told or kind or UNTOLD, text=_word(named, "body") or _word(named, "text"))


CHANGES = ("edit", "revoke")
"""What a user does to an earlier message of theirs."""
UNTOLD = "unknown"
"""Of a message that does not even say what it is."""


def _change(kind: str, named: dict[str, Any]) -> tuple[NotShown, WaId | None]:
    """An edit says what the message is now."""
    message = _dict(named, "message")
    now = _dict(message, _word(message, "type"))
    about = WaId(_word(named, "original_message_id")) or None
    return NotShown(kind=kind, text=_word(now, "body") or _word(now, "caption")), about


def _listed(message: dict[str, Any]) -> dict[str, Any]:
    """Cards come as a list, and of late as an object that holds one."""
    cards = message.get("contacts")
    return {"contacts": cards} if isinstance(cards, list) else _dict(message, "contacts")


def _contacts(_: str, named: dict[str, Any]) -> Contacts | None:
    cards = tuple(filter(None, map(_contact, _dicts(named, "contacts"))))
    return Contacts(contacts=cards) if cards else None


def _contact(card: dict[str, Any]) -> Contact | None:
    phones = tuple(filter(None, (_word(each, "phone") or _word(each, "wa_id") for each in _dicts(card, "phones"))))
    name = _word(_dict(card, "name"), "formatted_name") or _word(_dict(card, "name"), "first_name")
    return Contact(name=name or phones[0], phones=phones) if name or phones else None


def _reaction(_: str, named: dict[str, Any]) -> Reaction | None:
    about = WaId(_word(named, "message_id"))
    return Reaction(emoji=_word(named, "emoji"), about=about) if about else None


def _text(_: str, named: dict[str, Any]) -> Text | None:
    body = _word(named, "body")
    return Text(body=body) if body else None


def _location(_: str, named: dict[str, Any]) -> Location | None:
    latitude, longitude = named.get("latitude"), named.get("longitude")
    if not (isinstance(latitude, int | float) and isinstance(longitude, int | float)):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Location(latitude=float(latitude), longitude=float(longitude), caption=_word(named, "name"))


def _attachment(kind: str, named: dict[str, Any]) -> Attachment | None:
    if not _word(named, "id"):
        return None
    return Attachment(
        kind=kind,
        media_id=_word(named, "id"),
        mime=_word(named, "mime_type"),
        sha256=_word(named, "sha256"),
        filename=_word(named, "filename"),
        caption=_word(named, "caption"),
    )


_CONTENTS: Mapping[str, Callable[[str, dict[str, Any]], Received | Attachment | None]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    **dict.fromkeys(("interactive", "button"), read_chosen),
    **dict.fromkeys(("image", "video", "audio", "document", "sticker"), _attachment),
}


def _dicts(of: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = of.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _dict(of: dict[str, Any], key: str) -> dict[str, Any]:
    found = of.get(key)
    return found if isinstance(found, dict) else {}


def _word(of: dict[str, Any], key: str) -> str:
    """Without what no database stores: NULs, and halves of surrogate pairs."""
    found = of.get(key)
    if not isinstance(found, str):
        return ""
    return found.replace("\0", "").encode("utf-8", "replace").decode()


def _instant(of: dict[str, Any]) -> Millis:
    """Meta's seconds, written as digits; 0 where there are none."""
    digits = _word(of, "timestamp")
    is_told = digits.isascii() and digits.isdigit() and len(digits) <= len(str(LATEST)) and int(digits) <= LATEST
    return Millis(int(digits) * 1000 if is_told else 0)
