"""A device taken away, with its owner's password."""

from typing import Any

from litestar import Request, delete
from litestar.params import FromPath, JSONBody

from merpati.accounts.sign_in import prove_password
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.session import address_of
from merpati.api.v1.totp import PasswordProof
from merpati.core.errors import Code
from merpati.core.ids import DeviceId, JobId
from merpati.devices.deletion import delete_device as take_away
from merpati.jobs.actions import enqueue_jobs
from merpati.jobs.model import NewJob
from merpati.messages.recovery import CLEAR_DEVICE, ClearDevice
from merpati.storage.port import Tx
from merpati.webhooks.actions import remove_endpoints


@delete(
    "/{device_id:int}",
    operation_id="deleteDevice",
    summary="Delete a device",
    responses=refusals(Code.DEVICE_UNKNOWN, Code.PERSON_REQUIRED, Code.PASSWORD_WRONG, Code.TOO_MANY_TRIES),
)
async def delete_device(
    request: Request[Any, Any, Any],
    gateway: TheGateway,
    principal: ThePrincipal,
    device_id: FromPath[int],
    data: JSONBody[PasswordProof],
) -> None:
    """Ends the device's session, tokens and webhooks for good, and cancels what waits to be sent by it.

    Takes the owner's password. The history keeps its messages; its number may be added again.
    """
    owner = principal.the_person().owner
    device = await access.device(gateway, principal, device_id)
    await prove_password(gateway.storage, owner, data.password, address_of(request))
    await gateway.storage.write(_delete, device.id, JobId((await gateway.ids.take("job"))[0]))
    gateway.devices.forget_device(device.id)
    await gateway.sessions.disconnect(device)
    gateway.made()


async def _delete(tx: Tx, id_: DeviceId, job: JobId) -> None:
    """May run twice."""
    await take_away(tx, id_)
    await remove_endpoints(tx, id_)
    await enqueue_jobs(tx, [NewJob(id=job, kind=CLEAR_DEVICE, args=ClearDevice(id_))])
