"""The fake's HTTP: Meta's paths, as far as they are played, and the server of a process."""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
from aiohttp import web

from merpati.core.clock import Clock, SystemClock
from merpati.fakes.graph import control
from merpati.fakes.graph.answers import json_answer, node_answer, sent_answer
from merpati.fakes.graph.bodies import Marked, parse
from merpati.fakes.graph.errors import GraphError
from merpati.fakes.graph.graph import Graph
from merpati.fakes.graph.media import MB
from merpati.fakes.graph.outages import HANGING, TAKEN, Outage
from merpati.fakes.graph.settings import Settings
from merpati.fakes.graph.templates import shown
from merpati.fakes.graph.world import Callback

GRAPH = web.AppKey("graph", Graph)
HANG_S = 3_600.0
MOST_BYTES = 110 * MB
VERSION = r"/{version:v\d+\.\d+}"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_app(graph: Graph) -> web.Application:
    """The fake's application; people's side is under `/_fake`."""
    app = web.Application(middlewares=[_answer_errors], client_max_size=MOST_BYTES)
    app[GRAPH] = graph
    app.router.add_routes([
        web.post(VERSION + "/{id}/messages", _send),
        web.post(VERSION + "/{id}/media", _upload),
        web.get(VERSION + "/{id}/message_templates", _list_templates),
        web.post(VERSION + "/{id}/message_templates", _create_template),
        web.delete(VERSION + "/{id}/message_templates", _delete_template),
        web.get(VERSION + "/{id}/phone_numbers", _list_numbers),
        web.get(VERSION + "/{id}/subscribed_apps", _list_subscribed),
        web.post(VERSION + "/{id}/subscribed_apps", _subscribe),
        web.delete(VERSION + "/{id}/subscribed_apps", _unsubscribe),
        web.post(VERSION + "/{id}/subscriptions", _set_app_callback),
        web.get(VERSION + "/oauth/access_token", _app_token),
        web.get(VERSION + "/{id}{slash:/?}", _get_node),
        web.post(VERSION + "/{id}{slash:/?}", _set_node),
        web.delete(VERSION + "/{id}{slash:/?}", _delete_node),
        web.get("/_media/{id}", _download),
    ])  # fmt: skip
    control.add_routes(app, graph)
    return app


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    graph = request.app[GRAPH]
    if request.path.startswith("/_fake"):
        return await handler(request)
    if graph.outages.is_gone():
        _cut(request)
    try:
        return await handler(request)
    except GraphError as error:
        trace = f"A{graph.world.digits(10)}"
        return json_answer(error.answer(trace), status=error.known.status)


def _check_token(request: web.Request, scope: str = "whatsapp_business_messaging") -> Graph:
    graph = request.app[GRAPH]
    value = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = graph.world.tokens.get(value)
    if token is None or token.expired:
        raise GraphError(190, "Invalid OAuth access token - Cannot parse access token" if token is None else "")
    if scope not in token.scopes:
        raise GraphError(10, f"The permission {scope} is not granted")
    proof = request.query.get("appsecret_proof")
    if proof is not None and not hmac.compare_digest(proof, _proof_of(graph.world.app.secret, value)):
        raise GraphError(100, "Invalid appsecret_proof provided in the API argument")
    return graph


