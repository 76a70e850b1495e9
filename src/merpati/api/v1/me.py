"""`/me`: what a user decides about themselves."""

from typing import Annotated

from litestar import Router, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from merpati.accounts.actions import ProfileChange, change_password, update_profile
from merpati.accounts.model import Language, Theme
from merpati.accounts.passwords import LONGEST, SHORTEST, hash_password
from merpati.accounts.sign_in import prove_password
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.session import UserAnswer, show_user
from merpati.api.v1.shapes import Given
from merpati.core.errors import Code, Refusal
from merpati.storage.port import Violation


class ProfileForm(Given, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    name: Annotated[str, Meta(max_length=60, examples=["Ayu"])] | UnsetType = UNSET
    phone: Annotated[str, Meta(max_length=30, examples=["0812-3456-7890"])] | UnsetType | None = UNSET
    language: Language | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=60, examples=["Asia/Jakarta"])] | UnsetType = UNSET


class PasswordForm(Given, frozen=True, kw_only=True):
    """The password that is, and the one that shall be."""

    old_password: Annotated[str, Meta(max_length=LONGEST)]
    new_password: Annotated[str, Meta(min_length=SHORTEST, max_length=LONGEST)]


@patch(
    "/",
    operation_id="updateMe",
    summary="Change name, number and preferences",
    responses=refusals(Code.PERSON_REQUIRED, Code.PHONE_TAKEN),
)
async def update_me(gateway: TheGateway, principal: ThePrincipal, data: JSONBody[ProfileForm]) -> UserAnswer:
    """The number is another name to sign in with; it is kept as digits."""
    change = ProfileChange(
        name=data.name, phone=data.phone, language=data.language, theme=data.theme, time_zone=data.time_zone
    )
    try:
        owner = await gateway.storage.write(update_profile, principal.the_person().owner.id, change)
    except Violation:  # another took the number in the same moment
        raise Refusal(Code.PHONE_TAKEN, phone=data.phone or "") from None
    if owner is None:
        raise Refusal(Code.NOT_SIGNED_IN)
    return show_user(owner)


@post(
    "/password",
    operation_id="changePassword",
    summary="Change the password",
    status_code=204,
    responses=refusals(Code.PERSON_REQUIRED, Code.PASSWORD_WRONG, Code.TOO_MANY_TRIES),
)
async def post_password(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    data: JSONBody[PasswordForm],
) -> None:
    """The user's other sessions end."""
    person = principal.the_person()
    await prove_password(gateway.storage, person.owner, data.old_password)
    hashed = await hash_password(data.new_password)
    owner, kept = person.owner, person.session.id
    await once.answer(
        gateway.storage,
        lambda tx: change_password(tx, owner.id, hashed, proved=owner.password_hash, kept=kept),
    )


def me_router() -> Router:
    return Router("/me", route_handlers=[update_me, post_password], tags=["Me"])
