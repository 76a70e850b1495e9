"""In front of every endpoint: the gateway it stands on, the request's number, headers that hold for all answers."""

import secrets
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

from litestar import Request
from litestar.connection import ASGIConnection

from merpati.api.fonnte.door import Handler, Receive, Scope, Send
from merpati.api.gateway import Gateway
from merpati.api.v1.answers import finishing
from merpati.api.v1.bucket import Standing
from merpati.api.v1.once import once_in

_ID = "merpati.request_id"
_GATEWAY = "merpati.gateway"
_STANDING = "merpati.standing"
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


def in_front(gateway: Gateway, app: Handler) -> Handler:
    """The application over this gateway, with a random `X-Request-Id` on each answer: no database is asked."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        id_ = secrets.token_hex(8)
        cast("MutableMapping[str, Any]", scope).update({_ID: id_, _GATEWAY: gateway})

        async def send_on(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                named = {name.lower() for name, _ in message["headers"]}
                more = [header for header in _HEADERS if header[0] not in named]
                more += _limits(scope.get(_STANDING))
                message = {**message, "headers": [*message["headers"], *more, (b"x-request-id", id_.encode())]}
            await send(message)

        try:
            await app(scope, receive, finishing(scope, send_on))
        finally:
            if (once := once_in(scope)) is not None:
                once.close()

    return answer


def _limits(standing: Standing | None) -> list[tuple[bytes, bytes]]:
    """How the caller stands, as the IETF's draft on RateLimit header fields has it."""
    if standing is None:
        return []
    policy = f'"calls";q={standing.budget.burst};w={standing.budget.refill_s}'
    now = f'"calls";r={standing.left};t={standing.full_s}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", now.encode())]


def tell_standing(connection: ASGIConnection[Any, Any, Any, Any], standing: Standing) -> None:
    """The answer's headers say how the caller stands."""
    cast("MutableMapping[str, Any]", connection.scope)[_STANDING] = standing


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Where the request comes from, as far as the server knows."""
    return connection.client.host if connection.client else ""


def gateway_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Gateway:
    """What the endpoints stand on."""
    return cast("Gateway", cast("Mapping[str, Any]", connection.scope)[_GATEWAY])


def request_id(request: Request[Any, Any, Any]) -> str:
    """The number that the answer bears."""
    return str(cast("Mapping[str, Any]", request.scope).get(_ID, ""))
