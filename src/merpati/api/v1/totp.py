"""`/me/totp`: two-step verification by an authenticator app."""

from typing import Annotated

from litestar import Router, delete, post
from litestar.params import JSONBody
from msgspec import Meta

from merpati.accounts.sign_in import prove_password
from merpati.accounts.totp import (
    SEAL,
    confirm_totp,
    disable_totp,
    enrol_totp,
    hash_recovery_code,
    new_recovery_codes,
    new_secret,
    second_factor_of,
    step_of,
    uri_of,
)
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Given
from merpati.core.errors import Code, Refusal
from merpati.storage.port import Tx


class PasswordProof(Given, frozen=True, kw_only=True):
    """The user's password, again."""

    password: Annotated[str, Meta(max_length=200)]


class TotpCode(Given, frozen=True, kw_only=True):
    """What the authenticator app shows."""

    code: Annotated[str, Meta(min_length=6, max_length=20, examples=["492 039"])]


class TotpAnswer(Answer, frozen=True, kw_only=True):
    """For the authenticator app: draw `uri` as a QR code, or have `secret` typed. Not shown again."""

    secret: str
    uri: str


class RecoveryCodesAnswer(Answer, frozen=True, kw_only=True):
    """Each opens the account once, in place of a code. Not shown again."""

    recovery_codes: list[str]


@post(
    "/",
    operation_id="enrolTotp",
    summary="Begin two-step verification",
    status_code=200,
    responses=refusals(Code.PERSON_REQUIRED, Code.PASSWORD_WRONG, Code.TOO_MANY_TRIES, Code.TOTP_ALREADY_ON),
)
async def post_totp(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    data: JSONBody[PasswordProof],
) -> TotpAnswer:
    """Gives a new secret. Nothing changes until a code of it is confirmed."""
    owner = principal.the_person().owner
    await prove_password(gateway.storage, owner, data.password)
    secret = new_secret()
    sealed = gateway.sealer.seal(SEAL, owner.id, secret)

    async def enrol(tx: Tx) -> TotpAnswer:
        await enrol_totp(tx, owner.id, sealed)
        return TotpAnswer(secret=secret, uri=uri_of(secret, owner.email))

    return await once.answer(gateway.storage, enrol)


@post(
    "/confirm",
    operation_id="confirmTotp",
    summary="Turn two-step verification on",
    status_code=200,
    responses=refusals(Code.PERSON_REQUIRED, Code.TOTP_INVALID, Code.TOTP_NOT_ENROLLED),
)
async def post_confirm(
    gateway: TheGateway, principal: ThePrincipal, once: TheOnce, data: JSONBody[TotpCode]
) -> RecoveryCodesAnswer:
    """A code shows that the app has the secret. The user's other sessions end."""
    person = principal.the_person()
    factor = await gateway.storage.read(second_factor_of, person.owner.id)
    if factor is None or factor.on:
        raise Refusal(Code.TOTP_NOT_ENROLLED)
    step = step_of(gateway.sealer, person.owner.id, factor, data.code, gateway.clock.now())
    codes = new_recovery_codes()
    hashes = [hash_recovery_code(code) for code in codes]

    async def confirm(tx: Tx) -> RecoveryCodesAnswer:
        await confirm_totp(tx, principal.account.id, person.owner.id, factor, step, hashes, person.session.id)
        return RecoveryCodesAnswer(recovery_codes=codes)

    return await once.answer(gateway.storage, confirm)


@delete(
    "/",
    operation_id="disableTotp",
    summary="Turn two-step verification off",
    responses=refusals(Code.PERSON_REQUIRED, Code.PASSWORD_WRONG, Code.TOO_MANY_TRIES),
)
async def delete_totp(gateway: TheGateway, principal: ThePrincipal, data: JSONBody[PasswordProof]) -> None:
    """Takes the password; recovery codes go too."""
    owner = principal.the_person().owner
    await prove_password(gateway.storage, owner, data.password)
    await gateway.storage.write(disable_totp, owner.id)


def totp_router() -> Router:
    return Router("/me/totp", route_handlers=[post_totp, post_confirm, delete_totp], tags=["Me"])
