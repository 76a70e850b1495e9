"""Which addresses are not for strangers to name. A table; source: IANA's special-purpose address registries.

The standard library's `is_global` is not used: its answer differs between patch releases of Python.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

IpAddress: TypeAlias = IPv4Address | IPv6Address
IpNetwork: TypeAlias = IPv4Network | IPv6Network

_REFUSED_4 = {
    "0.0.0.0/8": "this host",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by carriers; Alibaba's metadata",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "Azure's metadata",
    "169.254.0.0/16": "link-local; metadata of most clouds",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol assignments; Oracle's metadata",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarks",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved, broadcast",
}
_PUBLIC_6 = "2000::/3"
"""Everything else is loopback, link-local, unique-local, multicast, IPv4-mapped, NAT64 or not assigned."""
_REFUSED_6 = {
    "2001::/23": "protocol assignments; Teredo, which hides an IPv4 address",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4, which hides an IPv4 address",
    "3fff::/20": "documentation",
}

_refused_4 = tuple(IPv4Network(network) for network in _REFUSED_4)
_public_6 = IPv6Network(_PUBLIC_6)
_refused_6 = tuple(IPv6Network(network) for network in _REFUSED_6)


def is_public(address: IpAddress) -> bool:
    """Whether this address belongs to the public internet, so that a stranger may name it."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _refused_4)
    if address.scope_id is not None or address not in _public_6:
        return False
    return not any(address in network for network in _refused_6)


def parse_address(host: str) -> IpAddress | None:
    """The address that a host literally is, or None when it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def parse_network(text: str) -> IpNetwork | None:
    """An address or a network; None when it is neither."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def parse_allowed(items: Iterable[str]) -> tuple[tuple[IpNetwork, ...], frozenset[str]]:
    """Networks and names that an operator allows; raises ValueError for what is neither, as `10.0.0.0/99`."""
    bare = [item.strip().lower().strip("[]").rstrip(".") for item in items]
    networks = {item: parse_network(item) for item in bare if item}
    for item, network in networks.items():
        if network is None and ("/" in item or ":" in item):
            raise ValueError(f"not a host, address or network: {item}")
    found = tuple(network for network in networks.values() if network is not None)
    return found, frozenset(item for item, network in networks.items() if network is None)
