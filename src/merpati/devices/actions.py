"""What can be done with accounts, owners, invitations and devices."""

from collections.abc import Sequence

import msgspec

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.facts import DeviceAdded, DeviceUpdated
from merpati.core.ids import AccountId, DeviceId, UserId
from merpati.devices import store, store_connection
from merpati.devices.model import (
    LIVE,
    Device,
    DeviceState,
    Owner,
    Reason,
    Settings,
    check_email,
    check_name,
    check_number,
    check_settings,
)
from merpati.devices.tokens import SealedToken
from merpati.log.actions import open_account, record
from merpati.log.model import Recorded
from merpati.storage.port import Tx

# -- accounts --


async def create_account(tx: Tx, id_: AccountId, name: str, token: SealedToken) -> None:
    """Open an account and its sequence of facts. May run twice."""
    await store.insert_account(tx, id_, name.strip(), token)
    await open_account(tx, id_)


async def rotate_account_token(tx: Tx, id_: AccountId, token: SealedToken) -> None:
    """The old token is worth nothing any more. May run twice."""
    await store.set_account_token(tx, id_, token)


async def create_owner(tx: Tx, id_: UserId, account: AccountId, email: str, password_hash: str) -> Owner:
    """Somebody who signs in to the account; raises `Refusal` (EMAIL_TAKEN, INPUT_INVALID). May run twice."""
    owner = Owner(id=id_, account=account, email=check_email(email), password_hash=password_hash)
    if not await store.insert_owner(tx, owner):
        raise Refusal(Code.EMAIL_TAKEN, email=owner.email)
    return owner


async def change_password(tx: Tx, owner: UserId, password_hash: str) -> None:
    """May run twice."""
    await store.set_password(tx, owner, password_hash)


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


# -- devices --


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
    """Add a device; raises `Refusal` (INPUT_INVALID, DEVICE_EXISTS: the number is somebody's). May run twice.

    Source: Fonnte docs, API add device.
    """
    await tx.lock([new.account])
    known = await store.device_by(tx, "id", new.id)
    if known is not None:
        return known
    device = _new_device(new, tx.now)
    if not await store.insert_device(tx, device, token):
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
        created_at=now,
    )


async def update_device(tx: Tx, id_: DeviceId, number: str, name: str, settings: Settings) -> Device:
    """Change what an owner decides; raises `Refusal` (INPUT_INVALID, DEVICE_EXISTS, DEVICE_UNKNOWN).

    Raises `Violation` where another took the number in the same moment. Nothing changed, no fact. May run twice.
    Source: Fonnte docs, API update device.
    """
    device = await _lock_device(tx, id_)
    number, name, settings = check_number(number), check_name(name), check_settings(settings)
    changed = _changed_fields(device, number, name, settings)
    if not changed:
        return device
    if number != device.number and not await store.number_is_free(tx, number, id_):
        raise Refusal(Code.DEVICE_EXISTS, number=number)
    await store.update_device(tx, id_, number, name, settings)
    await _record_update(tx, device, changed)
    return msgspec.structs.replace(device, number=number, name=name, settings=settings)


def _changed_fields(device: Device, number: str, name: str, settings: Settings) -> list[str]:
    before = {"number": device.number, "name": device.name, **msgspec.structs.asdict(device.settings)}
    after = {"number": number, "name": name, **msgspec.structs.asdict(settings)}
    return [field for field in after if after[field] != before[field]]


async def rotate_token(tx: Tx, id_: DeviceId, token: SealedToken) -> None:
    """The device's old token is worth nothing any more; raises `Refusal(DEVICE_UNKNOWN)`. May run twice."""
    device = await _lock_device(tx, id_)
    await store.set_device_token(tx, id_, token)
    await _record_update(tx, device, ["token"])


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
    device = await store.device_by(tx, "id", id_)
    if device is None:
        raise Refusal(Code.DEVICE_UNKNOWN)
    await tx.lock([device.account])
    return await store.device_by(tx, "id", id_) or device


async def _record_update(tx: Tx, device: Device, fields: Sequence[str]) -> None:
    await record(tx, [Recorded(device.account, DeviceUpdated(device.id, list(fields)))])
