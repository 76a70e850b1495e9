"""Files: taken within Meta's limits, found by id for some days. Pure.

Source: Meta, business-phone-numbers/media: types and sizes; an uploaded id lives 30 days, one of a webhook 7.
"""

import hashlib
from collections.abc import Mapping

import msgspec

from merpati.fakes.graph.errors import GraphError
from merpati.fakes.graph.settings import DAY_MS

UPLOADED_MS, RECEIVED_MS = 30 * DAY_MS, 7 * DAY_MS
MB = 1_000_000
KINDS: Mapping[str, tuple[int, frozenset[str]]] = {
    "image": (5 * MB, frozenset({"image/jpeg", "image/png"})),
    "video": (16 * MB, frozenset({"video/mp4", "video/3gpp", "video/3gp"})),
    "audio": (
        16 * MB,
        frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus"}),
    ),
    "sticker": (500_000, frozenset({"image/webp"})),
    "document": (
        100 * MB,
        frozenset({
            "text/plain", "text/csv", "application/pdf", "application/msword", "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        }),
    ),
}  # fmt: skip
"""Kind -> most bytes, and the types that may be uploaded."""


class MediaFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody uploaded or sent."""

    id: str
    number: str
    mime: str
    filename: str
    data: bytes
    until: int
    """When it is forgotten."""
    trouble: int = 0
    """The code of the error that whoever asks for it gets."""
    hangs: bool = False
    """Its address does not answer."""
    is_shut: bool = False
    """Its address answers 403, with a page."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def check_upload(mime: str, size: int) -> None:
    """Raises `GraphError` for a type or a size that no kind of message takes."""
    bare = mime.split(";")[0].strip().lower()
    sizes = [most for most, mimes in KINDS.values() if bare in mimes]
    if not sizes:
        raise GraphError(
            100, f"Param file must be a file with one of the supported types. Received file of type '{bare}'."
        )
    if size > max(sizes):
        raise GraphError(131053, f"File of {size} bytes is too large for its type")


def check_use(kind: str, file: MediaFile) -> None:
    """Raises `GraphError` when a message of this kind cannot carry that file."""
    most, mimes = KINDS[kind]
    bare = file.mime.split(";")[0].strip().lower()
    if kind != "document" and bare not in mimes:
        raise GraphError(131053, f"Unsupported {kind} mime type {bare}")
    if len(file.data) > most:
        raise GraphError(131053, f"{kind} file is too large: {len(file.data)} bytes")
