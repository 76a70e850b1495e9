"""What a principal may reach: one function for each kind of thing, and nothing else checks rights.

Each returns the thing, or refuses as if it were not there: what is another's cannot be told from what is nobody's.
"""

from collections.abc import Iterable

from merpati.accounts.key_model import Key, Scope
from merpati.accounts.keys import find_key
from merpati.accounts.model import SignIn
from merpati.accounts.sessions import find_session
from merpati.api.gateway import Gateway
from merpati.api.v1.principal import Principal
from merpati.core.errors import Code, Refusal
from merpati.core.ids import (
    AccountId,
    BatchId,
    DeviceId,
    EndpointId,
    KeyId,
    MediaId,
    MessageId,
    RequestId,
    RotatorId,
    SignInId,
)
from merpati.devices.model import Device
from merpati.devices.views import find_device
from merpati.log.model import RequestRow
from merpati.log.requests import find_request
from merpati.messages.batch_list import BatchView, find_batch
from merpati.messages.media import KeptFile, find_media
from merpati.messages.views import MessageView, find_message
from merpati.rotators.model import Rotator
from merpati.rotators.views import find_rotator
from merpati.webhooks.bodies import TOLD_TOKEN
from merpati.webhooks.model import Endpoint, EndpointKind
from merpati.webhooks.views import find_endpoint

IDS = range(1, 2**63)
NO_KEY = KeyId(0)


def _is_within(principal: Principal, account: AccountId, device: DeviceId) -> bool:
    return account == principal.account.id and principal.reaches(device)


def every_device(principal: Principal) -> None:
    """For what concerns the account as a whole; raises `Refusal(KEY_DEVICES_CHOSEN)`."""
    if principal.devices is not None:
        raise Refusal(Code.KEY_DEVICES_CHOSEN)


def uploader(principal: Principal) -> KeyId:
    """What an uploaded file is marked with: a key that reaches chosen devices, else nobody."""
    return principal.key.id if principal.key is not None and principal.devices is not None else NO_KEY


async def device(gateway: Gateway, principal: Principal, id_: int) -> Device:
    """A device of the account; raises `Refusal(DEVICE_UNKNOWN)`."""
    found = await gateway.storage.read(find_device, DeviceId(id_)) if id_ in IDS else None
    if found is None or not _is_within(principal, found.account, found.id):
        raise Refusal(Code.DEVICE_UNKNOWN)
    return found


async def message(gateway: Gateway, principal: Principal, id_: int) -> MessageView:
    """A message of the account, also one that is not made yet; raises `Refusal(MESSAGE_UNKNOWN)`."""
    found = await gateway.storage.read(find_message, MessageId(id_)) if id_ in IDS else None
    if found is None or not _is_within(principal, found.account, found.device):
        raise Refusal(Code.MESSAGE_UNKNOWN)
    return found


async def file(gateway: Gateway, principal: Principal, id_: int) -> KeptFile:
    """A file of the account that may be sent by its id; raises `Refusal(FILE_UNKNOWN)`."""
    found = await upload(gateway, principal, id_)
    if found.expires_at <= gateway.clock.now():
        raise Refusal(Code.FILE_UNKNOWN, field="file")
    return found


async def upload(gateway: Gateway, principal: Principal, id_: int) -> KeptFile:
    """A file of the account that is still kept; raises `Refusal(FILE_UNKNOWN)`.

    A file is no device's: a key that reaches chosen ones gets what it uploaded itself.
    """
    found = await gateway.storage.read(find_media, MediaId(id_)) if id_ in IDS else None
    if found is None or found.media.account != principal.account.id:
        raise Refusal(Code.FILE_UNKNOWN, field="file")
    if principal.devices is not None and found.media.key != uploader(principal):
        raise Refusal(Code.FILE_UNKNOWN, field="file")
    return found


async def request(gateway: Gateway, principal: Principal, id_: int) -> RequestRow:
    """A request of the account; raises `Refusal(REQUEST_UNKNOWN)`."""
    found = await gateway.storage.read(find_request, RequestId(id_)) if id_ in IDS else None
    if found is None or not _is_within(principal, found.account, found.device):
        raise Refusal(Code.REQUEST_UNKNOWN)
    return found


async def webhook(gateway: Gateway, principal: Principal, id_: int) -> Endpoint:
    """An endpoint of the account that hears no device out of reach; raises `Refusal(WEBHOOK_UNKNOWN)`."""
    found = await gateway.storage.read(find_endpoint, EndpointId(id_)) if id_ in IDS else None
    if found is None or found.account != principal.account.id or not found.hears_only(principal.devices):
        raise Refusal(Code.WEBHOOK_UNKNOWN)
    return found


def told_tokens(principal: Principal, kinds: Iterable[EndpointKind]) -> None:
    """For who says where these are told: devices' tokens may be among it. Raises `Refusal(KEY_SCOPE_MISSING)`."""
    key = principal.key
    if key is not None and Scope.DEVICES_TOKENS not in key.grants.scopes and TOLD_TOKEN.intersection(kinds):
        raise Refusal(Code.KEY_SCOPE_MISSING, scope=Scope.DEVICES_TOKENS)


async def batch(gateway: Gateway, principal: Principal, id_: int) -> BatchView:
    """A batch of the account; raises `Refusal` (BATCH_UNKNOWN, KEY_DEVICES_CHOSEN)."""
    every_device(principal)
    found = await gateway.storage.read(find_batch, BatchId(id_)) if id_ in IDS else None
    if found is None or found.account != principal.account.id:
        raise Refusal(Code.BATCH_UNKNOWN)
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


async def key(gateway: Gateway, principal: Principal, id_: int) -> Key:
    """A key of the account; raises `Refusal` (KEY_UNKNOWN, PERSON_REQUIRED)."""
    principal.the_person()
    found = await gateway.storage.read(find_key, KeyId(id_)) if id_ in IDS else None
    if found is None or found.account != principal.account.id:
        raise Refusal(Code.KEY_UNKNOWN)
    return found


async def quoted(gateway: Gateway, principal: Principal, id_: int | None) -> None:
    """That the message which is answered is within reach; raises `Refusal(INPUT_INVALID)`."""
    if id_ is None or principal.devices is None:
        return
    try:
        await message(gateway, principal, id_)
    except Refusal:
        raise Refusal(Code.INPUT_INVALID, field="reply_to") from None
