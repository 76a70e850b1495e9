"""What a key is: a name, what it may do, to which devices, from where, until when. Pure."""

import ipaddress
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from merpati.accounts.model import Account
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId, KeyId

LONGEST_KEY_NAME = 60
MOST_KEYS, MOST_NETWORKS, MOST_CHOSEN = 100, 20, 200
HINT_LENGTH = 4
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAPPED = 96
"""Bits before the IPv4 address in an IPv6 address that stands for one."""


class Scope(StrEnum):
    """What a key may do. None contains another; which one an endpoint needs stands in `api.v1.scopes`."""

    MESSAGES_SEND = "messages:send"
    MESSAGES_READ = "messages:read"
    DEVICES_READ = "devices:read"
    DEVICES_MANAGE = "devices:manage"
    DEVICES_TOKENS = "devices:tokens"
    ROTATORS_MANAGE = "rotators:manage"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_MANAGE = "webhooks:manage"
    EVENTS_READ = "events:read"
    REQUESTS_READ = "requests:read"
    SIMULATOR_USE = "simulator:use"


class Grants(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner decides of a key."""

    name: str
    scopes: frozenset[Scope]
    devices: frozenset[DeviceId] | None = None
    """None: all, those to come included."""
    networks: tuple[str, ...] = ()
    """CIDR; none: from anywhere."""
    expires_at: Millis | None = None


class GrantsChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a key; what is not set stays."""

    name: str | UnsetType = UNSET
    scopes: frozenset[Scope] | UnsetType = UNSET
    devices: frozenset[DeviceId] | UnsetType | None = UNSET
    networks: tuple[str, ...] | UnsetType = UNSET
    expires_at: Millis | UnsetType | None = UNSET

    def over(self, before: Grants, now: Millis) -> Grants:
        """The grants with the change; raises `Refusal` as `check_grants`, and not for an expiry that stays."""
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        wanted = msgspec.structs.replace(before, **given)
        if self.expires_at is not UNSET:
            return check_grants(wanted, now)
        checked = check_grants(msgspec.structs.replace(wanted, expires_at=None), now)
        return msgspec.structs.replace(checked, expires_at=before.expires_at)


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is stored, without its secret."""

    id: KeyId
    account: AccountId
    grants: Grants
    hint: str
    """The secret's last characters."""
    created_at: Millis
    used_at: Millis | None = None
    """Up to a minute late; None: never."""
    used_from: str = ""
    old_valid_until: Millis | None = None
    """Until when a replaced secret works still."""


class OpenedKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a secret opens."""

    key: Key
    account: Account
    until: Millis | None = None
    """Of a secret that was replaced: it works until then."""


def check_grants(grants: Grants, now: Millis) -> Grants:
    """As they are stored; raises `Refusal` (INPUT_INVALID, NETWORK_INVALID, KEY_EXPIRY_PAST) with the field."""
    name = " ".join(grants.name.split())
    if not (1 <= len(name) <= LONGEST_KEY_NAME and name.isprintable()):
        raise Refusal(Code.INPUT_INVALID, field="name")
    if not grants.scopes:
        raise Refusal(Code.INPUT_INVALID, field="scopes")
    if grants.devices is not None and not 1 <= len(grants.devices) <= MOST_CHOSEN:
        raise Refusal(Code.INPUT_INVALID, field="devices")
    if grants.expires_at is not None and grants.expires_at <= now:
        raise Refusal(Code.KEY_EXPIRY_PAST, field="expires_at")
    return msgspec.structs.replace(grants, name=name, networks=check_networks(grants.networks))


def check_networks(given: Iterable[str]) -> tuple[str, ...]:
    """Each in its one form, none twice; raises `Refusal` (NETWORK_INVALID; INPUT_INVALID for too many)."""
    networks = tuple(dict.fromkeys(str(_network(text.strip())) for text in given))
    if len(networks) > MOST_NETWORKS:
        raise Refusal(Code.INPUT_INVALID, field="networks")
    return networks


def _network(text: str) -> Network:
    """`10.0.0.0/8`, `2001:db8::/32`, or one address. Bits beyond the network's are a mistake, not a wish."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise Refusal(Code.NETWORK_INVALID, field="networks", network=text[:60]) from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is not None and network.prefixlen >= _MAPPED:
        return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED))
    return network


def is_within(networks: Collection[str], address: str) -> bool:
    """Whether a caller at this address may come; an address that cannot be read is nowhere."""
    if not networks:
        return True
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return any(known in ipaddress.ip_network(network) for network in networks)


def has_expired(key: Key, now: Millis) -> bool:
    """Whether the key is worth nothing any more, though it is still listed."""
    return key.grants.expires_at is not None and key.grants.expires_at <= now
