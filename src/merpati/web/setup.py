"""The page of the one-time link: it creates an account and its owner, and shows the account's token once."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from merpati.accounts.actions import NewOwner, accept_invitation
from merpati.accounts.model import check_email
from merpati.accounts.passwords import check_password, hash_password
from merpati.accounts.views import invitation_is_good
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, UserId
from merpati.core.tokens import Sealer, hash_token, new_account_token
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
        # before the password is hashed: that costs 50 ms of a core, which a stranger is not given
        if not await self._storage.read(invitation_is_good, hash_token(token)):
            return _page(draw_gone(language), 404)
        try:
            email, account_token = await self._accept(token, form)
        except Refusal as refusal:
            if refusal.code is Code.INVITATION_INVALID:
                return _page(draw_gone(language), 404)
            return _page(draw_form(language, msgspec.structs.replace(form, password="", refusal=refusal)), 422)
        return _page(draw_done(language, email, account_token), 201)

    async def _accept(self, token: str, form: Filled) -> tuple[str, str]:
        email, password = check_email(form.email), check_password(form.password)
        account = AccountId((await self._ids.take("account"))[0])
        account_token = new_account_token()
        new = NewOwner(
            account=account,
            account_name=email,
            account_token=self._sealer.seal_token("account", account, account_token),
            owner=UserId((await self._ids.take("user"))[0]),
            email=email,
            password_hash=await hash_password(password),
        )
        await self._storage.write(accept_invitation, hash_token(token), new)
        return email, account_token


async def _form(request: Request[Any, Any, Any]) -> Filled:
    fields = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    return Filled(email=fields.get("email", [""])[0], password=fields.get("password", [""])[0])


def _page(html: str, status: int) -> Response[str]:
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=dict(HEADERS))