def _proof_of(secret: str, token: str) -> str:
    """Graph API, "Secure calls": shows that who calls has the app's secret, too."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


async def _json(request: web.Request) -> Any:  # noqa: ANN401 - whatever was sent
    try:
        return msgspec.json.decode(await request.read())
    except msgspec.DecodeError:
        raise GraphError(100, "The request body is not JSON") from None


# -- messages --


async def _send(request: web.Request) -> web.StreamResponse:
    graph = _check_token(request)
    number = graph.world.number(request.match_info["id"])
    asked = parse(await _json(request))
    await asyncio.sleep(graph.settings.answer_ms / 1_000)
    if isinstance(asked, Marked):
        graph.mark(number, asked)
        return json_answer({"success": True})
    rule = graph.outages.strike(number.id)
    if rule is None:
        return json_answer(sent_answer(asked.to, *graph.send(number, asked)))
    if rule.outage is Outage.REFUSE:
        raise GraphError(rule.code)
    if rule.outage in TAKEN:
        graph.send(number, asked, mute=rule.mute)
    if rule.outage in HANGING:
        await asyncio.sleep(HANG_S)
    if rule.outage in HANGING or rule.outage is Outage.LOSE_ANSWER:
        _cut(request)
    return web.Response(status=500, text="<html>Sorry, something went wrong.</html>", content_type="text/html")


def _cut(request: web.Request) -> None:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


# -- media --


async def _upload(request: web.Request) -> web.StreamResponse:
    graph = _check_token(request)
    number = graph.world.number(request.match_info["id"])
    form = await request.post()
    file = form.get("file")
    if form.get("messaging_product") != "whatsapp" or not isinstance(file, web.FileField):
        raise GraphError(100, "The parameters messaging_product and file are required.")
    mime = str(form.get("type") or file.content_type)
    kept = graph.upload(number, file.file.read(), mime, file.filename)
    return json_answer({"id": kept.id})


async def _download(request: web.Request) -> web.StreamResponse:
    graph = _check_token(request)
    file = graph.find_media(request.match_info["id"])
    if file.hangs:
        await asyncio.sleep(HANG_S)
    if file.is_shut:
        return web.Response(status=403, text="<html>Forbidden</html>", content_type="text/html")
    return web.Response(body=file.data, headers={"Content-Type": file.mime})


# -- whatever has an id --


async def _get_node(request: web.Request) -> web.StreamResponse:
    graph = _check_token(request)
    fields = [each for each in request.query.get("fields", "").split(",") if each]
    return json_answer(node_answer(graph, request.match_info["id"], fields, str(request.url.origin())))


async def _set_node(request: web.Request) -> web.StreamResponse:
    """A number's own callback."""
    graph = _check_token(request, "whatsapp_business_management")
    number, body = graph.world.number(request.match_info["id"]), await _json(request)
    asked = body.get("webhook_configuration") if isinstance(body, dict) else None
    if not isinstance(asked, dict):
        raise GraphError(100, "The parameter webhook_configuration is required.")
    number.callback = await _verified(asked)
    return json_answer({"success": True})


async def _delete_node(request: web.Request) -> web.StreamResponse:
    graph = _check_token(request)
    graph.find_media(request.match_info["id"])
    del graph.world.media[request.match_info["id"]]
    return json_answer({"success": True})


async def _list_numbers(request: web.Request) -> web.StreamResponse:
    graph = _check_token(request, "whatsapp_business_management")
    numbers = [each for each in graph.world.numbers.values() if each.business == request.match_info["id"]]
    return json_answer({"data": [node_answer(graph, each.id, [], "") for each in numbers]})


# -- templates --


def _business(request: web.Request) -> tuple[Graph, Any]:
    graph = _check_token(request, "whatsapp_business_management")
    business = graph.world.businesses.get(request.match_info["id"])
    if business is None:
        raise GraphError(100, "Unsupported request. Object does not exist")
    return graph, business


async def _create_template(request: web.Request) -> web.StreamResponse:
    graph, business = _business(request)
    template = graph.hand_in(business, await _json(request))
    return json_answer({"id": template.id, "status": template.status, "category": template.category})


async def _list_templates(request: web.Request) -> web.StreamResponse:
    graph, business = _business(request)
    wanted = {key: request.query[key] for key in ("name", "status", "language", "category") if key in request.query}
    found = [shown(each) for each in graph.world.templates.values() if each.business == business.id]
    limit, start = int(request.query.get("limit", "25")), int(request.query.get("after", "0"))
    found = [each for each in found if all(each[key] == value for key, value in wanted.items())]
    page, more = found[start : start + limit], len(found) > start + limit
    paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(start + len(page))}}
    if more:
        paging["next"] = str(request.url.update_query(after=paging["cursors"]["after"]))
    summary = {"total_count": len(found), "message_template_count": len(found), "message_template_limit": 6000}
    summary["are_translations_complete"] = True
    return json_answer({"data": page, "paging": paging, "summary": summary})


