"""The page of the one-time link: it creates an account and its owner, and shows the account's token once."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from merpati.accounts.accepting import accept
from merpati.accounts.views import invitation_is_good
from merpati.core.errors import Code, Refusal
from merpati.core.tokens import Sealer, hash_token
from merpati.storage.ids import Ids
from merpati.storage.port import Storage
from merpati.web.languages import pick_language
from merpati.web.setup_html import Filled, draw_done, draw_form, draw_gone, style_source

MOST_FORM_BYTES = 8_192
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": f"default-src 'none'; style-src {style_source()}; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}
"""The link is in the page's address: no other page may learn it, and nothing foreign runs here."""


def setup_routes(storage: Storage, ids: Ids, sealer: Sealer) -> list[HTTPRouteHandler]:
    """`GET` and `POST /setup/{token}`. The token in the path is the secret that a foreign page cannot know."""
    desk = _Desk(storage, ids, sealer)

    @get("/setup/{token:str}", media_type=MediaType.HTML, include_in_schema=False)
    async def setup_form(request: Request[Any, Any, Any]) -> Response[str]:
        return await desk.show(request.path_params["token"], request)

    @post(
        "/setup/{token:str}",
        media_type=MediaType.HTML,
        include_in_schema=False,
        request_max_body_size=MOST_FORM_BYTES,
    )
    async def setup_create(request: Request[Any, Any, Any]) -> Response[str]:
        return await desk.create(request.path_params["token"], request)

    return [setup_form, setup_create]


class _Desk:
    def __init__(self, storage: Storage, ids: Ids, sealer: Sealer) -> None:
        self._storage, self._ids, self._sealer = storage, ids, sealer

    async def show(self, token: str, request: Request[Any, Any, Any]) -> Response[str]:
        language = pick_language(request)
        if not await self._storage.read(invitation_is_good, hash_token(token)):
            return _page(draw_gone(language), 404)
        return _page(draw_form(language, Filled()), 200)

    async def create(self, token: str, request: Request[Any, Any, Any]) -> Response[str]:
        language, form = pick_language(request), await _form(request)
        try:
            made = await accept(self._storage, self._ids, self._sealer, token, form.email, form.password)
        except Refusal as refusal:
            if refusal.code is Code.INVITATION_INVALID:
                return _page(draw_gone(language), 404)
            return _page(draw_form(language, msgspec.structs.replace(form, password="", refusal=refusal)), 422)
        return _page(draw_done(language, made.owner.email, made.account_token), 201)


async def _form(request: Request[Any, Any, Any]) -> Filled:
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    return Filled(email=fields.get("email", [""])[0], password=fields.get("password", [""])[0])


def _page(html: str, status: int) -> Response[str]:
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=dict(HEADERS))
