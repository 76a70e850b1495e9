"""A device taken away, from whichever API: the device, its webhooks, what waits, in one transaction; then told."""

from merpati.api.gateway import Gateway
from merpati.core.ids import JobId
from merpati.devices.deletion import delete_device
from merpati.devices.model import Device
from merpati.jobs.actions import enqueue_jobs
from merpati.jobs.model import NewJob
from merpati.messages.recovery import CLEAR_DEVICE, ClearDevice
from merpati.storage.port import Tx
from merpati.webhooks.actions import remove_endpoints


async def take_away(gateway: Gateway, device: Device) -> None:
    """The caller has proved that its owner wants it. May run twice."""
    await gateway.storage.write(_take_away, device, JobId((await gateway.ids.take("job"))[0]))
    gateway.devices.forget_device(device.id)
    await gateway.sessions.disconnect(device)
    gateway.made()


async def _take_away(tx: Tx, device: Device, job: JobId) -> None:
    await delete_device(tx, device.id)
    await remove_endpoints(tx, device.account, device.id)
    await enqueue_jobs(tx, [NewJob(id=job, kind=CLEAR_DEVICE, args=ClearDevice(device.id))])
