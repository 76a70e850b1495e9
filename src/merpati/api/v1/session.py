"""`/session`: signing in and out, and who one is."""

from typing import Annotated, Any

from litestar import Request, Response, Router, delete, get, post
from litestar.params import JSONBody
from msgspec import Meta

from merpati import __version__
from merpati.accounts.key_model import Key, Scope
from merpati.accounts.model import Account, Language, Owner, Theme
from merpati.accounts.sessions import end_session
from merpati.accounts.sign_in import Admitted, Asking, sign_in
from merpati.api.gateway import Gateway
from merpati.api.v1.cookies import BROWSER_COOKIE, cookies_of, no_cookie, session_cookie
from merpati.api.v1.csrf import csrf_of
from merpati.api.v1.front import address_of
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.principal import OPEN, Person, Principal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Given, Instant, instant, maybe
from merpati.core.errors import Code


class SignInForm(Given, frozen=True, kw_only=True):
    """Who wants to sign in."""

    login: Annotated[
        str,
        Meta(min_length=1, max_length=254, description="E-mail or phone number.", examples=["ayu@toko.id"]),
    ]
    password: Annotated[str, Meta(max_length=200, description="The password.", examples=["rahasia sekali"])]
    totp: Annotated[str, Meta(max_length=20, description="Code of the authenticator app.")] = ""
    recovery_code: Annotated[str, Meta(max_length=40, description="In its place, when the phone is gone.")] = ""


class AccountAnswer(Answer, frozen=True, kw_only=True):
    """Who owns devices and data."""

    id: int
    name: str


class UserAnswer(Answer, frozen=True, kw_only=True):
    """Who has signed in, and what they prefer."""

    id: int
    email: str
    name: str
    phone: str | None
    language: Language
    theme: Theme
    time_zone: str
    totp: bool


class SessionKey(Answer, frozen=True, kw_only=True):
    """What the key that asks may do, and to which devices; null: all of them."""

    id: int
    name: str
    scopes: list[Scope]
    devices: list[int] | None
    expires_at: Instant | None


class SessionAnswer(Answer, frozen=True, kw_only=True):
    """Who asks. `user` and `csrf_token` are null for a program; send the latter as `X-CSRF-Token`.

    `key` is null for whoever does not come with a key.
    """

    account: AccountAnswer
    user: UserAnswer | None
    session_id: int | None
    key: SessionKey | None
    csrf_token: str | None
    server_time: Instant
    version: str


def show_account(account: Account) -> AccountAnswer:
    return AccountAnswer(id=account.id, name=account.name)


def show_user(owner: Owner) -> UserAnswer:
    return UserAnswer(
        id=owner.id,
        email=owner.email,
        name=owner.name,
        phone=owner.phone,
        language=owner.language,
        theme=owner.theme,
        time_zone=owner.time_zone,
        totp=owner.totp_on,
    )


def _key(key: Key) -> SessionKey:
    grants = key.grants
    return SessionKey(
        id=key.id,
        name=grants.name,
        scopes=[scope for scope in Scope if scope in grants.scopes],
        devices=sorted(grants.devices) if grants.devices is not None else None,
        expires_at=maybe(grants.expires_at),
    )


def show_session(gateway: Gateway, principal: Principal) -> SessionAnswer:
    person = principal.person
    return SessionAnswer(
        account=show_account(principal.account),
        user=show_user(person.owner) if person else None,
        session_id=person.session.id if person else None,
        key=_key(principal.key) if principal.key else None,
        csrf_token=csrf_of(person.token) if person else None,
        server_time=instant(gateway.clock.now()),
        version=__version__,
    )


def admitted(new: Admitted) -> Principal:
    """The principal of a session that was opened just now."""
    person = Person(owner=new.who.owner, session=new.who.session, token=new.token)
    return Principal(account=new.who.account, person=person)


def agent_of(request: Request[Any, Any, Any]) -> str:
    """What the browser says that it is."""
    return request.headers.get("user-agent", "")


@post(
    "/",
    operation_id="signIn",
    summary="Sign in",
    opt=OPEN,
    status_code=200,
    responses=refusals(
        Code.SIGN_IN_FAILED, Code.TOTP_REQUIRED, Code.TOTP_INVALID, Code.TOO_MANY_TRIES, Code.ORIGIN_FOREIGN
    ),
)
async def post_session(
    request: Request[Any, Any, Any], data: JSONBody[SignInForm], gateway: TheGateway
) -> Response[SessionAnswer]:
    """Opens a session: the answer sets the cookie `merpati_session`, which the browser sends from then on.

    `totp_required` asks for the same again with a code. Ten failures by name from one network in 15 minutes are
    the most; a browser in which the user has signed in before is counted by itself.
    """
    asking = Asking(
        login=data.login,
        password=data.password,
        address=address_of(request),
        agent=agent_of(request),
        totp=data.totp,
        recovery_code=data.recovery_code,
        note=request.cookies.get(BROWSER_COOKIE, ""),
    )
    new = await sign_in(gateway.storage, gateway.ids, gateway.sealer, gateway.clock, asking)
    answer = show_session(gateway, admitted(new))
    return Response(answer, cookies=cookies_of(gateway, new))


@get("/", operation_id="getSession", summary="Who am I")
async def get_session(gateway: TheGateway, principal: ThePrincipal) -> Response[SessionAnswer]:
    """Who asks, with what a page needs to begin: preferences, the CSRF token, the server's time."""
    person = principal.person
    cookies = [session_cookie(gateway, person.token)] if person else []
    return Response(show_session(gateway, principal), cookies=cookies)


@delete("/", operation_id="signOut", summary="Sign out", responses=refusals(Code.PERSON_REQUIRED))
async def delete_session(gateway: TheGateway, principal: ThePrincipal) -> Response[None]:
    """Ends the session and makes the browser forget its cookie."""
    person = principal.the_person()
    await gateway.storage.write(end_session, principal.account.id, person.owner.id, person.session.id)
    return Response(None, status_code=204, cookies=[no_cookie(gateway)])


def session_router() -> Router:
    return Router("/session", route_handlers=[post_session, get_session, delete_session], tags=["Session"])
