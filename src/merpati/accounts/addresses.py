"""Where callers come from, for counting. Pure."""

import ipaddress

from merpati.accounts.model import LONGEST_ADDRESS

_IPV6_NETWORK = 64
"""What one customer of a provider is given."""


def network_of(address: str) -> str:
    """What calls from there are counted by: an IPv4 address, the /64 of an IPv6 one, anything else as it is."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:LONGEST_ADDRESS]
    if known.version == 4:
        return str(known)
    return str(ipaddress.ip_network((known, _IPV6_NETWORK), strict=False))
