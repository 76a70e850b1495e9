"""Reading devices."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, DeviceId
from merpati.devices import store
from merpati.devices.model import Device, DeviceState
from merpati.storage.port import Tx


async def find_device(tx: Tx, id_: DeviceId) -> Device | None:
    return await store.device_by(tx, "id", id_)


async def find_device_by_number(tx: Tx, number: str) -> Device | None:
    return await store.device_by(tx, "number", number)


async def find_devices(tx: Tx, ids: Sequence[DeviceId]) -> dict[DeviceId, Device]:
    """Those of these devices that exist."""
    return await store.devices_by_ids(tx, ids)


async def devices_by_token_hashes(tx: Tx, hashes: Sequence[str]) -> dict[str, Device]:
    """`tokens.hash_token` -> device; unknown hashes are left out."""
    return await store.devices_by_hashes(tx, hashes)


async def devices_of(tx: Tx, account: AccountId) -> list[Device]:
    """Every device of the account, oldest first."""
    return await store.devices_of(tx, account)


async def count_states(tx: Tx) -> dict[DeviceState, int]:
    """How many devices are in each state; states of none are left out."""
    return await store.count_states(tx)


async def sealed_device_token(tx: Tx, id_: DeviceId) -> str | None:
    """Opens with `Sealer.unseal("device", id, …)`."""
    return await store.sealed_token_of(tx, id_)