async def _delete_template(request: web.Request) -> web.StreamResponse:
    graph, business = _business(request)
    name = request.query.get("name")
    gone = [each.id for each in graph.world.templates.values() if (each.business, each.name) == (business.id, name)]
    if not gone:
        raise GraphError(100, f"Message template with name {name} not found")
    for id_ in gone:
        del graph.world.templates[id_]
    return json_answer({"success": True})


# -- callbacks --


async def _subscribe(request: web.Request) -> web.StreamResponse:
    _, business = _business(request)
    body = await _json(request) if request.can_read_body else {}
    if isinstance(body, dict) and body.get("override_callback_uri"):
        business.callback = await _verified(body)
    business.subscribed = True
    return json_answer({"success": True})


async def _unsubscribe(request: web.Request) -> web.StreamResponse:
    _, business = _business(request)
    business.subscribed = False
    return json_answer({"success": True})


async def _list_subscribed(request: web.Request) -> web.StreamResponse:
    graph, business = _business(request)
    app = {
        "link": f"https://www.facebook.com/games/?app_id={graph.world.app.id}",
        "name": "fake",
        "id": graph.world.app.id,
    }
    listed: dict[str, Any] = {"whatsapp_business_api_data": app}
    if business.callback.url:
        listed["override_callback_uri"] = business.callback.url
    return json_answer({"data": [listed] if business.subscribed else []})


async def _app_token(request: web.Request) -> web.StreamResponse:
    app = request.app[GRAPH].world.app
    if (request.query.get("client_id"), request.query.get("client_secret")) != (app.id, app.secret):
        raise GraphError(190, "Invalid client")
    return json_answer({"access_token": f"{app.id}|{app.secret}", "token_type": "bearer"})


async def _set_app_callback(request: web.Request) -> web.StreamResponse:
    app = request.app[GRAPH].world.app
    if request.query.get("access_token") != f"{app.id}|{app.secret}" or request.match_info["id"] != app.id:
        raise GraphError(190)
    query = request.query
    asked = {"override_callback_uri": query.get("callback_url"), "verify_token": query.get("verify_token")}
    app.callback = await _verified(asked)
    return json_answer({"success": True})


async def _verified(asked: Mapping[str, Any]) -> Callback:
    """The address, once it has answered Meta's challenge; raises `GraphError`."""
    url, token = str(asked.get("override_callback_uri") or ""), str(asked.get("verify_token") or "")
    query = urlencode({"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token})
    answered = None
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
        async with aiohttp.ClientSession() as session, session.get(f"{url}?{query}") as response:
            answered = (response.status, await response.text())
    if answered != (200, "1158201444"):
        raise GraphError(100, f"The callback URL or verify token couldn't be validated: {answered}")
    return Callback(url=url, verify_token=token)


# -- running --


class Running:
    """A fake that listens; `url` is its base address."""

    def __init__(self, graph: Graph, url: str) -> None:
        self.graph, self.url = graph, url


@contextlib.asynccontextmanager
async def open_graph(
    settings: Settings | None = None, clock: Clock | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Running]:
    """A fake on loopback, until the end of the block; port 0: any. Raises `OSError` when the port is taken."""
    graph = Graph(settings or Settings(), clock or SystemClock())
    runner = web.AppRunner(build_app(graph), shutdown_timeout=1.0, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    loops = [asyncio.create_task(each) for each in (graph.timeline.run(), graph.courier.run())]
    try:
        yield Running(graph, f"http://{host}:{runner.addresses[0][1]}")
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await runner.cleanup()
