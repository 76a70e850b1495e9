"""Accounts and devices for tests."""

from merpati.accounts.actions import create_account
from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId
from merpati.core.tokens import SealedToken, hash_token
from merpati.devices.actions import NewDevice, add_device, set_desired
from merpati.devices.connection import change_state
from merpati.devices.model import Device, DeviceState, Settings
from merpati.devices.views import find_device
from merpati.log.model import Entry
from merpati.log.store import facts_after
from merpati.storage.port import Storage

SIMULATED = "simulator"


def token_of(id_: int) -> str:
    return f"token-of-{id_}"


def sealed(token: str) -> SealedToken:
    return SealedToken(hash_token(token), "sealed")


async def have_account(storage: Storage, id_: int = 1) -> AccountId:
    account = AccountId(id_)
    await storage.write(create_account, account, "Toko", sealed(f"account-{id_}"))
    return account


async def have_device(
    storage: Storage, id_: int = 1, *, account: int = 1, desired: bool = False, settings: Settings | None = None
) -> Device:
    """A device of an account that is there."""
    new = NewDevice(
        id=DeviceId(id_),
        account=AccountId(account),
        number=str(62_810_000_000 + id_),
        name=f"Toko {id_}",
        transport=SIMULATED,
        desired=desired,
        settings=settings or Settings(),
    )
    return await storage.write(add_device, new, sealed(token_of(id_)))


async def have_devices(storage: Storage, count: int, *, desired: bool = True) -> list[DeviceId]:
    """Devices 1…count of a new account 1."""
    await have_account(storage)
    return [(await have_device(storage, n, desired=desired)).id for n in range(1, count + 1)]


async def device_now(storage: Storage, id_: int = 1) -> Device:
    device = await storage.read(find_device, DeviceId(id_))
    assert device is not None
    return device


async def come_into(storage: Storage, device: Device, state: DeviceState, at: int | None = None) -> bool:
    now = Millis(at) if at is not None else Millis(2**60)
    return await storage.write(change_state, device, state, "", now)


async def want(storage: Storage, id_: int, desired: bool) -> None:
    await storage.write(set_desired, DeviceId(id_), desired)


async def facts_of(storage: Storage, account: int = 1) -> list[Entry]:
    return await storage.read(facts_after, AccountId(account), 0, 1000)
