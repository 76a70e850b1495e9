"""Demo data: an account, its owner, three simulated devices, some people and a group of them.

Sown into a running gateway, and again at each start: what is there stays as its owner left it.
"""

import asyncio
import hashlib
import time
from typing import NamedTuple

import msgspec

from merpati.accounts.actions import create_account, create_owner
from merpati.accounts.model import Owner
from merpati.accounts.passwords import hash_password, verify_password
from merpati.accounts.views import accounts, find_owner, sealed_account_token
from merpati.app.gateway import Gateway
from merpati.core.ids import AccountId, Address, DeviceId, UserId
from merpati.core.tokens import new_account_token, new_device_token
from merpati.devices.actions import NewDevice, add_device
from merpati.devices.model import Device
from merpati.devices.views import devices_of, find_device_by_number, sealed_device_token
from merpati.storage.port import Tx

EMAIL = "demo@merpati.example"
ACCOUNT_NAME = "Demo"
CONNECTED_WITHIN_S = 5.0
LOOK_AGAIN_S = 0.02


class _Sender(NamedTuple):
    number: str
    name: str
    connected: bool


# No one's numbers: nothing is given out under +62 810.
DEVICES = (
    _Sender("6281000000001", "Toko", connected=True),
    _Sender("6281000000002", "Gudang", connected=True),
    _Sender("6281000000003", "Cadangan", connected=False),
)
PEOPLE = {
    Address("6281000001001"): "Siti Rahayu",
    Address("6281000001002"): "Budi Santoso",
    Address("6281000001003"): "Dewi Lestari",
    Address("6281000001004"): "Agus Pratama",
}
GROUP, GROUP_NAME = Address("120363000000000001@g.us"), "Pelanggan Setia"


class Login(msgspec.Struct, frozen=True):
    """How the owner signs in; an empty password was changed since and is known to its owner alone."""

    email: str
    password: str


class DemoDevice(msgspec.Struct, frozen=True):
    number: str
    token: str
    connected: bool


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """What `merpati demo --json` prints; scripts rely on these names."""

    url: str
    owner: Login
    account_token: str
    devices: list[DemoDevice]
    people: list[Address]
    groups: list[Address]


class NotADemo(Exception):
    """The database has accounts, and the demo's is not among them: somebody works with it."""


async def sow(gateway: Gateway, url: str) -> Demo:
    """Put in what is missing, wait until the wanted devices are connected, tell what there is at `url`.

    Raises `NotADemo`, before anything is changed.
    """
    owner = await _owner(gateway)
    await _sow_people(gateway)
    await _sow_devices(gateway, owner.account)
    gateway.node.wake()
    devices = await _settled(gateway, owner.account)
    return Demo(
        url=url,
        owner=Login(EMAIL, await _known_password(gateway, owner)),
        account_token=await _account_token(gateway, owner.account),
        devices=[DemoDevice(each.number, await _token(gateway, each.id), each.connected) for each in devices],
        people=list(PEOPLE),
        groups=[GROUP],
    )


# -- the account --


async def _owner(gateway: Gateway) -> Owner:
    known = await gateway.storage.read(find_owner, EMAIL)
    if known is not None:
        return known
    if await gateway.storage.read(accounts):
        raise NotADemo
    account = AccountId((await gateway.ids.take("account"))[0])
    owner = UserId((await gateway.ids.take("user"))[0])
    sealed = gateway.sealer.seal_token("account", account, new_account_token())
    password_hash = await hash_password(_password(gateway))

    async def create_both(tx: Tx) -> Owner:
        await create_account(tx, account, ACCOUNT_NAME, sealed)
        return await create_owner(tx, owner, account, EMAIL, password_hash)

    return await gateway.storage.write(create_both)


def _password(gateway: Gateway) -> str:
    """Another one in each data folder, the same at each start: it follows from a key there."""
    digest = hashlib.sha256(gateway.folder.key("demo")).hexdigest()
    return "-".join(digest[n : n + 4] for n in range(0, 16, 4))


async def _known_password(gateway: Gateway, owner: Owner) -> str:
    password = _password(gateway)
    return password if await verify_password(owner.password_hash, password) else ""


async def _account_token(gateway: Gateway, account: AccountId) -> str:
    sealed = await gateway.storage.read(sealed_account_token, account)
    return gateway.sealer.unseal("account", account, sealed or "")


# -- people and devices --


async def _sow_people(gateway: Gateway) -> None:
    """People first, and pairing before the device is wanted: a session without one would end at once."""
    phone = gateway.transports.simulator.phone
    there = await phone.everything()
    known = {person.number for person in there.people}
    for number, name in PEOPLE.items():
        if number not in known:
            await phone.add(number, name, online=True)
    paired = {device.account.device for device in there.devices}
    for sender in DEVICES:
        if sender.connected and sender.number not in paired:
            await phone.add_device(Address(sender.number))
    if GROUP not in {group.id for group in there.groups}:
        members = (*PEOPLE, *(Address(sender.number) for sender in DEVICES if sender.connected))
        await phone.set_group(GROUP, GROUP_NAME, members)


async def _sow_devices(gateway: Gateway, account: AccountId) -> None:
    for sender in DEVICES:
        if await gateway.storage.read(find_device_by_number, sender.number) is None:
            id_ = DeviceId((await gateway.ids.take("device"))[0])
            new = NewDevice(
                id=id_,
                account=account,
                number=sender.number,
                name=sender.name,
                transport=gateway.transports.default,
                desired=sender.connected,
            )
            token = gateway.sealer.seal_token("device", id_, new_device_token())
            await gateway.storage.write(add_device, new, token)


async def _settled(gateway: Gateway, account: AccountId) -> list[Device]:
    """The account's devices, as soon as each that is wanted is connected, or in some seconds as they are."""
    give_up_at = time.monotonic() + CONNECTED_WITHIN_S
    while True:
        devices = await gateway.storage.read(devices_of, account)
        if all(each.connected for each in devices if each.desired) or time.monotonic() > give_up_at:
            return devices
        await asyncio.sleep(LOOK_AGAIN_S)


async def _token(gateway: Gateway, device: DeviceId) -> str:
    sealed = await gateway.storage.read(sealed_device_token, device)
    return gateway.sealer.unseal("device", device, sealed or "")
