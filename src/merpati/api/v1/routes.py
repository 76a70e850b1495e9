"""The application of the API: every endpoint, behind one guard, with one way to refuse."""

from typing import cast

from litestar import Litestar, Router
from litestar.di import Provide

from merpati.api.fonnte.door import Handler
from merpati.api.gateway import Gateway
from merpati.api.v1.front import numbered
from merpati.api.v1.messages import messages_router
from merpati.api.v1.principal import Guard, provide_principal
from merpati.api.v1.problems import exception_handlers
from merpati.api.v1.session import session_router
from merpati.api.v1.shapes import PREFIX

MOST_BODY_BYTES = 1_000_000


def routers() -> list[Router]:
    """Every part of the API; a new one is a row here."""
    return [session_router(), messages_router()]


def v1_handler(gateway: Gateway) -> Handler:
    """The API as an ASGI application; its paths begin with `PREFIX`."""

    async def provide_gateway() -> Gateway:
        return gateway

    app = Litestar(
        [Router(PREFIX, route_handlers=routers())],
        guards=[Guard(gateway)],
        dependencies={"gateway": Provide(provide_gateway), "principal": Provide(provide_principal)},
        exception_handlers=exception_handlers(),
        request_max_body_size=MOST_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )
    return numbered(cast(Handler, app))
