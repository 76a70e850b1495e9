"""What can be done with accounts, their users and invitations."""

import msgspec

from merpati.accounts import store
from merpati.accounts.model import Owner, check_email
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, UserId
from merpati.core.tokens import SealedToken
from merpati.log.actions import open_account
from merpati.storage.port import Tx


async def create_account(tx: Tx, id_: AccountId, name: str, token: SealedToken) -> None:
    """Open an account and its sequence of facts. May run twice."""
    await store.insert_account(tx, id_, name.strip(), token)
    await open_account(tx, id_)


async def rotate_account_token(tx: Tx, id_: AccountId, token: SealedToken) -> None:
    """The old token is worth nothing any more. May run twice."""
    await store.set_account_token(tx, id_, token)


async def create_owner(tx: Tx, id_: UserId, account: AccountId, email: str, password_hash: str) -> Owner:
    """Somebody who signs in to the account; raises `Refusal` (EMAIL_TAKEN, INPUT_INVALID). May run twice."""
    owner = Owner(id=id_, account=account, email=check_email(email), password_hash=password_hash)
    if not await store.insert_owner(tx, owner):
        raise Refusal(Code.EMAIL_TAKEN, email=owner.email)
    return owner


async def change_password(tx: Tx, owner: UserId, password_hash: str) -> None:
    """May run twice."""
    await store.set_password(tx, owner, password_hash)


# -- the one-time link --


async def create_invitation(tx: Tx, token_hash: str, expires_at: Millis) -> None:
    """A link that creates an owner, once, until it expires. Older links stop working. May run twice."""
    await store.drop_invitations(tx)
    await store.insert_invitation(tx, token_hash, expires_at)


class NewOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Who accepts an invitation, with the account that is opened for them."""

    account: AccountId
    account_name: str
    account_token: SealedToken
    owner: UserId
    email: str
    password_hash: str


async def accept_invitation(tx: Tx, token_hash: str, new: NewOwner) -> Owner:
    """Open an account and its owner by a one-time link; raises `Refusal` (INVITATION_INVALID, EMAIL_TAKEN).

    The link is used up only when the owner is created. A second run is refused, as the link is gone.
    """
    if not await store.take_invitation(tx, token_hash):
        raise Refusal(Code.INVITATION_INVALID)
    await create_account(tx, new.account, new.account_name, new.account_token)
    return await create_owner(tx, new.owner, new.account, new.email, new.password_hash)
