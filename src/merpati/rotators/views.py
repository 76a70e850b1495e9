"""Reading rotators."""

from merpati.core.ids import AccountId, RotatorId
from merpati.rotators import store
from merpati.rotators.model import Rotator
from merpati.storage.port import Tx


async def find_rotator(tx: Tx, id_: RotatorId) -> Rotator | None:
    return await store.rotator_by_id(tx, id_)


async def list_rotators(tx: Tx, account: AccountId, after: int, limit: int) -> list[Rotator]:
    """The account's, by number, those with a number above `after`."""
    return await store.rotators_of(tx, account, after, limit)


async def rotator_names(tx: Tx, account: AccountId) -> list[tuple[int, str]]:
    """Number and name of every rotator of the account, by number."""
    return await store.names_of(tx, account)
