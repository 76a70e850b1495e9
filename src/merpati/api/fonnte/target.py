"""`target` and `countryCode` of the endpoints that send nothing."""

from merpati.api.fonnte.endpoint import Request
from merpati.api.fonnte.fields import as_joined
from merpati.api.fonnte.params import parse_country
from merpati.core.address import HOME_COUNTRY, is_group, parse_address
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address
from merpati.messages.targets import split_targets


def one_address(request: Request) -> Address:
    """The one number or group in `target`; raises `Refusal` (TARGET_REQUIRED, TARGET_INVALID)."""
    found = _addresses(request)
    if len(found) != 1:
        raise Refusal(Code.TARGET_INVALID, target=found[1])
    return found[0]


def phones(request: Request) -> list[Address]:
    """The numbers in `target`, each once, in order; raises `Refusal` (TARGET_REQUIRED, TARGET_INVALID)."""
    found = _addresses(request)
    for address in found:
        if is_group(address):
            raise Refusal(Code.TARGET_INVALID, target=address)
    return found


def _addresses(request: Request) -> list[Address]:
    country = _country_code(request)
    text = as_joined(request.fields.values.get("target")) or ""
    found = [parse_address(address, country) for address, _values in split_targets(text)]
    if not found:
        raise Refusal(Code.TARGET_REQUIRED)
    return list(dict.fromkeys(found))


def _country_code(request: Request) -> str:
    """Fonnte's page of the typing API writes `countyCode` once: both are taken."""
    values = request.fields.values
    return parse_country(values.get("countrycode") or values.get("countycode")) or HOME_COUNTRY
