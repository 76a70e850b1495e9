"""Stores of files: the folder and the bucket keep the same promises."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from merpati.core.clock import HOUR_MS, Millis
from merpati.core.ids import MediaId
from merpati.messages.media import names_of
from merpati.messages.model import Media
from merpati.messages.thumbnails import Thumbnails
from merpati.storage.files import FilesGone, FileStore, FolderStore
from merpati.storage.s3 import PART_BYTES, S3FileStore
from tests.messages.outbox import ACCOUNT
from tests.messages.pictures import picture
from tests.storage.s3_server import BUCKET, KEYS, s3_server

LATER = Millis(4_000_000_000_000)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint() -> AsyncIterator[str]:
    """A server that speaks S3; its keys are where the library looks for them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        async with s3_server() as url:
            yield url


async def bucket(endpoint: str, folder: Path, prefix: str, cache_bytes: int = 10**9) -> S3FileStore:
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    return await S3FileStore.open(f"s3://{BUCKET}/{prefix}", folder, endpoint=endpoint, cache_bytes=cache_bytes)


@pytest_asyncio.fixture(params=["folder", "bucket"], loop_scope="module")
async def files(request: pytest.FixtureRequest, endpoint: str, tmp_path: Path) -> FileStore:
    """Each of the two, empty."""
    if request.param == "bucket":
        return await bucket(endpoint, tmp_path / "cache", f"merpati/{tmp_path.name}")
    (tmp_path / "media").mkdir()
    return FolderStore(tmp_path / "media")


def draft(folder: Path, body: bytes) -> Path:
    path = folder / "draft"
    path.write_bytes(body)
    return path


def read(path: Path) -> bytes:
    return path.read_bytes()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def age(folder: Path, name: str, hours: float) -> None:
    at = time.time() - hours * 3_600
    os.utime(folder / name, (at, at))


async def older(files: FileStore, before: Millis = LATER) -> list[str]:
    found: list[str] = []
    async for part in files.older(before):
        found += part
    return sorted(found)


async def keep(files: FileStore, folder: Path, bodies: dict[str, bytes]) -> None:
    for name, body in bodies.items():
        await files.keep(draft(folder, body), name)


async def test_what_is_kept_is_there_whole(files: FileStore, tmp_path: Path) -> None:
    """And gone where it was; several parts are one file."""
    bodies = {"1.txt": b"halo", "2.bin": os.urandom(2 * PART_BYTES + 7), "3.txt": b""}
    await keep(files, tmp_path, bodies)

    assert not (tmp_path / "draft").exists()
    assert {name: read(await files.locate(name)) for name in bodies} == bodies


async def test_what_is_not_there_is_not_found(files: FileStore, tmp_path: Path) -> None:
    """Never, and no more; removing it twice is no trouble."""
    with pytest.raises(FileNotFoundError):
        await files.locate("404.txt")
    await keep(files, tmp_path, {"1.txt": b"halo", "2.txt": b"dunia"})
    await files.remove(["1.txt", "404.txt"])
    await files.remove(["1.txt"])

    with pytest.raises(FileNotFoundError):
        await files.locate("1.txt")
    assert read(await files.locate("2.txt")) == b"dunia"


async def test_old_files_are_told(files: FileStore, tmp_path: Path) -> None:
    """By their names alone; what is younger is not."""
    bodies = {f"{n}.txt": b"x" for n in range(1, 6)}
    await keep(files, tmp_path, bodies)

    assert await older(files) == sorted(bodies)
    assert await older(files, Millis(1_000)) == []


async def test_another_machine_has_the_files_too(endpoint: str, tmp_path: Path) -> None:
    """It keeps a copy, and asks for it once; a file that was removed meanwhile stays for what began with it."""
    one, two = [await bucket(endpoint, tmp_path / name, "shared") for name in ("one", "two")]
    await keep(one, tmp_path, {"1.txt": b"halo"})

    path = await two.locate("1.txt")
    await one.remove(["1.txt"])

    assert read(path) == b"halo"
    assert await two.locate("1.txt") == path
    assert names(tmp_path / "two") == ["1.txt"]


async def test_copies_that_were_used_long_ago_make_room(endpoint: str, tmp_path: Path) -> None:
    """Those of the last hour stay, whatever they take."""
    cache = tmp_path / "cache"
    one = await bucket(endpoint, tmp_path / "one", "room")
    await keep(one, tmp_path, {f"{n}.txt": b"x" * 1_000 for n in range(1, 6)})
    two = await bucket(endpoint, cache, "room", cache_bytes=2_500)
    for n in range(1, 5):
        await two.locate(f"{n}.txt")
    assert len(names(cache)) == 4
    for n in range(1, 4):
        age(cache, f"{n}.txt", hours=HOUR_MS / 3_600_000 * (9 - n))

    await two.locate("5.txt")

    assert names(cache) == ["4.txt", "5.txt"]


async def test_a_copy_that_goes_while_room_is_made_is_no_trouble(endpoint: str, tmp_path: Path) -> None:
    """Another download ends, or a file is removed: what was wanted is there all the same."""
    cache = tmp_path / "cache"
    one = await bucket(endpoint, tmp_path / "one", "going")
    await keep(one, tmp_path, {f"{n}.txt": b"x" for n in range(40)})
    two = await bucket(endpoint, cache, "going")
    for n in range(2_000):
        (cache / f"old{n}").write_bytes(b"x")
    found = await asyncio.gather(*(two.locate(f"{n}.txt") for n in range(40)))
    assert {read(path) for path in found} == {b"x"}


async def test_a_bucket_that_is_not_there_is_said_at_once(endpoint: str, tmp_path: Path) -> None:
    """Nothing is accepted that could not be kept."""
    with pytest.raises(FilesGone, match="nobodys-bucket"):
        await S3FileStore.open("s3://nobodys-bucket", tmp_path, endpoint=endpoint, cache_bytes=0)


async def test_a_server_that_went_away_is_said(tmp_path: Path) -> None:
    """By every call; what was to be kept is still where it was."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        async with s3_server() as url:
            files = await bucket(url, tmp_path / "cache", "")
    calls = (
        files.keep(draft(tmp_path, b"x"), "1.txt"),
        files.locate("2.txt"),
        files.remove(["3.txt"]),
        older(files),
    )
    for call in calls:
        with pytest.raises(FilesGone):
            await call

    assert names(tmp_path) == ["cache", "draft"]
    assert names(tmp_path / "cache") == []


async def test_a_small_picture_lies_beside_its_file(files: FileStore, endpoint: str, tmp_path: Path) -> None:
    """In either store; on another machine it is found and not drawn again, and goes with the file."""
    await files.keep(draft(tmp_path, picture()), "9.jpg")
    media = Media(id=MediaId(9), account=ACCOUNT, path="9.jpg", kind="image", mime="", size_bytes=1, filename="")
    drawn = await Thumbnails(files, tmp_path).locate(media)
    found = [name async for part in files.older(LATER) for name in part]
    assert sorted(found) == sorted(names_of("9.jpg"))
    there = await bucket(endpoint, tmp_path / "there", f"merpati/{tmp_path.name}")
    if isinstance(files, S3FileStore):
        await files.remove(["9.jpg"])
        assert read(await Thumbnails(there, tmp_path).locate(media)) == read(drawn)
    await files.remove(names_of("9.jpg"))
    assert [name async for part in files.older(LATER) for name in part] == []
