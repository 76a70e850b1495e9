"""What the generated shapes are made of."""

from enum import StrEnum
from typing import Self

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object. Fields that this version does not know are passed over."""


class OpenEnum(StrEnum):
    """Words of the server. One that this version does not know is a member too, of that value and name."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
