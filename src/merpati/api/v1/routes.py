"""The application of the API: every endpoint, behind one guard, with one way to refuse."""

import functools
from typing import Any, cast

from litestar import Litestar, Request, Router
from litestar.di import Provide

from merpati.api.fonnte.door import Handler
from merpati.api.gateway import Gateway
from merpati.api.v1.account import account_router
from merpati.api.v1.asked import Asked
from merpati.api.v1.batches import batches_router
from merpati.api.v1.consumers import consumers_router
from merpati.api.v1.dead_letters import dead_letters_router
from merpati.api.v1.devices import devices_router, transports_router
from merpati.api.v1.events import events_router
from merpati.api.v1.files import files_router
from merpati.api.v1.front import gateway_of, in_front
from merpati.api.v1.home import home_router
from merpati.api.v1.keys import keys_router
from merpati.api.v1.me import me_router
from merpati.api.v1.message_routes import messages_router
from merpati.api.v1.official import official_router
from merpati.api.v1.once import open_once, provide_once
from merpati.api.v1.openapi import describe
from merpati.api.v1.principal import guard, provide_principal
from merpati.api.v1.problems import exception_handlers
from merpati.api.v1.reference import reference_router
from merpati.api.v1.replays import replays_router
from merpati.api.v1.requests import requests_router
from merpati.api.v1.rotators import rotators_router
from merpati.api.v1.session import session_router
from merpati.api.v1.sessions import sessions_router
from merpati.api.v1.setup import setup_router
from merpati.api.v1.shapes import PREFIX
from merpati.api.v1.simulator import simulator_router
from merpati.api.v1.totp import totp_router
from merpati.api.v1.webhook_changes import webhook_changes_router
from merpati.api.v1.webhooks import device_webhooks_router, webhooks_router

MOST_BODY_BYTES = 1_000_000


def routers() -> list[Router]:
    """Every part of the API; a new one is a row here."""
    return [
        session_router(),
        sessions_router(),
        me_router(),
        totp_router(),
        account_router(),
        keys_router(),
        setup_router(),
        home_router(),
        devices_router(),
        official_router(),
        transports_router(),
        messages_router(),
        files_router(),
        batches_router(),
        rotators_router(),
        events_router(),
        consumers_router(),
        simulator_router(),
        webhooks_router(),
        webhook_changes_router(),
        dead_letters_router(),
        replays_router(),
        device_webhooks_router(),
        requests_router(),
    ]


@functools.cache
def document() -> dict[str, Any]:
    """The description of every endpoint (OpenAPI 3.1)."""
    return describe([Router(PREFIX, route_handlers=routers())])


def v1_handler(gateway: Gateway) -> Handler:
    """The API over this gateway as an ASGI application; its paths begin with `PREFIX`."""
    return in_front(gateway, cast(Handler, _application()))


async def provide_gateway(request: Request[Any, Any, Any]) -> Gateway:
    """What the endpoints stand on."""
    return gateway_of(request)


async def _before(request: Request[Any, Any, Any]) -> None:
    await open_once(request, gateway_of(request))


@functools.cache
def _application() -> Litestar:
    """The same for all gateways of the process: to make it takes a third of a second."""
    return Litestar(
        [Router(PREFIX, route_handlers=[*routers(), reference_router(document)])],
        guards=[guard],
        dependencies={
            "gateway": Provide(provide_gateway),
            "principal": Provide(provide_principal),
            "once": Provide(provide_once),
        },
        before_request=_before,
        exception_handlers=exception_handlers(),
        request_class=Asked,
        request_max_body_size=MOST_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )
