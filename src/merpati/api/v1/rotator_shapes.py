"""Rotators as the API shows and takes them. Pure."""

from typing import Annotated

import msgspec
from msgspec import Meta

from merpati.api.v1.shapes import Answer, Given, Instant, instant
from merpati.core.address import parse_address
from merpati.core.clock import Millis
from merpati.messages.targets import ROTATOR
from merpati.rotators.draw import chance_of
from merpati.rotators.model import (
    LEAST_WEIGHT,
    LONGEST_LABEL,
    LONGEST_NAME,
    MOST_MEMBERS,
    MOST_WEIGHT,
    Member,
    Rotator,
    RotatorKind,
)
from merpati.rotators.model import Given as GivenRotator


class MemberForm(Given, frozen=True, kw_only=True):
    """One that may be drawn: a phone number or a group's id."""

    to: Annotated[str, Meta(max_length=60)]
    label: Annotated[str, Meta(max_length=LONGEST_LABEL)] = ""
    weight: Annotated[int, Meta(ge=LEAST_WEIGHT, le=MOST_WEIGHT)] = 1


class RotatorForm(Given, frozen=True, kw_only=True):
    """`full`: everyone once before anyone twice; `partial`: each draw is independent. Both go by weight."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    kind: RotatorKind
    members: Annotated[list[MemberForm], Meta(max_length=MOST_MEMBERS)] = msgspec.field(default_factory=list)


class MemberAnswer(Answer, frozen=True, kw_only=True):
    """`had_turn`: drawn in this round of a full rotation. `chance` of being drawn next: 0 to 1. `draws`: ever."""

    to: str
    label: str
    weight: int
    had_turn: bool
    chance: float
    draws: int


class RotatorAnswer(Answer, frozen=True, kw_only=True):
    """A rotator; `target` is what stands for it in a target of a message."""

    id: int
    target: str
    name: str
    kind: RotatorKind
    created_at: Instant
    members: list[MemberAnswer]


def read_rotator(form: RotatorForm) -> GivenRotator:
    """As the core takes it; raises `Refusal(TARGET_INVALID)`."""
    members = (Member(address=parse_address(m.to), label=m.label, weight=m.weight) for m in form.members)
    return GivenRotator(name=form.name, kind=form.kind, members=tuple(members))


def show_rotator(rotator: Rotator) -> RotatorAnswer:
    return RotatorAnswer(
        id=rotator.id,
        target=f"{ROTATOR}{rotator.n}",
        name=rotator.name,
        kind=rotator.kind,
        created_at=instant(Millis(rotator.created_at)),
        members=[_show_member(member, rotator) for member in rotator.members],
    )


def _show_member(member: Member, rotator: Rotator) -> MemberAnswer:
    return MemberAnswer(
        to=member.address,
        label=member.label,
        weight=member.weight,
        had_turn=member.had_turn,
        chance=chance_of(member, rotator.kind, rotator.members),
        draws=member.draws,
    )
