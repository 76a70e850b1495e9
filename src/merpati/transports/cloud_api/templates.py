"""Message templates: read from Meta, kept, and shown from there.

Source: Meta's Business Management API, "Message templates" (`/{business}/message_templates`: name, language,
category, status, rejected_reason, parameter_format, components).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId
from merpati.storage.port import Tx
from merpati.transports.cloud_api import store
from merpati.transports.cloud_api.client import GraphClient, GraphTrouble
from merpati.transports.cloud_api.setting_up import PARAMETER, refused
from merpati.transports.templates import TemplateButton, TemplateKept, TemplateReading

FIELDS = "name,language,category,status,rejected_reason,parameter_format,components"
_decode = msgspec.json.Decoder(TemplateKept).decode


async def ask_templates(client: GraphClient, business_id: str, token: str) -> list[TemplateKept]:
    """Every template of the business, by name and language. Raises `Refusal`."""
    path = f"{business_id}/message_templates"
    try:
        found = [read_template(node) async for node in client.pages(path, token, fields=FIELDS)]
    except GraphTrouble as error:
        if error.code == PARAMETER:
            raise Refusal(Code.META_BUSINESS_UNKNOWN, field="business_id") from None
        raise refused(error) from None
    return sorted((each for each in found if each.name), key=_place)


def _place(template: TemplateKept) -> tuple[str, str]:
    return template.name, template.language


def read_template(node: Mapping[str, Any]) -> TemplateKept:
    """A node of Meta's; what is not as documented is left out, never a fault."""
    parts = {_word(each, "type").upper(): each for each in _list(node.get("components")) if isinstance(each, dict)}
    header = parts.get("HEADER", {})
    buttons = tuple(
        TemplateButton(kind=_word(each, "type").lower(), text=_word(each, "text"), url=_word(each, "url"))
        for each in _list(parts.get("BUTTONS", {}).get("buttons"))
        if isinstance(each, dict)
    )
    reason = _word(node, "rejected_reason")
    return TemplateKept(
        name=_word(node, "name"),
        language=_word(node, "language"),
        category=_word(node, "category"),
        status=_word(node, "status"),
        reason="" if reason == "NONE" else reason,
        header=_word(header, "text"),
        header_kind=_word(header, "format").lower(),
        body=_word(parts.get("BODY", {}), "text"),
        footer=_word(parts.get("FOOTER", {}), "text"),
        buttons=buttons,
        named=_word(node, "parameter_format").upper() == "NAMED",
        unfillable=_unfillable(parts, buttons),
    )


_PARTS = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS"})
_HEADERS = frozenset({"", "text", "image", "video", "document", "location"})
_BUTTONS = frozenset({"quick_reply", "url", "phone_number", "copy_code", "otp", "voice_call"})
"""What can be filled in, or needs no filling in. Not here: carousels, limited-time offers, flows, catalogues,
products, GIFs, permissions to call."""


def _unfillable(parts: Mapping[str, Mapping[str, Any]], buttons: Sequence[TemplateButton]) -> str:
    header = _word(parts.get("HEADER", {}), "format").lower()
    others = (
        *(part.lower() for part in parts if part not in _PARTS),
        *(() if header in _HEADERS else (header,)),
        *(each.kind for each in buttons if each.kind not in _BUTTONS),
    )
    return next(iter(others), "")


def _word(node: Mapping[str, Any], name: str) -> str:
    found = node.get(name)
    return found.replace("\0", "") if isinstance(found, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


async def keep_templates(tx: Tx, account: AccountId, business_id: str, found: Sequence[TemplateKept]) -> None:
    """These are all of them now. May run twice."""
    rows = [(each.name, each.language, msgspec.json.encode(each).decode()) for each in found]
    await store.replace_templates(tx, account, business_id, rows, tx.now)


async def kept_template(
    tx: Tx, account: AccountId, business_id: str, name: str, language: str
) -> TemplateKept | None:
    """None: it was not there when they were read, or they never were."""
    body = await store.template_body(tx, account, business_id, name, language)
    return _decode(body) if body is not None else None


async def kept_templates(tx: Tx, account: AccountId, business_id: str) -> TemplateReading | None:
    """None: they were never read."""
    read_at = await store.templates_read_at(tx, account, business_id)
    if read_at is None:
        return None
    found = [_decode(body) for body in await store.template_bodies(tx, account, business_id)]
    return TemplateReading(read_at=Millis(read_at), templates=tuple(sorted(found, key=_place)))
