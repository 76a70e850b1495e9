"""The routes of the API, for the application that serves them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from litestar import Litestar, MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.types import Message
from litestar.types import Scope as LitestarScope
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from merpati.api.fonnte.door import Handler, Receive, Scope, Send, open_door, take_request_id
from merpati.api.fonnte.endpoints import fonnte_endpoints
from merpati.api.fonnte.replies import id_header, reply_path_unknown
from merpati.api.gateway import Gateway
from merpati.api.meta import PREFIX as META
from merpati.api.meta import meta_door
from merpati.api.v1.routes import v1_handler
from merpati.api.v1.shapes import PREFIX

Check = Callable[[], Awaitable[Sequence[str]]]
"""What keeps the process from serving, in words for the operator; nothing when it is ready."""


def fonnte_handlers(gateway: Gateway) -> Mapping[str, Handler]:
    """Fonnte's endpoints by path."""
    return {endpoint.path: open_door(endpoint, gateway) for endpoint in fonnte_endpoints()}


def build_application(gateway: Gateway, routes: Sequence[HTTPRouteHandler]) -> Handler:
    """Fonnte's endpoints, our own API, and these routes; every other path is a JSON 404."""

    async def give_id(message: Message, _scope: LitestarScope) -> None:
        if message["type"] == "http.response.start" and message["status"] == 404:
            message["headers"] = [*message["headers"], *id_header(await take_request_id(gateway))]

    inner = Litestar(
        route_handlers=routes,
        openapi_config=None,
        logging_config=None,
        exception_handlers={NotFoundException: _path_unknown},
        before_send=[give_id],
    )
    others = answer_heads(cast(Handler, inner))
    own = under(PREFIX, v1_handler(gateway), under(META, meta_door(gateway), others))
    return in_front_of(own, fonnte_handlers(gateway))


def _path_unknown(request: Request[Any, Any, Any], _error: Exception) -> Response[bytes]:
    reply = reply_path_unknown(request.url.path)
    headers = {name.decode(): value.decode() for name, value in reply.headers}
    return Response(reply.body, status_code=reply.status, headers=headers)


def in_front_of(app: Handler, handlers: Mapping[str, Handler]) -> Handler:
    """An application that answers these paths by itself, also with slashes too many; others go to `app`.

    Programs put `https://…/` and `/send` together: `//send` is meant as `/send`.

    The framework's routing costs a third of a short request (measured: 4,800 against 6,900 requests a second), and
    these endpoints use nothing of it.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        handler = handlers.get(path) or handlers.get(f"/{path.strip('/')}", app)
        await handler(scope, receive, send)

    return answer


def answer_heads(app: Handler) -> Handler:
    """HEAD is answered as GET, which the server sends without its body: what watches over servers asks so."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked = {**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope
        await app(asked, receive, send)

    return answer


def under(prefix: str, app: Handler, others: Handler) -> Handler:
    """`app` for what is at or below this path, `others` for the rest."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        await (app if path == prefix or path.startswith(f"{prefix}/") else others)(scope, receive, send)

    return answer


def operator_routes(
    gateway: Gateway, check: Check, measure: Callable[[], Awaitable[None]]
) -> list[HTTPRouteHandler]:
    """`/healthz` (the process answers), `/readyz` (it can serve; 503 says why not), `/metrics` (Prometheus).

    `measure` is awaited before metrics are shown.
    """

    @get("/healthz", media_type=MediaType.TEXT)
    async def healthz() -> str:
        return "ok"

    @get("/readyz", media_type=MediaType.TEXT)
    async def readyz() -> Response[str]:
        troubles = await check()
        return Response("\n".join(troubles) or "ready", status_code=503 if troubles else 200)

    @get("/metrics")
    async def metrics() -> Response[bytes]:
        await measure()
        return Response(generate_latest(gateway.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return [healthz, readyz, metrics]
