"""Small pictures: of every form that is sent, and nothing of what breaks a reader."""

import asyncio
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from merpati.core.ids import MediaId
from merpati.messages.model import Media
from merpati.messages.thumbnails import FORMATS, LONGEST, NoThumbnail, Thumbnails, draw, is_picture, thumbnail_name
from merpati.storage.files import FolderStore
from tests.messages.outbox import ACCOUNT
from tests.messages.pictures import BLUE, RED, SIZE, animation, bomb, photo, picture

MODES = [(form, mode) for form in FORMATS for mode in ("RGB", "RGBA", "L", "P", "1", "CMYK", "LA")]


def drawn(folder: Path, content: bytes) -> Image.Image:
    source = folder / "source"
    source.write_bytes(content)
    return Image.open(io.BytesIO(draw(source)))


def is_about(seen: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(seen, tuple)
    return all(abs(is_ - was) < 20 for is_, was in zip(seen, colour, strict=False))


def media(path: str = "9.jpg", kind: str = "image", mime: str = "image/jpeg") -> Media:
    return Media(id=MediaId(9), account=ACCOUNT, path=path, kind=kind, mime=mime, size_bytes=1, filename="")


@pytest.mark.parametrize(("form", "mode"), MODES)
def test_every_form_of_a_picture_is_drawn_small(tmp_path: Path, form: str, mode: str) -> None:
    """Whatever its colours are made of, as far as the form can hold them; its shape stays."""
    try:
        content = picture(form, mode)
    except (OSError, ValueError):
        content = picture(form)  # the form has no such colours
    small = drawn(tmp_path, content)
    assert (small.format, small.size) == ("WEBP", (LONGEST, LONGEST * 3 // 4))
    assert small.mode in ("RGB", "RGBA")


def test_colours_and_sides_stay_where_they_are(tmp_path: Path) -> None:
    """Red is above; a small picture is not made larger."""
    small = drawn(tmp_path, picture("PNG", size=(40, 20))).convert("RGB")
    assert small.size == (40, 20)
    assert is_about(small.getpixel((20, 2)), RED)
    assert is_about(small.getpixel((20, 17)), BLUE)


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"), [(1, (640, 480), (320, 10)), (6, (480, 640), (470, 320))]
)
def test_a_photo_is_upright_and_tells_no_place(
    tmp_path: Path, orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    """Nothing of what the phone wrote beside the picture is in ours."""
    small = drawn(tmp_path, photo(orientation))
    assert small.size == size
    assert is_about(small.convert("RGB").getpixel(red_at), RED)
    assert dict(small.getexif()) == {}
    assert {"exif", "icc_profile", "xmp"} & set(small.info) == set()


def test_a_photo_with_another_behind_it_is_drawn(tmp_path: Path) -> None:
    """As phones write them that keep a map of brightness beside the picture."""
    behind = Image.new("RGB", SIZE, BLUE)
    small = drawn(tmp_path, picture("MPO", save_all=True, append_images=[behind]))
    assert is_about(small.convert("RGB").getpixel((320, 10)), RED)


def test_of_an_animation_the_first_picture_is_drawn(tmp_path: Path) -> None:
    """And it moves no more."""
    small = drawn(tmp_path, animation())
    assert is_about(small.convert("RGB").getpixel((50, 25)), RED)
    assert getattr(small, "n_frames", 1) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        picture("PNG")[:200],
        picture("JPEG")[:-2_000],
        picture("WEBP")[:300],
        picture("GIF")[:100],
        bomb(),
        bomb(10_000, 10_000),
        bomb(9_000, 9_000),
        bomb(4_001, 4_000),
        picture("WEBP", size=(4_000, 2_001), method=0),
        bomb(0, 5),
        picture("BMP", size=(10, 10)),
        picture("PPM", size=(10, 10)),
        b"%PDF-1.7 the price of everything",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_what_is_broken_too_large_or_no_picture_has_none(tmp_path: Path, content: bytes) -> None:
    """Cut off, a bomb, another form than ours."""
    with pytest.raises(NoThumbnail):
        drawn(tmp_path, content)


SEEDS = [picture(form, size=(60, 40)) for form in FORMATS] + [photo()[:3_000], animation()]
strikes = st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=12)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # it says which damaged part it leaves out
@settings(max_examples=300)
@given(st.sampled_from(SEEDS), strikes, st.floats(0.2, 1))
def test_whatever_is_wrong_with_a_picture_it_is_drawn_or_refused(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes, struck: list[tuple[float, int]], part: float
) -> None:
    """Bytes changed, many of them in its head, and its end cut off."""
    content = bytearray(seed)
    for at, byte in struck:
        content[int(at * at * len(content))] = byte
    try:
        small = drawn(tmp_path_factory.getbasetemp(), bytes(content[: int(part * len(content))]))
    except NoThumbnail:
        return
    assert max(small.size) <= LONGEST


@pytest.mark.parametrize(
    ("kept", "is_one"),
    [
        (media(), True),
        (media("9.bin", mime="application/octet-stream"), True),
        (media(kind="document"), True),
        (media("9.pdf", "document", "application/pdf"), False),
        (media("9.mp4", "video", "video/mp4"), False),
        (media(""), False),
    ],
)
def test_what_a_picture_is(kept: Media, is_one: bool) -> None:
    """A file of this kind, or whose content is one; not one that was not kept."""
    assert is_picture(kept) is is_one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("media", "spool"):
        (tmp_path / name).mkdir()
    return tmp_path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_it_is_drawn_once_and_kept_beside_its_file(folder: Path) -> None:
    """Asked for by many at once; nothing is left aside."""
    (folder / "media" / "9.jpg").write_bytes(photo())
    thumbnails = Thumbnails(FolderStore(folder / "media"), folder / "spool")
    found = await asyncio.gather(*(thumbnails.locate(media()) for _ in range(5)))
    assert {path.name for path in found} == {thumbnail_name("9.jpg")}
    assert names_in(folder / "media") == ["9.jpg", thumbnail_name("9.jpg")]
    first = found[0].stat().st_mtime_ns
    assert (await thumbnails.locate(media())).stat().st_mtime_ns == first
    assert names_in(folder / "spool") == []


@pytest.mark.parametrize("content", [None, b"x", bomb()])
async def test_a_file_that_cannot_be_drawn_leaves_nothing(folder: Path, content: bytes | None) -> None:
    """One that is not there, too."""
    if content is not None:
        (folder / "media" / "9.jpg").write_bytes(content)
    thumbnails = Thumbnails(FolderStore(folder / "media"), folder / "spool")
    with pytest.raises(NoThumbnail):
        await thumbnails.locate(media())
    assert names_in(folder / "media") == (["9.jpg"] if content is not None else [])
    assert names_in(folder / "spool") == []
