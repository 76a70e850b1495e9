"""Reading devices."""

import itertools
from collections.abc import Collection, Mapping, Sequence

import msgspec

from merpati.core.ids import AccountId, DeviceId
from merpati.devices import store, store_tokens
from merpati.devices.model import Device, DeviceState
from merpati.storage.port import Tx


async def find_device(tx: Tx, id_: DeviceId) -> Device | None:
    return await store.device_by(tx, "id", id_)


async def find_device_by_number(tx: Tx, number: str) -> Device | None:
    return await store.device_by(tx, "number", number)


async def find_devices(tx: Tx, ids: Sequence[DeviceId]) -> dict[DeviceId, Device]:
    """Those of these devices that exist, or did until they were deleted."""
    return await store.devices_by_ids(tx, ids)


async def cautious_devices(tx: Tx, warms_up: Mapping[DeviceId, bool]) -> list[DeviceId]:
    """Those of these devices that limit to how many people who do not know them they write. `warms_up`: their
    network bans numbers that write to many."""
    return await store.cautious(tx, [(device, int(does)) for device, does in sorted(warms_up.items())])


async def devices_by_token_hashes(tx: Tx, hashes: Sequence[str]) -> dict[str, Device]:
    """`tokens.hash_token` -> device; unknown hashes are left out. A replaced token counts while it overlaps."""
    found = await store.devices_by_hashes(tx, hashes)
    old = await store_tokens.devices_of_old(tx, [hash_ for hash_ in hashes if hash_ not in found])
    devices = await store.devices_by_ids(tx, list(old.values()))
    return {**found, **{hash_: devices[id_] for hash_, id_ in old.items() if id_ in devices}}


async def devices_of(tx: Tx, account: AccountId, among: Collection[DeviceId] | None = None) -> list[Device]:
    """Every device of the account, or every one `among` these, oldest first."""
    return await store.devices_of(tx, account, among)


EVERY = 2**63 - 1


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which devices; what is None or empty is not asked."""

    text: str = ""
    """In the name or the number, in either case."""
    state: DeviceState | None = None
    transport: str | None = None
    among: Collection[DeviceId] | None = None


async def search_devices(tx: Tx, account: AccountId, wanted: Wanted, after: DeviceId, limit: int) -> list[Device]:
    """The account's devices that are like that, oldest first, those after `after`.

    The database filters, orders and cuts. Only a text is compared here, with what the database found: SQLite does
    not know the case of letters beyond ASCII.
    """
    text = wanted.text.strip().casefold()
    if not text:
        return await store.find_devices(tx, account, wanted.state, wanted.transport, after, limit, wanted.among)
    digits = "".join(filter(str.isdigit, text))
    found = (
        device
        for device in await store.find_devices(
            tx, account, wanted.state, wanted.transport, after, EVERY, wanted.among
        )
        if text in device.name.casefold() or bool(digits and digits in device.number)
    )
    return list(itertools.islice(found, limit))


async def count_states(tx: Tx) -> dict[DeviceState, int]:
    """How many devices are in each state; states of none are left out."""
    return await store.count_states(tx)


async def sealed_device_token(tx: Tx, id_: DeviceId) -> str | None:
    """Opens with `Sealer.unseal("device", id, …)`."""
    return await store.sealed_token_of(tx, id_)
