"""What can be done with devices."""

from collections.abc import Sequence

import msgspec

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.facts import DeviceAdded, DeviceUpdated
from merpati.core.ids import AccountId, DeviceId
from merpati.core.tokens import SealedToken
from merpati.devices import store, store_connection, store_tokens
from merpati.devices.model import (
    LIVE,
    Device,
    DeviceState,
    Reason,
    Settings,
    check_name,
    check_number,
    check_settings,
    spellings,
)
from merpati.log.actions import record
from merpati.log.model import Recorded
from merpati.storage.clock import database_now
from merpati.storage.port import Tx


class NewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device to add."""

    id: DeviceId
    account: AccountId
    number: str
    name: str
    transport: str
    settings: Settings = Settings()
    desired: bool = False


async def add_device(tx: Tx, new: NewDevice, token: SealedToken) -> Device:
    """Add a device; raises `Refusal` (INPUT_INVALID, DEVICE_EXISTS: another is registered or paired with it).

    May run twice. Source: Fonnte docs, API add device.
    """
    await tx.lock([new.account])
    known = await store.device_by(tx, "id", new.id)
    if known is not None:
        return known
    device = _new_device(new, tx.now)
    free = await store.number_is_free(tx, spellings(device.number), device.id)
    if not free or not await store.insert_device(tx, device, token):
        raise Refusal(Code.DEVICE_EXISTS, number=device.number)
    await store.insert_ownership(tx, device.id)
    await store_connection.insert_state(tx, device.id, tx.now, device.state, device.state_reason)
    await record(tx, [Recorded(device.account, DeviceAdded(device.id))])
    return device


def _new_device(new: NewDevice, now: Millis) -> Device:
    return Device(
        id=new.id,
        account=new.account,
        number=check_number(new.number),
        name=check_name(new.name),
        transport=new.transport,
        desired=new.desired,
        state=DeviceState.OFF,
        state_reason=Reason.NEW,
        state_at=now,
        settings=check_settings(new.settings),
        quota=None,
        expires_at=None,
        package="",
        created_at=now,
    )


async def update_device(tx: Tx, id_: DeviceId, number: str, name: str, settings: Settings) -> Device:
    """Change what an owner decides; raises `Refusal` (INPUT_INVALID, DEVICE_EXISTS, DEVICE_UNKNOWN).

    The number it is paired with stays: the one that changes is a name. Nothing changed, no fact. May run twice.
    Source: Fonnte docs, API update device.
    """
    device = await _lock_device(tx, id_)
    number, name, settings = check_number(number), check_name(name), check_settings(settings)
    changed = _changed_fields(device, number, name, settings)
    if not changed:
        return device
    if number != device.number and not await store.number_is_free(tx, spellings(number), id_):
        raise Refusal(Code.DEVICE_EXISTS, number=number)
    await store.update_device(tx, id_, number, name, settings)
    await _record_update(tx, device, changed)
    return msgspec.structs.replace(device, number=number, name=name, settings=settings)


def _changed_fields(device: Device, number: str, name: str, settings: Settings) -> list[str]:
    before = {"number": device.number, "name": device.name, **msgspec.structs.asdict(device.settings)}
    after = {"number": number, "name": name, **msgspec.structs.asdict(settings)}
    return [field for field in after if after[field] != before[field]]


async def rotate_token(tx: Tx, id_: DeviceId, token: SealedToken, overlap_ms: int = 0) -> Millis:
    """Give the device another token; answers until when the old one goes on working.

    Without an overlap no old one works any more, those of earlier overlaps included. Raises
    `Refusal(DEVICE_UNKNOWN)`. May run twice.
    """
    device = await _lock_device(tx, id_)
    until = Millis(await database_now(tx) + overlap_ms)
    if overlap_ms:
        await store_tokens.keep_token(tx, id_, token.hash, until)
    else:
        await store_tokens.drop_tokens(tx, id_)
    await store.set_device_token(tx, id_, token)
    await _record_update(tx, device, ["token"])
    return until


async def set_desired(tx: Tx, id_: DeviceId, desired: bool) -> Device:
    """Keep the device connected, or not; a node acts on it. Raises `Refusal(DEVICE_UNKNOWN)`. May run twice."""
    device = await _lock_device(tx, id_)
    if device.desired == desired:
        return device
    await store.set_desired(tx, id_, desired)
    await _record_update(tx, device, ["desired"])
    return msgspec.structs.replace(device, desired=desired)


async def connect_device(tx: Tx, id_: DeviceId) -> Device:
    """`set_desired(…, True)` for somebody who wants to pair; raises `Refusal(DEVICE_ALREADY_CONNECTED)` when open.

    Source: Fonnte docs, API get QR.
    """
    if (await _lock_device(tx, id_)).connected:
        raise Refusal(Code.DEVICE_ALREADY_CONNECTED)
    return await set_desired(tx, id_, True)


async def disconnect_device(tx: Tx, id_: DeviceId) -> Device:
    """`set_desired(…, False)`; raises `Refusal(DEVICE_ALREADY_DISCONNECTED)` where no session is wanted or runs.

    Source: Fonnte docs, API disconnect device.
    """
    before = await _lock_device(tx, id_)
    if not before.desired and before.state not in LIVE:
        raise Refusal(Code.DEVICE_ALREADY_DISCONNECTED)
    return await set_desired(tx, id_, False)


async def _lock_device(tx: Tx, id_: DeviceId) -> Device:
    """The device as it is under its account's lock (a device never changes its account)."""
    device = await _device(tx, id_)
    await tx.lock([device.account])
    return await _device(tx, id_)  # it may have been deleted by whoever had the lock


async def _device(tx: Tx, id_: DeviceId) -> Device:
    device = await store.device_by(tx, "id", id_)
    if device is None:
        raise Refusal(Code.DEVICE_UNKNOWN)
    return device


async def _record_update(tx: Tx, device: Device, fields: Sequence[str]) -> None:
    await record(tx, [Recorded(device.account, DeviceUpdated(device.id, list(fields)))])
