"""`/openapi.json` and `/docs`: what the API is, for programs and for people."""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, Router, get

from merpati.api.v1.principal import OPEN
from merpati.api.v1.problems import language_of
from merpati.api.v1.reference_html import draw_reference, style_source

_POLICY = f"default-src 'none'; style-src {style_source()}; base-uri 'none'; frame-ancestors 'none'"


def reference_router(document: Callable[[], dict[str, Any]]) -> Router:
    """The two, made of the document when they are asked for."""

    @get("/openapi.json", opt=OPEN)
    async def get_openapi() -> Response[bytes]:
        return Response(msgspec.json.encode(document()), media_type=MediaType.JSON)

    @get("/docs", opt=OPEN)
    async def get_docs(request: Request[Any, Any, Any]) -> Response[str]:
        html = draw_reference(document(), language_of(request))
        return Response(html, media_type=MediaType.HTML, headers={"Content-Security-Policy": _POLICY})

    return Router("/", route_handlers=[get_openapi, get_docs], include_in_schema=False)
