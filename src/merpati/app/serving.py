"""The door: the application behind the port, from its first request to the order of its end."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable

from merpati.api.files import file_routes
from merpati.api.fonnte.door import Handler
from merpati.api.gateway import Gateway as ApiGateway
from merpati.api.http import build_application, operator_routes
from merpati.api.metrics import ApiMetrics
from merpati.api.server import listen, serving, url_of
from merpati.api.v1.limits import CallLimits
from merpati.app.gateway import Gateway
from merpati.app.opening import open_gateway
from merpati.config import Loaded
from merpati.messages.thumbnails import Thumbnails
from merpati.runtime.anywhere import SessionsAnywhere
from merpati.runtime.garbage import collect_seldom
from merpati.web.pages import load_pages, page_routes


def build_asgi(gateway: Gateway) -> Handler:
    """The application behind the port."""
    api = ApiGateway(
        storage=gateway.storage,
        lane=gateway.lane,
        ids=gateway.ids,
        clock=gateway.clock,
        devices=gateway.devices,
        accounts=gateway.accounts,
        keys=gateway.keys,
        limits=CallLimits(gateway.clock, *gateway.config.budgets),
        sealer=gateway.sealer,
        sessions=SessionsAnywhere(gateway.asks, gateway.let_go),
        capabilities=gateway.transports.capabilities,
        missing_extras=gateway.transports.missing,
        default_transport=gateway.transports.default,
        fetch=gateway.fetch,
        egress=gateway.egress,
        check_url=gateway.egress.check_url,
        files=gateway.files,
        thumbnails=Thumbnails(gateway.files, gateway.folder.spool),
        spool_folder=gateway.folder.spool,
        max_body_bytes=gateway.config.max_body_mb * 1_000_000,
        file_limits=gateway.config.file_limits,
        unsent_bytes=gateway.config.unsent_bytes,
        media_ms=gateway.keeping.media_ms,
        wake=gateway.wake,
        made=gateway.jobs.wake,
        webhooks_set=gateway.look_at_endpoints,
        links=gateway.links,
        phones=gateway.transports.phones,
        official=gateway.transports.official,
        live=gateway.live,
        public_url=gateway.url,
        metrics=ApiMetrics(gateway.registry),
    )
    routes = [
        *operator_routes(api, gateway.troubles, gateway.measure),
        *file_routes(api),
        *page_routes(load_pages()),
    ]
    return build_application(api, routes)


async def serve(gateway: Gateway, door: socket.socket, on_ready: Callable[[Gateway], Awaitable[None]]) -> None:
    """Run everything until SIGTERM or SIGINT: the door closes first, then the rest ends in order."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopped.set)
    gateway.url = gateway.config.public_url or url_of(gateway.config.host, door.getsockname()[1])
    gateway.start()
    try:
        async with serving(build_asgi(gateway), door, trusted_proxies=gateway.config.trusted_proxies):
            await on_ready(gateway)
            await stopped.wait()
            gateway.live.close()  # streams have no end of their own, and the door waits for what is under way
    finally:
        await gateway.stop()


async def run_gateway(loaded: Loaded, *, on_ready: Callable[[Gateway], Awaitable[None]]) -> None:
    """Serve until SIGTERM or SIGINT. `on_ready` is awaited once, when the first request can be answered.

    Raises what `open_gateway` raises, and `OSError` when the port cannot be had.
    """
    config = loaded.config
    with contextlib.closing(listen(config.host, config.port)) as door:
        async with open_gateway(config) as gateway:
            collect_seldom()
            await serve(gateway, door, on_ready)
