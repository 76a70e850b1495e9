"""Finding the device that a person means."""

from merpati.cli.troubles import Trouble
from merpati.core.address import parse_phone
from merpati.core.errors import Refusal
from merpati.devices.model import Device
from merpati.devices.views import find_device_by_number
from merpati.storage.port import Tx


async def device_of(tx: Tx, number: str) -> Device:
    """The device with this number, as registered or as people write it; raises `Trouble`."""
    for written in (number.strip(), international_number(number)):
        found = await find_device_by_number(tx, written) if written else None
        if found is not None:
            return found
    raise Trouble("cli.device.unknown", number=number)


def international_number(number: str) -> str:
    """The digits of a phone number as people write it; empty when it is none."""
    try:
        return parse_phone(number)
    except Refusal:
        return ""
