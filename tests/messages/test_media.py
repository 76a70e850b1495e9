"""Files of messages: what a crash leaves goes, what is needed or somebody else's stays."""

import os
import random
from pathlib import Path

import pytest

from merpati.core.clock import DAY_MS, HOUR_MS, Clock, Millis, SystemClock
from merpati.core.ids import DeviceId, JobId, MediaId
from merpati.jobs.model import JobContext, NoArgs
from merpati.messages.actions import accept_calls
from merpati.messages.media import forget_media, sweep_media
from merpati.messages.model import Media
from merpati.messages.thumbnails import thumbnail_name
from merpati.storage.files import AT_ONCE, FolderStore
from merpati.storage.ids import Ids
from merpati.storage.port import Storage
from merpati.wiring import Keeping, jobs
from tests.messages.outbox import ACCOUNT, a_call, own_device

NOW = Millis(1_900_000_000_000)
KEEPING = Keeping(log_ms=DAY_MS, requests_ms=DAY_MS, idempotency_ms=DAY_MS, expire_after_ms=DAY_MS)


class StillClock(Clock):
    def now(self) -> Millis:
        return NOW

    def elapsed(self) -> float:
        return 0.0


@pytest.fixture
async def folder(storage: Storage, tmp_path: Path) -> Path:
    """The media folder of a database that has reserved some ids."""
    await storage.write(own_device)
    await Ids(storage).take("media")
    (tmp_path / "media").mkdir()
    return tmp_path / "media"


def leave(folder: Path, name: str, age_ms: int) -> None:
    (folder / name).write_bytes(b"x")
    at = (NOW - age_ms) / 1_000
    os.utime(folder / name, (at, at))


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def accept_file(storage: Storage, name: str) -> None:
    media = Media(
        id=MediaId(int(name.split(".")[0])),
        account=ACCOUNT,
        path=name,
        kind="image",
        mime="image/png",
        size_bytes=1,
        filename="",
    )
    await storage.write(accept_calls, [a_call(media=(media,))])


async def forgets_nothing(_device: DeviceId) -> None:
    """No way to WhatsApp is open."""


async def run_job(storage: Storage, folder: Path) -> None:
    """The job, as the runner calls it."""
    kind = jobs(KEEPING, FolderStore(folder), lambda: None, forgets_nothing)["messages.sweep_media"]
    await kind.handler(JobContext(storage=storage, clock=StillClock(), id=JobId(-1), attempt=1), NoArgs())


async def test_a_file_without_a_row_goes_after_a_day(storage: Storage, folder: Path) -> None:
    """A younger one may be on its way to its row; one with a row is needed, however old."""
    for name, age_ms in (("1.png", DAY_MS + 1), ("2.png", DAY_MS - HOUR_MS), ("3.png", 30 * DAY_MS)):
        leave(folder, name, age_ms)
    await accept_file(storage, "3.png")

    await run_job(storage, folder)
    assert left_in(folder) == {"2.png", "3.png"}
    await run_job(storage, folder)
    assert left_in(folder) == {"2.png", "3.png"}


async def test_a_small_picture_stays_and_goes_with_its_file(storage: Storage, folder: Path) -> None:
    """One that was drawn while its file went is left alone, and goes too."""
    kept, alone = thumbnail_name("1.png"), thumbnail_name("2.png")
    await accept_file(storage, "1.png")
    for name in ("1.png", kept, alone):
        leave(folder, name, 2 * DAY_MS)
    await run_job(storage, folder)
    assert left_in(folder) == {"1.png", kept}
    await forget_media(storage, FolderStore(folder), Millis(SystemClock().now() + DAY_MS))
    assert left_in(folder) == set()


async def test_what_is_not_ours_stays(storage: Storage, folder: Path) -> None:
    """Ids that this database never reserved (it was another's folder), other names, folders, links."""
    elsewhere = folder.parent / "elsewhere.png"
    elsewhere.write_bytes(b"x")
    for name in ("1001.png", "9223372036854775807.png", "notes.txt", ".1.png.part", "5", "x5.png"):
        leave(folder, name, 30 * DAY_MS)
    (folder / "6.png").mkdir()
    (folder / "7.png").symlink_to(elsewhere)
    before = left_in(folder)

    await run_job(storage, folder)
    assert left_in(folder) == before
    assert elsewhere.exists()


async def test_a_database_that_gave_out_no_ids_removes_nothing(storage: Storage, tmp_path: Path) -> None:
    """A new database on an old folder."""
    leave(tmp_path, "1.png", 30 * DAY_MS)

    assert await sweep_media(storage, FolderStore(tmp_path), NOW) == 0


async def test_many_are_looked_up_in_parts(storage: Storage, folder: Path) -> None:
    """Each part keeps its own."""
    kept = set(random.Random(1).sample([f"{n}.png" for n in range(1, 2 * AT_ONCE + 50)], 20))
    for n in range(1, 2 * AT_ONCE + 50):
        leave(folder, f"{n}.png", 2 * DAY_MS)
    for name in kept:
        await accept_file(storage, name)

    await run_job(storage, folder)
    assert left_in(folder) == kept
