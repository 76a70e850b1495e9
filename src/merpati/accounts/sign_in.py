"""Signing in: with an e-mail address or a phone number, and a password."""

import msgspec

from merpati.accounts.model import Owner, SignedIn, parse_login
from merpati.accounts.passwords import verify_password
from merpati.accounts.sessions import open_session, signed_in_by
from merpati.accounts.tries import begin_try, end_try
from merpati.accounts.views import find_owner_by_login
from merpati.core.errors import Code, Refusal
from merpati.core.ids import SignInId
from merpati.core.tokens import hash_token, new_link_token
from merpati.storage.ids import Ids
from merpati.storage.port import Storage, Tx


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who wants to sign in, and from where."""

    login: str
    password: str
    address: str
    agent: str


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was opened, and the token that its browser keeps."""

    who: SignedIn
    token: str


async def sign_in(storage: Storage, ids: Ids, asking: Asking) -> Admitted:
    """Open a session; raises `Refusal` (SIGN_IN_FAILED, TOO_MANY_TRIES).

    A name that nobody has takes as long as a wrong password, and is answered in the same words.
    """
    login = parse_login(asking.login)
    await storage.write(begin_try, login, asking.address)
    owner = await storage.read(find_owner_by_login, login)
    right = await verify_password(owner.password_hash if owner else None, asking.password)
    if owner is None or not right:
        raise Refusal(Code.SIGN_IN_FAILED)
    return await admit(storage, ids, owner, login, asking)


async def admit(storage: Storage, ids: Ids, owner: Owner, login: str, asking: Asking) -> Admitted:
    """Open a session for an owner who has shown who they are."""
    id_, token = SignInId((await ids.take("session"))[0]), new_link_token()

    async def enter(tx: Tx) -> SignedIn | None:
        await end_try(tx, login, asking.address)
        await open_session(tx, id_, owner.id, hash_token(token), asking.address, asking.agent)
        return await signed_in_by(tx, hash_token(token))

    who = await storage.write(enter)
    if who is None:
        raise Refusal(Code.SIGN_IN_FAILED)
    return Admitted(who=who, token=token)
