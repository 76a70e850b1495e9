"""A device's plan, on both engines."""

from typing import Any

import pytest

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.facts import DeviceUpdated
from merpati.devices.plans import DevicePlan, change_plan, plan_of, quotas_of, set_quotas
from merpati.storage.port import Storage
from tests.devices.rig import device_now, facts_of, have_devices


async def test_a_device_has_no_limits_until_the_operator_sets_some(storage: Storage) -> None:
    """What is not named stays; a fact names what changed, and nothing changed is no fact."""
    one, two = await have_devices(storage, 2)
    assert plan_of(await device_now(storage)) == DevicePlan()
    before = len(await facts_of(storage))

    await storage.write(change_plan, one, {"quota": 5, "package": "Hemat"})
    await storage.write(change_plan, one, {"expires_at": 7_000})
    await storage.write(change_plan, one, {"expires_at": 7_000})

    device = await device_now(storage)
    assert plan_of(device) == DevicePlan(quota=5, expires_at=7_000, package="Hemat")
    assert [device.has_ended(Millis(at)) for at in (6_999, 7_000)] == [False, True]
    facts = [entry.fact for entry in (await facts_of(storage))[before:]]
    assert facts == [DeviceUpdated(one, ["quota", "package"]), DeviceUpdated(one, ["expires_at"])]
    assert await storage.read(quotas_of, [one, two]) == {one: 5, two: None}
    await storage.write(set_quotas, {one: 4})
    assert (await device_now(storage)).quota == 4


@pytest.mark.parametrize("changed", [{"quota": -1}, {"quota": 10**12 + 1}, {"package": "x" * 31}])
async def test_a_plan_that_makes_no_sense_is_refused(storage: Storage, changed: dict[str, Any]) -> None:
    """With the field; nothing changes."""
    (one,) = await have_devices(storage, 1)

    with pytest.raises(Refusal) as refused:
        await storage.write(change_plan, one, changed)

    assert (refused.value.code, refused.value.values) == (Code.INPUT_INVALID, {"field": next(iter(changed))})
    assert plan_of(await device_now(storage)) == DevicePlan()
