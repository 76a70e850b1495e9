"""How large a file may be: each kind by itself. Pure.

Source: Fonnte docs, file limitation: 10 MB, whatever it is. The operator may set each kind's otherwise.
"""

import msgspec

from merpati.core.errors import Code, Refusal
from merpati.transports.port import MediaKind

MB = 1_000_000


class FileLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes at most, by kind. The kind is the one that `file_types.judge_file` finds in the content."""

    image: int = 10 * MB
    video: int = 10 * MB
    audio: int = 10 * MB
    document: int = 10 * MB

    def of(self, kind: MediaKind) -> int:
        return {
            MediaKind.IMAGE: self.image,
            MediaKind.VIDEO: self.video,
            MediaKind.AUDIO: self.audio,
            MediaKind.DOCUMENT: self.document,
        }[kind]

    @property
    def most(self) -> int:
        """Of any kind: what is larger need not be read to its end."""
        return max(map(self.of, MediaKind))

    def check(self, kind: MediaKind, size_bytes: int) -> None:
        """Raises `Refusal(FILE_TOO_LARGE)` with the kind's limit, `limit_mb`."""
        if size_bytes > self.of(kind):
            raise Refusal(Code.FILE_TOO_LARGE, limit_mb=self.of(kind) // MB)
