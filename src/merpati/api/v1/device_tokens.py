"""A device's token: shown again, and replaced."""

from litestar import post
from litestar.params import FromPath, JSONBody

from merpati.api.v1 import access
from merpati.api.v1.needs import TheGateway, TheOnce, ThePrincipal
from merpati.api.v1.problems import refusals
from merpati.api.v1.shapes import Answer, Given, Instant, OverlapHours, instant
from merpati.core.clock import HOUR_MS
from merpati.core.errors import Code, Refusal
from merpati.core.tokens import new_device_token
from merpati.devices.actions import rotate_token
from merpati.devices.views import sealed_device_token
from merpati.storage.port import Tx


class TokenAnswer(Answer, frozen=True, kw_only=True):
    """A device's token: it opens Fonnte's API."""

    token: str


class RotateGiven(Given, frozen=True, kw_only=True):
    """For how long the old token goes on working; 0: not at all, nor any before it."""

    overlap_hours: OverlapHours = 0


class RotatedAnswer(Answer, frozen=True, kw_only=True):
    """The new token, and until when the old one works."""

    token: str
    old_valid_until: Instant


@post(
    "/{device_id:int}/reveal-token",
    operation_id="revealDeviceToken",
    summary="Show a device's token",
    status_code=200,
    responses=refusals(Code.DEVICE_UNKNOWN),
)
async def post_reveal(gateway: TheGateway, principal: ThePrincipal, device_id: FromPath[int]) -> TokenAnswer:
    """The token, as Fonnte's dashboard shows it again on request."""
    device = await access.device(gateway, principal, device_id)
    sealed = await gateway.storage.read(sealed_device_token, device.id)
    if sealed is None:
        raise Refusal(Code.DEVICE_UNKNOWN)
    return TokenAnswer(token=gateway.sealer.unseal("device", device.id, sealed))


@post(
    "/{device_id:int}/rotate-token",
    operation_id="rotateDeviceToken",
    summary="Replace a device's token",
    status_code=200,
    responses=refusals(Code.DEVICE_UNKNOWN),
)
async def post_rotate(
    gateway: TheGateway,
    principal: ThePrincipal,
    once: TheOnce,
    device_id: FromPath[int],
    data: JSONBody[RotateGiven],
) -> RotatedAnswer:
    """Gives the device another token; the old one goes on working as long as is asked."""
    device, token = await access.device(gateway, principal, device_id), new_device_token()
    sealed = gateway.sealer.seal_token("device", device.id, token)

    async def rotate(tx: Tx) -> RotatedAnswer:
        until = await rotate_token(tx, device.id, sealed, data.overlap_hours * HOUR_MS)
        return RotatedAnswer(token=token, old_valid_until=instant(until))

    answer = await once.answer(gateway.storage, rotate)
    gateway.devices.forget_device(device.id)
    return answer
