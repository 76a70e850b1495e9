"""`/setup/{token}`: the one-time link that opens an account."""

from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from merpati.accounts.accepting import accept
from merpati.accounts.passwords import LONGEST, SHORTEST
from merpati.accounts.sign_in import Asking, admit
from merpati.accounts.views import invitation_is_good
from merpati.api.v1.cookies import cookies_of
from merpati.api.v1.front import address_of
from merpati.api.v1.needs import TheGateway
from merpati.api.v1.principal import OPEN
from merpati.api.v1.problems import refusals
from merpati.api.v1.session import SessionAnswer, admitted, agent_of, show_session
from merpati.api.v1.shapes import Answer, Given
from merpati.core.errors import Code, Refusal
from merpati.core.tokens import hash_token


class InvitationAnswer(Answer, frozen=True, kw_only=True):
    """The link is good."""

    shortest_password: int


class SetupForm(Given, frozen=True, kw_only=True):
    """Who accepts the invitation."""

    email: Annotated[str, Meta(min_length=3, max_length=254, examples=["ayu@toko.id"])]
    password: Annotated[str, Meta(min_length=SHORTEST, max_length=LONGEST, examples=["rahasia sekali"])]


class SetupAnswer(Answer, frozen=True, kw_only=True):
    """The session of the new owner, and the token of their account, which is not shown again."""

    session: SessionAnswer
    account_token: str


@get(
    "/{token:str}",
    operation_id="getInvitation",
    summary="Whether a one-time link is good",
    opt=OPEN,
    responses=refusals(Code.INVITATION_INVALID),
)
async def get_invitation(gateway: TheGateway, token: FromPath[str]) -> InvitationAnswer:
    """Looking does not use it up."""
    if not await gateway.storage.read(invitation_is_good, hash_token(token)):
        raise Refusal(Code.INVITATION_INVALID)
    return InvitationAnswer(shortest_password=SHORTEST)


@post(
    "/{token:str}",
    operation_id="acceptInvitation",
    summary="Accept an invitation",
    opt=OPEN,
    responses=refusals(Code.INVITATION_INVALID, Code.EMAIL_TAKEN, Code.ORIGIN_FOREIGN),
)
async def post_invitation(
    request: Request[Any, Any, Any], gateway: TheGateway, token: FromPath[str], data: JSONBody[SetupForm]
) -> Response[SetupAnswer]:
    """Opens an account with its owner, who is signed in then; the link is used up."""
    made = await accept(gateway.storage, gateway.ids, gateway.sealer, token, data.email, data.password)
    asking = Asking(login=data.email, password="", address=address_of(request), agent=agent_of(request))
    new = await admit(gateway.storage, gateway.ids, made.owner, asking)
    answer = SetupAnswer(session=show_session(gateway, admitted(new)), account_token=made.account_token)
    return Response(answer, cookies=cookies_of(gateway, new))


def setup_router() -> Router:
    return Router("/setup", route_handlers=[get_invitation, post_invitation], tags=["Setup"])
