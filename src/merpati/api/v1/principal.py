"""Who asks. The guard of every endpoint: a person by the session cookie, a program by its account token.

An endpoint that says `opt=OPEN` is for everybody; all others are closed unless the guard lets in.
"""

import contextlib
from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from merpati.accounts.model import Account, Language, Owner, SignIn
from merpati.accounts.sessions import is_stale, signed_in_by, touch_session
from merpati.api.gateway import Gateway
from merpati.api.v1.csrf import check_csrf, check_origin, is_safe
from merpati.api.v1.front import gateway_of
from merpati.api.v1.problems import LANGUAGE
from merpati.core.errors import Code, Refusal
from merpati.core.tokens import hash_token
from merpati.storage.port import StorageError

COOKIE = "merpati_session"
OPEN = {"open": True}
"""`opt` of an endpoint that needs no principal."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A user who has signed in."""

    owner: Owner
    session: SignIn
    token: str
    """The cookie; it makes the CSRF token."""


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and whose data they reach."""

    account: Account
    person: Person | None
    """None: a program with the account's token, which may do all that needs no person."""

    @property
    def who(self) -> str:
        """Who asks, as a word: what one may be answered again, another of the account may not."""
        return f"user {self.person.owner.id}" if self.person is not None else "account"

    def the_person(self) -> Person:
        """The user; raises `Refusal(PERSON_REQUIRED)` for a program."""
        if self.person is None:
            raise Refusal(Code.PERSON_REQUIRED)
        return self.person


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Lets in or refuses; the principal is the request's `user` then.

    Raises `Refusal` (NOT_SIGNED_IN, TOKEN_INVALID, CSRF_INVALID, ORIGIN_FOREIGN, MEDIA_TYPE).
    """
    gateway = gateway_of(connection)
    if handler.opt.get("open"):
        check_origin(connection, gateway.public_url)
    else:
        connection.scope["user"] = await _principal(gateway, connection)
    _check_media_type(connection, handler)


async def _principal(gateway: Gateway, connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    given = connection.headers.get("authorization")
    if given is not None:
        return await _program(gateway, given)
    token = connection.cookies.get(COOKIE)
    if not token:
        raise Refusal(Code.NOT_SIGNED_IN)
    principal = await _person(gateway, token)
    _speak(connection, principal)
    check_csrf(connection, token)
    return principal


async def _program(gateway: Gateway, authorization: str) -> Principal:
    scheme, _, token = authorization.partition(" ")
    found = await gateway.accounts.find(token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise Refusal(Code.TOKEN_INVALID)
    return Principal(account=found, person=None)


async def _person(gateway: Gateway, token: str) -> Principal:
    """Read afresh for each request: a session that was ended anywhere is ended at once."""
    storage = gateway.storage
    found = await storage.read(signed_in_by, hash_token(token))
    if found is None:
        raise Refusal(Code.NOT_SIGNED_IN)
    if is_stale(found.session, gateway.clock.now()):
        with contextlib.suppress(StorageError):  # who only reads is answered though nothing can be written
            await storage.write(touch_session, found.session.id)
    person = Person(owner=found.owner, session=found.session, token=token)
    return Principal(account=found.account, person=person)


def _speak(connection: ASGIConnection[Any, Any, Any, Any], principal: Principal) -> None:
    """From here on in the user's language."""
    if principal.person is not None and principal.person.owner.language is not Language.AUTO:
        connection.scope["state"][LANGUAGE] = str(principal.person.owner.language)


def _check_media_type(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A body is JSON, unless the endpoint says `opt={"media": …}`. Some programs name a type for no body at all."""
    if is_safe(connection) or "content-type" not in connection.headers:
        return
    if connection.headers.get("content-length", "0") == "0" and "transfer-encoding" not in connection.headers:
        return
    given = connection.headers["content-type"].partition(";")[0].strip().lower()
    if given != handler.opt.get("media", "application/json"):
        raise Refusal(Code.MEDIA_TYPE)


async def provide_principal(request: Request[Principal, Any, Any]) -> Principal:
    """The principal of a closed endpoint."""
    return request.user
