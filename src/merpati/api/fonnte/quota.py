"""The quota as Fonnte shows it. Pure.

Source: live answers of `/send` (the object is not documented). A device without a limit shows a constant, since
programs compute with the numbers.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from merpati.api.fonnte.endpoint import Body
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId
from merpati.devices.model import Device

UNLIMITED = 1_000_000
"""Shown as the quota of a device that has none."""


def shown_quota(device: Device) -> int:
    return UNLIMITED if device.quota is None else device.quota


def quota_body(devices: Sequence[Device], used_by: Iterable[DeviceId]) -> Body:
    """By the number of each device that sends; raises `Refusal(QUOTA_USED_UP)`."""
    known = {device.id: device for device in devices}
    return {known[id_].number: _use(known[id_], used) for id_, used in sorted(Counter(used_by).items())}


def _use(device: Device, used: int) -> Body:
    if device.quota is not None and used > device.quota:
        raise Refusal(Code.QUOTA_USED_UP)
    quota = shown_quota(device)
    return {"details": "deduced from total quota", "quota": quota, "remaining": quota - used, "used": used}
