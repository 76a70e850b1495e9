"""The quota as Fonnte shows it. Pure.

Source: live answers of `/send` (the object is not documented). A device without a limit shows a constant, since
programs compute with the numbers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from merpati.api.fonnte.endpoint import Body
from merpati.core.ids import DeviceId
from merpati.devices.model import Device

UNLIMITED = 1_000_000
"""Shown as the quota of a device that has none."""


def shown_quota(device: Device) -> int:
    return _shown(device.quota)


def _shown(quota: int | None) -> int:
    return UNLIMITED if quota is None else quota


def quota_body(
    devices: Sequence[Device], used_by: Iterable[DeviceId], quotas: Mapping[DeviceId, int | None]
) -> Body:
    """By the number of each device that sends; `quotas` are those before the call."""
    numbers = {device.id: device.number for device in devices}
    return {numbers[id_]: _use(_shown(quotas.get(id_)), used) for id_, used in sorted(Counter(used_by).items())}


def _use(quota: int, used: int) -> Body:
    return {"details": "deduced from total quota", "quota": quota, "remaining": quota - used, "used": used}
