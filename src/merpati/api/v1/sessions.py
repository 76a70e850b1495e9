"""`/sessions`: where a user is signed in, and how to end that."""

from litestar import Response, Router, delete, get
from litestar.params import FromPath

from merpati.accounts.model import SignIn
from merpati.accounts.sessions import end_other_sessions, end_session, sessions_of
from merpati.api.v1 import access
from merpati.api.v1.cookies import no_cookie
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.paging import LAST_ID, USUAL, Cursor, Limit, Page, page_of, position
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Instant, instant
from merpati.core.errors import Code


class SignInAnswer(Answer, frozen=True, kw_only=True):
    """One session of the user. `seen_at` is at most a minute old while it is used."""

    id: int
    current: bool
    created_at: Instant
    seen_at: Instant
    expires_at: Instant
    address: str
    agent: str


def show_sign_in(session: SignIn, current: SignIn) -> SignInAnswer:
    return SignInAnswer(
        id=session.id,
        current=session.id == current.id,
        created_at=instant(session.created_at),
        seen_at=instant(session.seen_at),
        expires_at=instant(session.expires_at),
        address=session.address,
        agent=session.agent,
    )


@get(
    "/",
    operation_id="listSessions",
    summary="Where one is signed in",
    responses=refusals(Code.PERSON_REQUIRED, Code.CURSOR_INVALID),
)
async def list_sessions(
    gateway: TheGateway, principal: ThePrincipal, cursor: Cursor = None, limit: Limit = USUAL
) -> Page[SignInAnswer]:
    """The user's sessions, newest first."""
    person = principal.the_person()
    (below,) = position(cursor, (LAST_ID,))
    found = await gateway.storage.read(sessions_of, person.owner.id, below, limit + 1)
    return page_of(found, limit, lambda row: show_sign_in(row, person.session), lambda row: (row.id,))


@delete(
    "/{id:int}",
    operation_id="revokeSession",
    summary="End a session",
    responses=refusals(Code.PERSON_REQUIRED, Code.SESSION_UNKNOWN),
)
async def revoke_session(
    gateway: TheGateway,
    principal: ThePrincipal,
    id: FromPath[int],  # noqa: A002 — the name in the path
) -> Response[None]:
    """Whoever has it is signed out at once; what streams to them closes within five seconds."""
    person = principal.the_person()
    session = await access.session(gateway, principal, id)
    await gateway.storage.write(end_session, principal.account.id, person.owner.id, session.id)
    mine = session.id == person.session.id
    return Response(None, status_code=204, cookies=[no_cookie(gateway)] if mine else [])


@delete(
    "/",
    operation_id="revokeOtherSessions",
    summary="End all other sessions",
    responses=refusals(Code.PERSON_REQUIRED),
)
async def revoke_other_sessions(gateway: TheGateway, principal: ThePrincipal) -> None:
    """All of the user's but the one that asks."""
    person = principal.the_person()
    await gateway.storage.write(end_other_sessions, principal.account.id, person.owner.id, person.session.id)


def sessions_router() -> Router:
    return Router(
        "/sessions", route_handlers=[list_sessions, revoke_session, revoke_other_sessions], tags=["Session"]
    )
