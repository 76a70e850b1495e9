"""Signing in: with an e-mail address or a phone number, a password, and a code where the user wants one."""

from collections.abc import Sequence

import msgspec

from merpati.accounts import store
from merpati.accounts.known_browsers import is_known
from merpati.accounts.model import Owner, SignedIn, parse_login
from merpati.accounts.passwords import verify_password
from merpati.accounts.sessions import open_session, signed_in_by
from merpati.accounts.totp import hash_recovery_code, second_factor_of, step_of, use_recovery_code, use_totp
from merpati.accounts.tries import (
    Counted,
    begin_try,
    end_try,
    forgive_try,
    of_browser,
    of_code,
    of_person,
    of_stranger,
)
from merpati.accounts.views import find_owner_by_login
from merpati.core.clock import Clock
from merpati.core.errors import Code, Refusal
from merpati.core.ids import SignInId
from merpati.core.tokens import Sealer, hash_token, new_link_token
from merpati.storage.ids import Ids
from merpati.storage.port import Storage, Tx


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants to sign in, and from where."""

    login: str
    password: str
    address: str
    agent: str
    totp: str = ""
    recovery_code: str = ""
    note: str = ""
    """What the browser shows of an earlier sign-in (`known_browsers`)."""


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was opened, and the token that its browser keeps."""

    who: SignedIn
    token: str


async def sign_in(storage: Storage, ids: Ids, sealer: Sealer, clock: Clock, asking: Asking) -> Admitted:
    """Open a session; raises `Refusal` (SIGN_IN_FAILED, TOTP_REQUIRED, TOTP_INVALID, TOO_MANY_TRIES).

    A name that nobody has takes as long as a wrong password, and is answered in the same words.
    """
    login = parse_login(asking.login)
    owner = await storage.read(find_owner_by_login, login)
    is_of_theirs = owner is not None and is_known(sealer, owner.id, asking.note)
    counted = of_browser(asking.note) if is_of_theirs else of_stranger(login, asking.address)
    await storage.write(begin_try, counted)
    right = await verify_password(owner.password_hash if owner else None, asking.password)
    if owner is None or not right:
        raise Refusal(Code.SIGN_IN_FAILED)
    if not owner.totp_on:
        return await admit(storage, ids, owner, asking, counted)
    if not (asking.totp or asking.recovery_code):
        await storage.write(forgive_try, counted)
        raise Refusal(Code.TOTP_REQUIRED)
    counted += of_code(owner.id)
    await storage.write(begin_try, of_code(owner.id))
    step = await _step(storage, sealer, clock, owner, asking) if asking.totp else None
    return await admit(storage, ids, owner, asking, counted, step=step)


async def _step(storage: Storage, sealer: Sealer, clock: Clock, owner: Owner, asking: Asking) -> int:
    factor = await storage.read(second_factor_of, owner.id)
    if factor is None:
        raise Refusal(Code.TOTP_INVALID)
    return step_of(sealer, owner.id, factor, asking.totp, clock.now())


async def admit(
    storage: Storage,
    ids: Ids,
    owner: Owner,
    asking: Asking,
    counted: Sequence[Counted] = (),
    *,
    step: int | None = None,
) -> Admitted:
    """Open a session for an owner who has shown who they are, and use up the code that they brought.

    `counted`: what their try was counted by.

    Raises `Refusal`: TOTP_INVALID for a code that is used up already, SIGN_IN_FAILED where what they have shown was
    changed since it was read (checking a password takes its time).
    """
    id_, token = SignInId((await ids.take("session"))[0]), new_link_token()

    async def enter(tx: Tx) -> SignedIn | None:
        now = await _as_they_are(tx, owner)
        if now is None or (now.password_hash, now.totp_on) != (owner.password_hash, owner.totp_on):
            raise Refusal(Code.SIGN_IN_FAILED)
        if owner.totp_on and step is not None:
            await use_totp(tx, owner.id, step)
        elif owner.totp_on:
            await use_recovery_code(tx, owner.id, hash_recovery_code(asking.recovery_code))
        await end_try(tx, counted)
        await open_session(tx, id_, owner.id, hash_token(token), asking.address, asking.agent)
        return await signed_in_by(tx, hash_token(token))

    who = await storage.write(enter)
    if who is None:
        raise Refusal(Code.SIGN_IN_FAILED)
    return Admitted(who=who, token=token)


async def _as_they_are(tx: Tx, owner: Owner) -> Owner | None:
    """None: the user is gone. Nobody changes password or second factor until the transaction ends."""
    await tx.lock([owner.account])
    return await store.owner_by(tx, "id", owner.id)


async def prove_password(storage: Storage, owner: Owner, password: str) -> None:
    """For what a session alone must not do; raises `Refusal` (PASSWORD_WRONG, TOO_MANY_TRIES)."""
    await storage.write(begin_try, of_person(owner.id))
    if not await verify_password(owner.password_hash, password):
        raise Refusal(Code.PASSWORD_WRONG)
    await storage.write(_proved, owner)


async def _proved(tx: Tx, owner: Owner) -> None:
    now = await _as_they_are(tx, owner)
    if now is None or now.password_hash != owner.password_hash:
        raise Refusal(Code.PASSWORD_WRONG)
    await end_try(tx, of_person(owner.id))
