"""What webhooks say: the shapes of Meta's notifications. Pure.

Source: Meta, webhooks/reference/messages and /status; business-scoped user ids.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec

from merpati.fakes.graph.errors import GraphError
from merpati.fakes.graph.world import Line, Number, Person

SIGNATURE = "X-Hub-Signature-256"


class Change(msgspec.Struct, frozen=True):
    """One change of one business account."""

    business: str
    field: str
    value: dict[str, Any]
    at: int


def envelope(changes: Sequence[Change]) -> bytes:
    """One body; the changes of one account after each other share an entry."""
    entries: list[dict[str, Any]] = []
    for change in changes:
        if not entries or entries[-1]["id"] != change.business:
            entries.append({"id": change.business, "time": change.at // 1_000, "changes": []})
        entries[-1]["changes"].append({"value": change.value, "field": change.field})
    return msgspec.json.encode({"object": "whatsapp_business_account", "entry": entries})


def sign(secret: str, body: bytes) -> str:
    """The value of the header `SIGNATURE`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _value(number: Number, person: Person) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.phone, "phone_number_id": number.id},
        "contacts": [contact(person)],
    }


def contact(person: Person) -> dict[str, Any]:
    """A person as webhooks name them: who has hidden their number has no `wa_id`."""
    profile = {"name": person.name} | ({"username": person.username} if person.username else {})
    known = {"profile": profile, "user_id": person.bsuid}
    return {**known, "wa_id": person.phone} if person.phone else known


def status(
    number: Number, person: Person, line: Line, state: str, at: int, error: GraphError | None = None
) -> Change:
    """A message of the business came so far."""
    told: dict[str, Any] = {
        "id": line.id,
        "status": state,
        "timestamp": str(at // 1_000),
        "recipient_user_id": person.bsuid,
    }
    if person.phone:
        told["recipient_id"] = person.phone
    if line.tracker:
        told["biz_opaque_callback_data"] = line.tracker
    if error is not None:
        told["errors"] = [error.in_status()]
    elif state in ("sent", "delivered"):
        told["pricing"] = _pricing(line)
    return Change(number.business, "messages", {**_value(number, person), "statuses": [told]}, at)


def _pricing(line: Line) -> dict[str, Any]:
    free = line.category == "service"
    return {
        "billable": not free,
        "pricing_model": "PMP",
        "type": "free_customer_service" if free else "regular",
        "category": line.category.lower(),
    }


def message(number: Number, person: Person, line: Line) -> Change:
    """A person wrote."""
    told = {"from_user_id": person.bsuid, "id": line.id, "timestamp": str(line.at // 1_000), **line.body}
    if person.phone:
        told["from"] = person.phone
    return Change(number.business, "messages", {**_value(number, person), "messages": [told]}, line.at)
