"""What a principal may reach: one function for each kind of thing, and nothing else checks rights.

Each returns the thing, or refuses as if it were not there: what is another's cannot be told from what is nobody's.
"""

from merpati.accounts.model import SignIn
from merpati.accounts.sessions import find_session
from merpati.api.gateway import Gateway
from merpati.api.v1.principal import Principal
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId, EndpointId, MediaId, MessageId, RequestId, RotatorId, SignInId
from merpati.devices.model import Device
from merpati.devices.views import find_device
from merpati.log.model import RequestRow
from merpati.log.requests import find_request
from merpati.messages.media import KeptFile, find_media
from merpati.messages.views import MessageView, find_message
from merpati.rotators.model import Rotator
from merpati.rotators.views import find_rotator
from merpati.webhooks.model import Endpoint
from merpati.webhooks.views import find_endpoint

IDS = range(1, 2**63)


async def device(gateway: Gateway, principal: Principal, id_: int) -> Device:
    """A device of the account; raises `Refusal(DEVICE_UNKNOWN)`."""
    found = await gateway.storage.read(find_device, DeviceId(id_)) if id_ in IDS else None
    if found is None or found.account != principal.account.id:
        raise Refusal(Code.DEVICE_UNKNOWN)
    return found


async def message(gateway: Gateway, principal: Principal, id_: int) -> MessageView:
    """A message of the account, also one that is not made yet; raises `Refusal(MESSAGE_UNKNOWN)`."""
    found = await gateway.storage.read(find_message, MessageId(id_)) if id_ in IDS else None
    if found is None or found.account != principal.account.id:
        raise Refusal(Code.MESSAGE_UNKNOWN)
    return found


async def file(gateway: Gateway, principal: Principal, id_: int) -> KeptFile:
    """A file of the account that may be sent by its id; raises `Refusal(FILE_UNKNOWN)`."""
    found = await gateway.storage.read(find_media, MediaId(id_)) if id_ in IDS else None
    if found is None or found.media.account != principal.account.id or found.expires_at <= gateway.clock.now():
        raise Refusal(Code.FILE_UNKNOWN, field="file")
    return found


async def request(gateway: Gateway, principal: Principal, id_: int) -> RequestRow:
    """A request of the account; raises `Refusal(REQUEST_UNKNOWN)`."""
    found = await gateway.storage.read(find_request, RequestId(id_)) if id_ in IDS else None
    if found is None or found.account != principal.account.id:
        raise Refusal(Code.REQUEST_UNKNOWN)
    return found


async def webhook(gateway: Gateway, principal: Principal, id_: int) -> Endpoint:
    """An endpoint of the account that is set; raises `Refusal(WEBHOOK_UNKNOWN)`."""
    found = await gateway.storage.read(find_endpoint, EndpointId(id_)) if id_ in IDS else None
    if found is None or found.account != principal.account.id:
        raise Refusal(Code.WEBHOOK_UNKNOWN)
    return found


async def rotator(gateway: Gateway, principal: Principal, id_: int) -> Rotator:
    """A rotator of the account; raises `Refusal(ROTATOR_UNKNOWN)`."""
    found = await gateway.storage.read(find_rotator, RotatorId(id_)) if id_ in IDS else None
    if found is None or found.account != principal.account.id:
        raise Refusal(Code.ROTATOR_UNKNOWN, target=str(id_))
    return found


async def session(gateway: Gateway, principal: Principal, id_: int) -> SignIn:
    """A session of the user who asks; raises `Refusal` (SESSION_UNKNOWN, PERSON_REQUIRED)."""
    person = principal.the_person()
    found = await gateway.storage.read(find_session, SignInId(id_)) if id_ in IDS else None
    if found is None or found.user != person.owner.id:
        raise Refusal(Code.SESSION_UNKNOWN)
    return found
