"""Accepting the one-time link: an account, its owner, and the account's token."""

from typing import NamedTuple

from merpati.accounts.actions import NewOwner, accept_invitation
from merpati.accounts.model import Owner, check_email
from merpati.accounts.passwords import check_password, hash_password
from merpati.accounts.views import invitation_is_good
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, UserId
from merpati.core.tokens import Sealer, hash_token, new_account_token
from merpati.storage.ids import Ids
from merpati.storage.port import Storage


class Accepted(NamedTuple):
    """The owner that was made, and the account's token, which is shown once."""

    owner: Owner
    account_token: str


async def accept(storage: Storage, ids: Ids, sealer: Sealer, token: str, email: str, password: str) -> Accepted:
    """Use the link up; raises `Refusal` (INVITATION_INVALID, INPUT_INVALID, EMAIL_TAKEN): it stays good."""
    # before the password is hashed: that costs 50 ms of a core, which a stranger is not given
    if not await storage.read(invitation_is_good, hash_token(token)):
        raise Refusal(Code.INVITATION_INVALID)
    email, password = check_email(email), check_password(password)
    account = AccountId((await ids.take("account"))[0])
    account_token = new_account_token()
    new = NewOwner(
        account=account,
        account_name=email,
        account_token=sealer.seal_token("account", account, account_token),
        owner=UserId((await ids.take("user"))[0]),
        email=email,
        password_hash=await hash_password(password),
    )
    return Accepted(await storage.write(accept_invitation, hash_token(token), new), account_token)
