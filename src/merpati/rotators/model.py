"""What a rotator is, and what its owner may write. Pure.

Source: Fonnte docs, rotator (name, numbers with weights, rotation cycle full or partial).
"""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, Address, RotatorId

LONGEST_NAME, LONGEST_LABEL = 60, 60
LEAST_WEIGHT, MOST_WEIGHT = 1, 100
MOST_MEMBERS = 200


class RotatorKind(StrEnum):
    """How members are drawn. Fonnte docs, rotator, rotation cycle."""

    FULL = "full"
    """Everyone once before anyone twice."""
    PARTIAL = "partial"
    """Each draw is independent."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One that may be drawn."""

    address: Address
    label: str = ""
    weight: int = 1
    had_turn: bool = False
    """Drawn in this round; of a partial rotation always false."""
    draws: int = 0
    """How often it was drawn, ever."""


class Rotator(msgspec.Struct, frozen=True, kw_only=True):
    """A rotator with its members, in their owner's order."""

    id: RotatorId
    account: AccountId
    n: int
    """It is the target `rotator#n`; of its account."""
    name: str
    kind: RotatorKind
    created_at: int
    members: tuple[Member, ...] = ()


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner decides; a member's turn and draws are not theirs to say."""

    name: str
    kind: RotatorKind
    members: tuple[Member, ...]


def check_given(given: Given) -> Given:
    """As it is stored; raises `Refusal(INPUT_INVALID)` with the field. It may have no member yet."""
    name = " ".join(given.name.split())
    if not (1 <= len(name) <= LONGEST_NAME and name.isprintable()):
        raise Refusal(Code.INPUT_INVALID, field="name")
    return Given(name=name, kind=given.kind, members=_checked_members(given.members))


def _checked_members(members: Sequence[Member]) -> tuple[Member, ...]:
    different = len({member.address for member in members}) == len(members)
    if len(members) > MOST_MEMBERS or not different:
        raise Refusal(Code.INPUT_INVALID, field="members")
    return tuple(map(_checked_member, members))


def _checked_member(member: Member) -> Member:
    label = " ".join(member.label.split())
    if not LEAST_WEIGHT <= member.weight <= MOST_WEIGHT:
        raise Refusal(Code.INPUT_INVALID, field="weight")
    if len(label) > LONGEST_LABEL or not (label.isprintable() or not label):
        raise Refusal(Code.INPUT_INVALID, field="label")
    return Member(address=member.address, label=label, weight=member.weight)
