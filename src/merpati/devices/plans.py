"""A device's plan, which the operator sets: how many messages it has left, when it ends, what it is called.

Source: Fonnte docs, API device profile and get devices (`quota`, `expired`, `package`). Everything that changes a
quota holds its account's lock.
"""

from collections.abc import Mapping, Sequence

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.facts import DeviceUpdated
from merpati.core.ids import DeviceId
from merpati.devices import store, store_plan
from merpati.devices.model import Device
from merpati.log.actions import record
from merpati.log.model import Recorded
from merpati.storage.port import Tx

MOST_QUOTA = 10**12
LONGEST_PACKAGE = 30


class DevicePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Messages left (None: no limit), the end in milliseconds (None: never), a name (empty: none)."""

    quota: int | None = None
    expires_at: int | None = None
    package: str = ""


def plan_of(device: Device) -> DevicePlan:
    return DevicePlan(quota=device.quota, expires_at=device.expires_at, package=device.package)


async def change_plan(tx: Tx, id_: DeviceId, changed: Mapping[str, object]) -> DevicePlan:
    """Set these fields of the plan, the others stay; raises `Refusal` (DEVICE_UNKNOWN, INPUT_INVALID).

    Nothing changed, no fact. May run twice. Messages that were accepted before are sent all the same.
    """
    device = await store.device_by(tx, "id", id_)
    if device is None:
        raise Refusal(Code.DEVICE_UNKNOWN)
    await tx.lock([device.account])
    before = plan_of(await store.device_by(tx, "id", id_) or device)
    plan = check_plan(msgspec.structs.replace(before, **changed))
    fields = [name for name in plan.__struct_fields__ if getattr(plan, name) != getattr(before, name)]
    if fields:
        await store_plan.set_plan(tx, id_, plan.quota, plan.expires_at, plan.package)
        await record(tx, [Recorded(device.account, DeviceUpdated(id_, fields))])
    return plan


def check_plan(plan: DevicePlan) -> DevicePlan:
    """Itself; raises `Refusal(INPUT_INVALID)` with the field."""
    if plan.quota is not None and not 0 <= plan.quota <= MOST_QUOTA:
        raise Refusal(Code.INPUT_INVALID, field="quota")
    if len(plan.package) > LONGEST_PACKAGE or not plan.package.isprintable():
        raise Refusal(Code.INPUT_INVALID, field="package")
    return plan


async def quotas_of(tx: Tx, ids: Sequence[DeviceId]) -> dict[DeviceId, int | None]:
    """Messages left of each; None: no limit. To be spent, it is read under the account's lock."""
    return await store_plan.quotas_of(tx, ids)


async def set_quotas(tx: Tx, quotas: Mapping[DeviceId, int]) -> None:
    """What is left, of those that have a limit; under the account's lock."""
    await store_plan.set_quotas(tx, quotas)
