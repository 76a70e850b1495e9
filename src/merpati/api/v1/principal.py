"""Who asks. The guard of every endpoint: a person by the session cookie, a program by a key or the account's token.

An endpoint that says `opt=OPEN` is for everybody; all others are closed unless the guard lets in.
"""

import contextlib
from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from merpati.accounts.key_model import Key, Scope, has_expired, is_within
from merpati.accounts.model import Account, Language, Owner, SignIn
from merpati.accounts.sessions import is_stale, signed_in_by, touch_session
from merpati.api.gateway import Gateway
from merpati.api.v1.csrf import check_csrf, check_origin, is_safe
from merpati.api.v1.front import address_of, gateway_of, tell_standing
from merpati.api.v1.limits import Caller, CallerKind, stranger
from merpati.api.v1.problems import LANGUAGE
from merpati.api.v1.scopes import Callers, needed_by
from merpati.core.clock import SECOND_MS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId
from merpati.core.tokens import hash_token, is_key
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
    key: Key | None = None
    """Neither person nor key: a program with the account's token, which may do all that needs no person."""

    @property
    def devices(self) -> frozenset[DeviceId] | None:
        """The devices that are within reach; None: all of the account."""
        return self.key.grants.devices if self.key is not None else None

    def reaches(self, device: int) -> bool:
        """Whether this device of the account is within reach; 0, no device, is only for who reaches all."""
        return self.devices is None or device in self.devices

    @property
    def who(self) -> str:
        """Who asks, as a word: what one may be answered again, another of the account may not."""
        if self.key is not None:
            return f"key {self.key.id}"
        return f"user {self.person.owner.id}" if self.person is not None else "account"

    def the_person(self) -> Person:
        """The user; raises `Refusal(PERSON_REQUIRED)` for a program."""
        if self.person is None:
            raise Refusal(Code.PERSON_REQUIRED)
        return self.person


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Lets in or refuses; the principal is the request's `user` then.

    Raises `Refusal` (NOT_SIGNED_IN, TOKEN_INVALID, KEY_EXPIRED, KEY_ELSEWHERE, TOO_MANY_CALLS, PERSON_REQUIRED,
    KEY_SCOPE_MISSING, CSRF_INVALID, ORIGIN_FOREIGN, MEDIA_TYPE).
    """
    _check_path(connection)
    gateway = gateway_of(connection)
    if handler.opt.get("open"):
        _count(gateway, connection, stranger(address_of(connection)))
        check_origin(connection, gateway.public_url)
    else:
        principal = await _principal(gateway, connection)
        _check_needed(principal, handler)
        connection.scope["user"] = principal
    _check_media_type(connection, handler)


async def _principal(gateway: Gateway, connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    try:
        principal = await _identified(gateway, connection)
    except Refusal:
        _count(gateway, connection, stranger(address_of(connection)))
        raise
    _speak(connection, principal)
    _count(gateway, connection, _caller(principal))
    if principal.person is not None:
        check_csrf(connection, principal.person.token)
    return principal


async def _identified(gateway: Gateway, connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
    """Whose cookie, key or token it is."""
    given = connection.headers.get("authorization")
    if given is not None:
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer":
            raise Refusal(Code.TOKEN_INVALID)
        token = token.strip()
        return await (_by_key(gateway, connection, token) if is_key(token) else _by_token(gateway, token))
    cookie = connection.cookies.get(COOKIE)
    if not cookie:
        raise Refusal(Code.NOT_SIGNED_IN)
    return await _person(gateway, cookie)


async def _by_token(gateway: Gateway, token: str) -> Principal:
    found = await gateway.accounts.find(token)
    if found is None:
        raise Refusal(Code.TOKEN_INVALID)
    return Principal(account=found, person=None)


async def _by_key(gateway: Gateway, connection: ASGIConnection[Any, Any, Any, Any], token: str) -> Principal:
    found, now, address = await gateway.keys.find(token), gateway.clock.now(), address_of(connection)
    if found is None or (found.until is not None and found.until <= now):
        raise Refusal(Code.TOKEN_INVALID)
    key = found.key
    if has_expired(key, now):
        raise Refusal(Code.KEY_EXPIRED)
    if not is_within(key.grants.networks, address):
        raise Refusal(Code.KEY_ELSEWHERE, address=address or "?")
    gateway.keys.uses.note(key.id, address)
    return Principal(account=found.account, person=None, key=key)


def _check_needed(principal: Principal, handler: BaseRouteHandler) -> None:
    """Raises `Refusal` (PERSON_REQUIRED, KEY_SCOPE_MISSING) for who may not call this endpoint."""
    needed = needed_by(getattr(handler, "operation_id", None))
    if needed is Callers.PEOPLE and principal.person is None:
        raise Refusal(Code.PERSON_REQUIRED)
    if isinstance(needed, Scope) and principal.key is not None and needed not in principal.key.grants.scopes:
        raise Refusal(Code.KEY_SCOPE_MISSING, scope=needed)


def _caller(principal: Principal) -> Caller:
    if principal.key is not None:
        return Caller(CallerKind.KEY, str(principal.key.id))
    if principal.person is not None:
        return Caller(CallerKind.SESSION, str(principal.person.session.id))
    return Caller(CallerKind.ACCOUNT, str(principal.account.id))


def _count(gateway: Gateway, connection: ASGIConnection[Any, Any, Any, Any], caller: Caller) -> None:
    """Raises `Refusal(TOO_MANY_CALLS)`; the answer says how the caller stands."""
    standing = gateway.limits.take(caller)
    if standing is None:
        return
    tell_standing(connection, standing)
    if not standing.allowed:
        retry_at = gateway.clock.now() + standing.retry_s * SECOND_MS
        raise Refusal(Code.TOO_MANY_CALLS, retry_at=retry_at, seconds=standing.retry_s)


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


def _check_path(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """A number is written in one way: Python reads `1_0` and `٣` as numbers too. Raises `Refusal(PATH_UNKNOWN)`."""
    parts = connection.scope["path"].split("/")
    if not all(str(value) in parts for value in connection.path_params.values()):
        raise Refusal(Code.PATH_UNKNOWN, path=connection.scope["path"])


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
