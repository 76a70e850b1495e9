"""What WhatsApp's official API takes of files: each rule by itself, with a sentence that says what would go."""

import pytest

from merpati.core.errors import Code, Refusal
from merpati.locale import sentence
from merpati.transports.limits import MB, META_FILES, check_file
from merpati.transports.port import MediaKind


def test_every_kind_has_a_rule() -> None:
    """By the names that files have here."""
    assert set(META_FILES) == set(MediaKind)


@pytest.mark.parametrize(
    ("kind", "mime", "size", "caption"),
    [
        (MediaKind.IMAGE, "image/JPEG; q=1", 5 * MB, "x" * 1024),
        (MediaKind.VIDEO, "video/mp4", 16 * MB, ""),
        (MediaKind.AUDIO, "audio/mpeg", 16 * MB, ""),
        (MediaKind.DOCUMENT, "text/csv", 100 * MB, "x" * 1024),
    ],
)
def test_what_is_just_within_the_limits_goes(kind: MediaKind, mime: str, size: int, caption: str) -> None:
    """The limit itself is allowed."""
    check_file(META_FILES, kind, mime, size, caption)


@pytest.mark.parametrize(
    ("kind", "mime", "size", "caption", "code", "says"),
    [
        (MediaKind.IMAGE, "image/webp", 1, "", Code.FILE_TYPE_HERE, "jpeg, png"),
        (MediaKind.VIDEO, "video/webm", 1, "", Code.FILE_TYPE_HERE, "mp4"),
        (MediaKind.IMAGE, "image/png", 5 * MB + 1, "", Code.FILE_TOO_LARGE, "5"),
        (MediaKind.DOCUMENT, "application/pdf", 100 * MB + 1, "", Code.FILE_TOO_LARGE, "100"),
        (MediaKind.IMAGE, "image/png", 1, "x" * 1025, Code.TEXT_TOO_LONG, "1024"),
        (MediaKind.AUDIO, "audio/mpeg", 1, "hm", Code.CAPTION_UNSUPPORTED, "message"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_with_what_would_go(
    kind: MediaKind, mime: str, size: int, caption: str, code: Code, says: str
) -> None:
    """In both languages, whole."""
    with pytest.raises(Refusal) as refused:
        check_file(META_FILES, kind, mime, size, caption)
    assert refused.value.code is code
    said = {language: sentence(f"error.{code}", language, **refused.value.values) for language in ("id", "en")}
    assert says in said["en"]
    assert not any("{" in each for each in said.values())


def test_a_network_without_rules_takes_what_is_taken_here() -> None:
    """A linked phone."""
    check_file({}, MediaKind.AUDIO, "audio/mpeg", 10**9, "x" * 60_000)
