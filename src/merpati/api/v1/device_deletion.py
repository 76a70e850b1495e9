"""A device taken away, with its owner's password."""

from litestar import delete
from litestar.params import FromPath, JSONBody

from merpati.accounts.sign_in import prove_password
from merpati.api.deleting import take_away
from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.totp import PasswordProof
from merpati.core.errors import Code


@delete(
    "/{device_id:int}",
    operation_id="deleteDevice",
    summary="Delete a device",
    responses=refusals(Code.DEVICE_UNKNOWN, Code.PERSON_REQUIRED, Code.PASSWORD_WRONG, Code.TOO_MANY_TRIES),
)
async def delete_device(
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
    await prove_password(gateway.storage, owner, data.password)
    await take_away(gateway, device)
