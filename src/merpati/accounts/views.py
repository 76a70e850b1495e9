"""Reading accounts, owners and invitations."""

from collections.abc import Sequence

from merpati.accounts import store
from merpati.accounts.model import Account, Owner
from merpati.core.ids import AccountId
from merpati.storage.port import Tx


async def accounts(tx: Tx) -> list[Account]:
    """Every account, oldest first."""
    return await store.accounts(tx)


async def find_account(tx: Tx, id_: AccountId) -> Account | None:
    return await store.account_by(tx, "id", id_)


async def accounts_by_token_hashes(tx: Tx, hashes: Sequence[str]) -> dict[str, Account]:
    """`tokens.hash_token` -> account; unknown hashes are left out."""
    return await store.accounts_by_hashes(tx, hashes)


async def sealed_account_token(tx: Tx, id_: AccountId) -> str | None:
    """Opens with `Sealer.unseal("account", id, …)`."""
    return await store.sealed_token_of(tx, id_)


async def find_owner(tx: Tx, email: str) -> Owner | None:
    """By the address they sign in with, in any case of letters."""
    return await store.owner_by(tx, "email", email.strip().lower())


async def find_owner_by_login(tx: Tx, login: str) -> Owner | None:
    """By what `model.parse_login` made of what was typed."""
    return await store.owner_by(tx, "email" if "@" in login else "phone", login)


async def owners(tx: Tx) -> list[Owner]:
    """Everybody who may sign in."""
    return await store.owners(tx)


async def invitation_is_good(tx: Tx, token_hash: str) -> bool:
    """Whether the one-time link still works."""
    return await store.invitation_is_good(tx, token_hash)
