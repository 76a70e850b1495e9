"""`/account`: the token of the account's programs."""

from litestar import Router, post

from merpati.accounts.actions import rotate_account_token
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer
from merpati.core.errors import Code
from merpati.core.tokens import new_account_token
from merpati.storage.port import Tx


class AccountTokenAnswer(Answer, frozen=True, kw_only=True):
    """The account's token. Not shown again."""

    token: str


@post(
    "/token",
    operation_id="rotateAccountToken",
    summary="Make a new account token",
    status_code=200,
    responses=refusals(Code.PERSON_REQUIRED),
)
async def post_token(gateway: TheGateway, principal: ThePrincipal, once: TheOnce) -> AccountTokenAnswer:
    """The old one is worth nothing any more: at once here, within two seconds in other processes."""
    principal.the_person()
    id_, token = principal.account.id, new_account_token()
    sealed = gateway.sealer.seal_token("account", id_, token)

    async def rotate(tx: Tx) -> AccountTokenAnswer:
        await rotate_account_token(tx, id_, sealed)
        return AccountTokenAnswer(token=token)

    answer = await once.answer(gateway.storage, rotate)
    gateway.accounts.forget_account(id_)
    return answer


def account_router() -> Router:
    return Router("/account", route_handlers=[post_token], tags=["Account"])
