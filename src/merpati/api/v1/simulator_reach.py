"""What an account may reach of the simulated network, and what the network refuses."""

import contextlib
from collections.abc import Iterator

from merpati.api.gateway import Gateway
from merpati.api.v1 import access
from merpati.api.v1.principal import Principal
from merpati.api.v1.simulator_shapes import Numbers
from merpati.core.address import parse_phone
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address
from merpati.devices.views import devices_of
from merpati.transports.phones import ActRefused, NetworkGone, Phones

_REFUSED = {
    "is_offline": Code.PERSON_OFFLINE,
    "not_on_whatsapp": Code.RECIPIENT_NOT_ON_WHATSAPP,
    "not_in_group": Code.PERSON_NOT_IN_GROUP,
    "device_unknown": Code.DEVICE_NOT_PAIRED,
    "poll_unknown": Code.POLL_UNKNOWN,
    "menu_unknown": Code.MENU_UNKNOWN,
    "choice_unknown": Code.CHOICE_UNKNOWN,
    "one_choice": Code.CHOICE_UNKNOWN,
    "code_unknown": Code.PAIRING_CODE_INVALID,
    "code_of_another": Code.PAIRING_CODE_INVALID,
    "banned": Code.PAIRING_CODE_INVALID,
    "network_full": Code.STORAGE_FULL,
}


@contextlib.contextmanager
def acting() -> Iterator[None]:
    """What the network refuses becomes a refusal of ours."""
    try:
        yield
    except ActRefused as refused:
        code = _REFUSED.get(refused.code, Code.SIMULATOR_CLOSED)
        raise Refusal(code, about=refused.about or "?") from None
    except NetworkGone:
        raise Refusal(Code.SIMULATOR_CLOSED) from None


def phones_of(gateway: Gateway) -> Phones:
    """Raises `Refusal(SIMULATOR_CLOSED)`."""
    if gateway.phones is None:
        raise Refusal(Code.SIMULATOR_CLOSED)
    return gateway.phones


async def numbers_of(gateway: Gateway, principal: Principal) -> Numbers:
    """The account's devices by number, as the network knows them."""
    devices = await gateway.storage.read(devices_of, principal.account.id, principal.devices)
    return {parse_phone(device.number): device.id for device in devices}


async def number_of(gateway: Gateway, principal: Principal, device: int) -> Address:
    """Raises `Refusal(DEVICE_UNKNOWN)`."""
    return parse_phone((await access.device(gateway, principal, device)).number)
