"""What the fake answers with: the shapes of Meta's nodes. Pure but for `json_answer`."""

from typing import Any

import msgspec
from aiohttp import web

from merpati.fakes.graph.errors import GraphError
from merpati.fakes.graph.graph import Graph
from merpati.fakes.graph.media import MediaFile
from merpati.fakes.graph.templates import shown
from merpati.fakes.graph.world import Line, Number, Person

ALWAYS = ("id", "verified_name", "display_phone_number", "quality_rating")
"""Of a number: what is there when nobody asks for fields."""


def json_answer(body: object, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")


def sent_answer(asked: str, line: Line, person: Person) -> dict[str, Any]:
    """The answer to an accepted message."""
    contact = {"input": asked, "user_id": person.bsuid}
    return {
        "messaging_product": "whatsapp",
        "contacts": [contact | ({"wa_id": person.phone} if person.phone else {})],
        "messages": [{"id": line.id, "message_status": "accepted"}],
    }


def node_answer(graph: Graph, id_: str, fields: list[str], origin: str) -> dict[str, Any]:
    """A number, a business, a template or a file by its id; raises `GraphError`."""
    world = graph.world
    if id_ in world.numbers:
        return _number(graph, world.numbers[id_], fields)
    if id_ in world.media:
        return _media(graph.find_media(id_), origin)
    if id_ in world.templates:
        return shown(world.templates[id_])
    if id_ in world.businesses:
        return {"id": id_, "name": world.businesses[id_].name}
    raise GraphError(100, f"Unsupported get request. Object with ID '{id_}' does not exist")


def _number(graph: Graph, number: Number, fields: list[str]) -> dict[str, Any]:
    level = "HIGH" if number.per_second >= 1_000 else "STANDARD"
    known = {
        "id": number.id,
        "verified_name": number.name,
        "display_phone_number": f"+{number.phone}",
        "quality_rating": number.quality,
        "quality_score": {"score": number.quality},
        "throughput": {"level": level},
        "messaging_limit_tier": number.tier,
        "whatsapp_business_manager_messaging_limit": number.tier,
        "status": "CONNECTED" if number.registered else "DISCONNECTED",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "account_mode": "LIVE",
        "is_official_business_account": False,
        "webhook_configuration": {"application": number.callback.url or graph.world.app.callback.url},
    }
    wanted = ("id", *fields) if fields else ALWAYS
    return {name: known[name] for name in wanted if name in known}


def _media(file: MediaFile, origin: str) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "url": f"{origin}/_media/{file.id}",
        "mime_type": file.mime,
        "sha256": file.sha256,
        "file_size": len(file.data),
        "id": file.id,
    }
