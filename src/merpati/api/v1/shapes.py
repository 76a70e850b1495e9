"""What the bodies of the API have in common."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from merpati.core.clock import Millis

PREFIX = "/api/v1"
LONGEST_OVERLAP_H = 72
_EPOCH, _MS = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A body that we send. Its docstring is its description in the reference."""


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body that we are sent: a field that it does not know is refused, since a mistyped one would be ignored."""


Instant: TypeAlias = Annotated[
    str,
    Meta(
        extra_json_schema={
            "description": "RFC 3339, UTC, with milliseconds.",
            "examples": ["2026-11-24T10:02:11.123Z"],
            "extra": {"format": "date-time"},
        }
    ),
]


GivenInstant: TypeAlias = Annotated[datetime, Meta(tz=True, description="RFC 3339, with a zone.")]


OverlapHours: TypeAlias = Annotated[int, Meta(ge=0, le=LONGEST_OVERLAP_H)]


def millis(given: datetime) -> Millis:
    """Milliseconds since 1970, of any time that can be written: also of one that falls out of our years in UTC."""
    return Millis((given - _EPOCH) // _MS)


def instant(at: Millis) -> Instant:
    """`2026-11-24T10:02:11.123Z`."""
    seconds, ms = divmod(at, 1_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def maybe(at: int | None) -> Instant | None:
    """An instant; null for none, or 0."""
    return instant(Millis(at)) if at else None
