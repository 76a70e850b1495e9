"""What can be done with accounts, their users and invitations."""

import msgspec
from msgspec import UNSET, UnsetType

from merpati.accounts import store
from merpati.accounts.model import (
    Language,
    Owner,
    Theme,
    check_email,
    check_time_zone,
    check_user_name,
    check_user_phone,
)
from merpati.accounts.sessions import NO_SESSION, end_other_sessions
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.facts import AccountTokenRotated
from merpati.core.ids import AccountId, SignInId, UserId
from merpati.core.tokens import SealedToken
from merpati.log.actions import open_account, record
from merpati.log.model import Recorded
from merpati.storage.port import Tx


async def create_account(tx: Tx, id_: AccountId, name: str, token: SealedToken) -> None:
    """Open an account and its sequence of facts. May run twice."""
    await store.insert_account(tx, id_, name.strip(), token)
    await open_account(tx, id_)


async def rotate_account_token(tx: Tx, id_: AccountId, token: SealedToken) -> None:
    """The old token is worth nothing any more. May run twice."""
    await tx.lock([id_])
    await store.set_account_token(tx, id_, token)
    await record(tx, [Recorded(id_, AccountTokenRotated())])


async def create_owner(tx: Tx, id_: UserId, account: AccountId, email: str, password_hash: str) -> Owner:
    """Somebody who signs in to the account; raises `Refusal` (EMAIL_TAKEN, INPUT_INVALID). May run twice."""
    owner = Owner(id=id_, account=account, email=check_email(email), password_hash=password_hash)
    if not await store.insert_owner(tx, owner):
        raise Refusal(Code.EMAIL_TAKEN, email=owner.email)
    return owner


async def change_password(
    tx: Tx, user: UserId, password_hash: str, *, proved: str | None = None, kept: SignInId = NO_SESSION
) -> None:
    """Another password; the user's sessions end, but for `kept`. May run twice.

    `proved`: the hash that the caller was checked against; raises `Refusal(PASSWORD_WRONG)` where it is not the
    user's any more.
    """
    owner = await store.owner_by(tx, "id", user)
    if owner is None:
        return
    await tx.lock([owner.account])
    if proved is not None and not await store.has_password(tx, user, [proved, password_hash]):
        raise Refusal(Code.PASSWORD_WRONG)
    await store.set_password(tx, user, password_hash)
    await end_other_sessions(tx, owner.account, user, kept)


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a user; what is not set stays."""

    name: str | UnsetType = UNSET
    phone: str | UnsetType | None = UNSET
    language: Language | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET


async def update_profile(tx: Tx, user: UserId, change: ProfileChange) -> Owner | None:
    """The user as they are now; raises `Refusal` (INPUT_INVALID, PHONE_TAKEN). None: nobody. May run twice.

    Raises `Violation` where another took the number in the same moment.
    """
    owner = await store.owner_by(tx, "id", user)
    if owner is None:
        return None
    name, phone, language, theme, time_zone = (
        change.name,
        change.phone,
        change.language,
        change.theme,
        change.time_zone,
    )
    changed = msgspec.structs.replace(
        owner,
        name=owner.name if name is UNSET else check_user_name(name),
        phone=owner.phone if phone is UNSET else check_user_phone(phone),
        language=owner.language if language is UNSET else language,
        theme=owner.theme if theme is UNSET else theme,
        time_zone=owner.time_zone if time_zone is UNSET else check_time_zone(time_zone),
    )
    holder = await store.owner_by(tx, "phone", changed.phone) if changed.phone else None
    if holder is not None and holder.id != user:
        raise Refusal(Code.PHONE_TAKEN, phone=holder.phone or "")
    await store.set_profile(tx, changed)
    return changed


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
