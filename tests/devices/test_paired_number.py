"""The number that a device is on WhatsApp, beside the one that it is registered under."""

import pytest

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId
from merpati.devices.actions import NewDevice, add_device, update_device
from merpati.devices.connection import change_state
from merpati.devices.model import Device, DeviceState
from merpati.storage.port import Storage
from tests.devices.rig import come_into, device_now, have_account, have_device, sealed, token_of

LATER = Millis(2**60)
PAIRED = "6281234567890"


async def paired(storage: Storage) -> Device:
    """A device whose session is open."""
    await have_account(storage)
    device = await have_device(storage)
    await come_into(storage, device, DeviceState.CONNECTING)
    await storage.write(change_state, device, DeviceState.OPEN, "", LATER, number=PAIRED)
    return await device_now(storage)


async def test_it_is_what_the_network_tells_when_a_session_opens(storage: Storage) -> None:
    """And stays while the connection comes and goes."""
    assert (await paired(storage)).paired_number == PAIRED
    for state in (DeviceState.RETRYING, DeviceState.CONNECTING, DeviceState.OPEN, DeviceState.REPLACED):
        await come_into(storage, await device_now(storage), state)
        assert (await device_now(storage)).paired_number == PAIRED


async def test_since_when_it_is_that_number_is_known(storage: Storage) -> None:
    """The same number again does not begin anew; another one does, and logging out ends it."""
    since = (await paired(storage)).paired_at
    assert since > 0
    spans = []
    for number in (PAIRED, "6281234567891"):
        await come_into(storage, await device_now(storage), DeviceState.RETRYING)
        await storage.write(change_state, await device_now(storage), DeviceState.OPEN, "", LATER, number=number)
        spans.append((await device_now(storage)).paired_at)
    assert spans[0] == since <= spans[1]
    await come_into(storage, await device_now(storage), DeviceState.LOGGED_OUT)
    assert (await device_now(storage)).paired_at == 0


async def test_another_name_does_not_change_it(storage: Storage) -> None:
    """Fonnte docs, API update device: `device` may change; it is a name."""
    device = await paired(storage)
    renamed = await storage.write(update_device, device.id, "6289999999999", device.name, device.settings)

    assert (renamed.number, renamed.paired_number) == ("6289999999999", PAIRED)
    assert await device_now(storage) == renamed


async def test_it_goes_when_whatsapp_logs_the_device_out(storage: Storage) -> None:
    """The next pairing may be another phone's."""
    device = await paired(storage)
    await come_into(storage, device, DeviceState.LOGGED_OUT)

    assert (await device_now(storage)).paired_number == ""


@pytest.mark.parametrize("number", [PAIRED, "0" + PAIRED[2:]])
async def test_it_cannot_be_another_devices_name(storage: Storage, number: str) -> None:
    """Such a device would log in as this one, however it is written; this one itself may be named so."""
    device = await paired(storage)
    other = await have_device(storage, 2)
    new = NewDevice(id=DeviceId(3), account=AccountId(1), number=number, name="Toko", transport="simulator")

    with pytest.raises(Refusal) as added:
        await storage.write(add_device, new, sealed(token_of(3)))
    with pytest.raises(Refusal) as updated:
        await storage.write(update_device, other.id, number, other.name, other.settings)
    assert (added.value.code, updated.value.code) == (Code.DEVICE_EXISTS, Code.DEVICE_EXISTS)
    assert (await storage.write(update_device, device.id, number, device.name, device.settings)).number == number


@pytest.mark.parametrize(
    ("first", "second"), [("6281234567890", "081234567890"), ("081234567890", "6281234567890")]
)
async def test_two_devices_are_not_one_phone_in_two_spellings(storage: Storage, first: str, second: str) -> None:
    """Also while neither is paired: each would end the other's session."""
    await have_account(storage)
    one, two = (
        NewDevice(id=DeviceId(id_), account=AccountId(1), number=number, name="Toko", transport="simulator")
        for id_, number in ((1, first), (2, second))
    )
    await storage.write(add_device, one, sealed(token_of(1)))
    with pytest.raises(Refusal) as refused:
        await storage.write(add_device, two, sealed(token_of(2)))
    assert refused.value.code is Code.DEVICE_EXISTS
