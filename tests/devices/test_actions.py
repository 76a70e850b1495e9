"""Devices: what can be done with them, on both engines."""

import asyncio
from collections.abc import Sequence

import pytest

from merpati.core.errors import Code, Refusal
from merpati.core.facts import DeviceAdded, DeviceUpdated
from merpati.core.ids import AccountId, DeviceId
from merpati.core.tokens import hash_token
from merpati.devices import actions, views
from merpati.devices.model import Device, DeviceState, Reason, Settings, Source, WebhookWay
from merpati.storage.port import Ask, Storage, Tx
from tests.devices.rig import (
    come_into,
    device_now,
    facts_of,
    have_account,
    have_device,
    sealed,
    token_of,
    want,
)

EVERYTHING = Settings(
    autoread=True,
    personal=True,
    in_groups=True,
    quick=True,
    resend=True,
    resend_to="6281234567890",
    source=Source.FLOW,
    inbox=False,
    webhook_way=WebhookWay.FONNTE,
    pace_from_ms=1_000,
    pace_to_ms=2_000,
)


async def refusal_of(storage: Storage, number: str, id_: int, name: str = "Toko") -> Code:
    new = actions.NewDevice(id=DeviceId(id_), account=AccountId(1), number=number, name=name, transport="simulator")
    with pytest.raises(Refusal) as refused:
        await storage.write(actions.add_device, new, sealed(token_of(id_)))
    return refused.value.code


async def test_a_device_is_stored_with_all_that_was_given(storage: Storage) -> None:
    """What add_device answers is what is read afterwards, by id, number, token and account."""
    await have_account(storage)

    device = await have_device(storage, desired=True, settings=EVERYTHING)

    assert device.settings == EVERYTHING
    assert (device.state, device.state_reason, device.connected) == (DeviceState.OFF, Reason.NEW, False)
    assert await device_now(storage) == device
    assert await storage.read(views.find_device_by_number, device.number) == device
    assert await storage.read(views.devices_of, AccountId(1)) == [device]
    assert await storage.read(views.find_devices, [device.id, DeviceId(9)]) == {device.id: device}
    hashes = [hash_token(token_of(1)), hash_token("other")]
    assert await storage.read(views.devices_by_token_hashes, hashes) == {hashes[0]: device}
    assert await storage.read(views.sealed_device_token, device.id) == "sealed"


async def test_adding_a_device_twice_is_once(storage: Storage) -> None:
    """One row, one fact."""
    await have_account(storage)

    assert await have_device(storage) == await have_device(storage)

    assert [entry.fact for entry in await facts_of(storage)] == [DeviceAdded(DeviceId(1))]


async def test_a_number_belongs_to_one_device_of_all_accounts(storage: Storage) -> None:
    """Fonnte docs, API add device: unique across all users."""
    await have_account(storage)
    await have_account(storage, 2)
    device = await have_device(storage, account=2)

    assert await refusal_of(storage, device.number, 9) is Code.DEVICE_EXISTS
    assert await facts_of(storage) == []


@pytest.mark.parametrize(("number", "name"), [("123", "Toko"), ("081234567890", "x")])
async def test_a_device_of_bad_number_or_name_is_not_added(storage: Storage, number: str, name: str) -> None:
    """Nothing is stored."""
    await have_account(storage)

    assert await refusal_of(storage, number, 9, name) is Code.INPUT_INVALID
    assert await storage.read(views.devices_of, AccountId(1)) == []


async def test_an_update_says_which_fields_changed(storage: Storage) -> None:
    """The fact names them; an update that changes nothing has no fact."""
    await have_account(storage)
    device = await have_device(storage)
    settings = Settings(autoread=True, pace_from_ms=1, pace_to_ms=2)

    for _ in range(2):
        await storage.write(actions.update_device, device.id, device.number, "Baru", settings)

    now = await device_now(storage)
    assert (now.name, now.settings, now.number) == ("Baru", settings, device.number)
    updates = [entry.fact for entry in await facts_of(storage) if isinstance(entry.fact, DeviceUpdated)]
    assert updates == [DeviceUpdated(device.id, ["name", "autoread", "pace_from_ms", "pace_to_ms"])]


async def test_an_update_does_not_take_anothers_number(storage: Storage) -> None:
    """It may keep its own."""
    await have_account(storage)
    one, two = await have_device(storage, 1), await have_device(storage, 2)

    with pytest.raises(Refusal) as refused:
        await storage.write(actions.update_device, one.id, two.number, one.name, one.settings)

    assert refused.value.code is Code.DEVICE_EXISTS
    assert await device_now(storage) == one


