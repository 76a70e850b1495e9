"""A command's way to the data: the same folder and database that a running gateway uses, side by side with it."""

import contextlib
from collections.abc import AsyncIterator

import msgspec

from merpati.accounts.model import Account
from merpati.accounts.views import accounts, find_account, find_owner
from merpati.app.gateway import SEALING_KEY
from merpati.app.opening import open_storage
from merpati.cli.settings import load_settings
from merpati.cli.troubles import Trouble, place_of
from merpati.config import Config
from merpati.core.clock import Clock, SystemClock
from merpati.core.ids import AccountId
from merpati.core.tokens import Sealer
from merpati.storage.folder import DataFolder
from merpati.storage.ids import Ids
from merpati.storage.migrate import find_schema_version, known_migrations, migrate
from merpati.storage.port import Storage, Tx

ONE_AT_A_TIME = 1
"""A command needs few ids; a block of a thousand for each would be a waste of them."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What a command works with."""

    config: Config
    clock: Clock
    folder: DataFolder
    storage: Storage
    ids: Ids

    def sealer(self) -> Sealer:
        """Opens and seals tokens with the data folder's key."""
        return Sealer(self.folder.key(SEALING_KEY))


@contextlib.asynccontextmanager
async def opened(*, make: bool = False) -> AsyncIterator[Opened]:
    """The data that the settings name. With `make` an empty database gets its tables, and a missing folder is made.

    Raises `Trouble` where there is nothing, or the tables are older than this merpati.
    """
    config, clock = load_settings().config, SystemClock()
    if not make and not has_data(config):
        raise Trouble("cli.trouble.no_data", folder=config.data.absolute())
    folder = DataFolder(config.data)
    storage = await open_storage(config, folder, clock)
    try:
        await _check_schema(config, storage, make=make)
        yield Opened(config=config, clock=clock, folder=folder, storage=storage, ids=Ids(storage, ONE_AT_A_TIME))
    finally:
        await storage.close()


def has_data(config: Config) -> bool:
    """Whether there is a database already. A server is asked only when it is opened."""
    return bool(config.database) or (config.data / "merpati.db").exists()


async def _check_schema(config: Config, storage: Storage, *, make: bool) -> None:
    """A gateway that runs must not find its tables changed: only an empty database is migrated here."""
    found, known = await storage.read(find_schema_version), len(known_migrations(storage.engine))
    if found == 0 and not make:
        raise Trouble("cli.trouble.no_tables", place=place_of(config))
    if found == 0 or found > known:
        await migrate(storage)
    elif found < known:
        raise Trouble("cli.trouble.schema_old", found=found, known=known)


async def choose_account(tx: Tx, asked: str | None) -> Account:
    """The account that `--account` names by id or by an owner's e-mail; without it the only one there is."""
    if asked is None:
        known = await accounts(tx)
        if not known:
            raise Trouble("cli.trouble.no_account")
        if len(known) > 1:
            raise Trouble("cli.trouble.which_account", ids=", ".join(str(account.id) for account in known))
        return known[0]
    found = await find_account(tx, AccountId(int(asked))) if asked.isdecimal() else await _account_of(tx, asked)
    if found is None:
        raise Trouble("cli.trouble.account_unknown", asked=asked)
    return found


async def _account_of(tx: Tx, email: str) -> Account | None:
    owner = await find_owner(tx, email)
    return await find_account(tx, owner.account) if owner is not None else None
