"""Keys as the API takes and shows them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from merpati.accounts.key_model import Grants, GrantsChange, Key, Scope, has_expired
from merpati.api.v1.shapes import Answer, Given, GivenInstant, Instant, OverlapHours, instant, maybe, millis
from merpati.core.clock import Millis
from merpati.core.ids import DeviceId

Name: TypeAlias = Annotated[str, Meta(max_length=200, description="1 to 60 characters.", examples=["Toko online"])]
Scopes: TypeAlias = Annotated[list[Scope], Meta(min_length=1, description="What it may do; at least one.")]
Devices: TypeAlias = Annotated[
    list[Annotated[int, Meta(ge=1, le=2**63 - 1)]],
    Meta(min_length=1, max_length=200, description="The devices that it reaches; null: all, those to come too."),
]
Networks: TypeAlias = Annotated[
    list[Annotated[str, Meta(max_length=60)]],
    Meta(max_length=20, description="Where it may be used from (CIDR); none: anywhere.", examples=[["10.0.0.0/8"]]),
]


class KeyGiven(Given, frozen=True, kw_only=True):
    """A key to make. Without `expires_at` it goes on until it is revoked."""

    name: Name
    scopes: Scopes
    devices: Devices | None = None
    networks: Networks = msgspec.field(default_factory=list)
    expires_at: GivenInstant | None = None


class KeyChange(Given, frozen=True, kw_only=True):
    """What to change of a key; what is absent stays as it is."""

    name: Name | UnsetType = UNSET
    scopes: Scopes | UnsetType = UNSET
    devices: Devices | UnsetType | None = UNSET
    networks: Networks | UnsetType = UNSET
    expires_at: GivenInstant | UnsetType | None = UNSET


class RotateKeyGiven(Given, frozen=True, kw_only=True):
    """For how long the present secret goes on working; 0: not at all, nor any before it."""

    overlap_hours: OverlapHours = 0


class KeyAnswer(Answer, frozen=True, kw_only=True):
    """A key. `hint` are the last characters of its secret, which is not shown again.

    `used_at` and `used_from` are up to a minute late, and null where it was never used. `old_valid_until`: a secret
    that was replaced works until then.
    """

    id: int
    name: str
    hint: str
    scopes: list[Scope]
    devices: list[int] | None
    networks: list[str]
    created_at: Instant
    expires_at: Instant | None
    expired: bool
    used_at: Instant | None
    used_from: str | None
    old_valid_until: Instant | None


class MadeKeyAnswer(Answer, frozen=True, kw_only=True):
    """A new key, and its secret. The secret is not shown again."""

    key: KeyAnswer
    secret: str


class RotatedKeyAnswer(Answer, frozen=True, kw_only=True):
    """The new secret, which is not shown again, and until when the one before works."""

    key: KeyAnswer
    secret: str


def show_key(key: Key, now: Millis) -> KeyAnswer:
    grants = key.grants
    return KeyAnswer(
        id=key.id,
        name=grants.name,
        hint=key.hint,
        scopes=[scope for scope in Scope if scope in grants.scopes],
        devices=sorted(grants.devices) if grants.devices is not None else None,
        networks=list(grants.networks),
        created_at=instant(key.created_at),
        expires_at=maybe(grants.expires_at),
        expired=has_expired(key, now),
        used_at=maybe(key.used_at),
        used_from=key.used_from or None,
        old_valid_until=maybe(key.old_valid_until),
    )


def read_grants(given: KeyGiven) -> Grants:
    return Grants(
        name=given.name,
        scopes=frozenset(given.scopes),
        devices=_ids(given.devices) if given.devices is not None else None,
        networks=tuple(given.networks),
        expires_at=millis(given.expires_at) if given.expires_at is not None else None,
    )


def read_change(given: KeyChange) -> GrantsChange:
    devices, until = given.devices, given.expires_at
    return GrantsChange(
        name=given.name,
        scopes=frozenset(given.scopes) if isinstance(given.scopes, list) else UNSET,
        devices=_ids(devices) if isinstance(devices, list) else devices,
        networks=tuple(given.networks) if isinstance(given.networks, list) else UNSET,
        expires_at=millis(until) if isinstance(until, datetime) else until,
    )


def _ids(given: Iterable[int]) -> frozenset[DeviceId]:
    return frozenset(map(DeviceId, given))
