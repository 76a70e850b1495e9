"""What a message may carry: a file, a place. Either stands alone, with a caption, or above a template. Pure.

Source: WhatsApp's linked-device protocol and Meta's Cloud API, where they agree; `address` is the Cloud API's.
"""

from enum import StrEnum

import msgspec


class Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Frozen and named: what crosses the port."""


class MediaKind(StrEnum):
    """What sort of file it is shown as."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


class Media(Struct, frozen=True, kw_only=True, tag=True):
    """A file, and the text that goes with it."""

    kind: MediaKind
    path: str
    """A file of ours, readable until the message is final."""
    mime: str
    size_bytes: int
    filename: str = ""
    caption: str = ""


class Location(Struct, frozen=True, kw_only=True, tag=True):
    """A place, in degrees, and what stands below its map."""

    latitude: float
    longitude: float
    caption: str = ""
    address: str = ""
    """A second line, of a template's place alone."""