async def test_of_many_that_take_a_number_at_once_one_gets_it(storage: Storage) -> None:
    """The others are refused as if they had come later, with the number: no fault of the database shows."""
    accounts = range(1, 7)
    for n in accounts:
        await have_account(storage, n)
    devices = [await have_device(storage, n, account=n) for n in accounts]

    for round_ in range(10):
        number = str(62_899_000_000 + round_)
        outcomes = await asyncio.gather(
            *(storage.write(actions.update_device, d.id, number, d.name, d.settings) for d in devices),
            return_exceptions=True,
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        assert [(refusal.code, refusal.values) for refusal in refused] == [
            (Code.DEVICE_EXISTS, {"number": number})
        ] * 5
        assert [outcome.number for outcome in outcomes if isinstance(outcome, Device)] == [number]


async def test_what_does_not_exist_cannot_be_changed(storage: Storage) -> None:
    """A refusal with a code, not an error of ours."""
    with pytest.raises(Refusal) as refused:
        await storage.write(actions.set_desired, DeviceId(1), True)

    assert refused.value.code is Code.DEVICE_UNKNOWN


async def test_an_old_device_token_is_worth_nothing(storage: Storage) -> None:
    """After the rotation only the new one opens the device; the fact does not carry it."""
    await have_account(storage)
    device = await have_device(storage)

    await storage.write(actions.rotate_token, device.id, sealed("new"))

    hashes = [hash_token(token_of(1)), hash_token("new")]
    assert list(await storage.read(views.devices_by_token_hashes, hashes)) == [hash_token("new")]
    assert (await facts_of(storage))[-1].fact == DeviceUpdated(device.id, ["token"])


async def test_wanting_twice_is_wanting_once(storage: Storage) -> None:
    """The fact says so once."""
    await have_account(storage)
    await have_device(storage)

    for desired in (True, True, False):
        await want(storage, 1, desired)

    assert not (await device_now(storage)).desired
    assert [entry.fact for entry in await facts_of(storage)][1:] == [DeviceUpdated(DeviceId(1), ["desired"])] * 2


async def test_a_connected_device_is_not_connected_again(storage: Storage) -> None:
    """Fonnte docs, API get QR: `device already connect`."""
    await have_account(storage)
    device = await have_device(storage)
    assert (await storage.write(actions.connect_device, device.id)).desired
    await come_into(storage, device, DeviceState.OPEN)

    with pytest.raises(Refusal) as refused:
        await storage.write(actions.connect_device, device.id)

    assert refused.value.code is Code.DEVICE_ALREADY_CONNECTED


async def test_a_disconnected_device_is_not_disconnected_again(storage: Storage) -> None:
    """Fonnte docs, API disconnect device: `device already disconnected`."""
    await have_account(storage)
    device = await have_device(storage, desired=True)
    assert not (await storage.write(actions.disconnect_device, device.id)).desired

    with pytest.raises(Refusal) as refused:
        await storage.write(actions.disconnect_device, device.id)

    assert refused.value.code is Code.DEVICE_ALREADY_DISCONNECTED


async def test_states_are_counted(storage: Storage) -> None:
    """For the metrics."""
    await have_account(storage)
    for id_ in (1, 2, 3):
        await have_device(storage, id_)
    await come_into(storage, await device_now(storage, 2), DeviceState.OPEN)

    assert await storage.read(views.count_states) == {DeviceState.OFF: 2, DeviceState.OPEN: 1}


async def test_a_device_that_is_deleted_while_its_account_is_waited_for_is_not_wanted_any_more(
    storage: Storage,
) -> None:
    """On PostgreSQL somebody else may hold the account's lock: to delete that very device."""
    await have_account(storage)
    device = await have_device(storage)

    class Waiting(Tx):
        """Others may do everything while the lock is waited for."""

        def lock(self, accounts: Sequence[AccountId]) -> Ask[None]:
            return Ask("UPDATE device SET deleted_at = 1", lambda _: None) if accounts else super().lock(accounts)

    async def want_it(tx: Tx) -> None:
        await actions.set_desired(Waiting(tx.now, tx.engine), device.id, True)

    with pytest.raises(Refusal) as refused:
        await storage.write(want_it)
    assert refused.value.code is Code.DEVICE_UNKNOWN
