"""Keys of linked phones in an archive: each database as one snapshot, and the marks beside it.

A copy of keys that go on being used grows old with each message: whoever has it gets nothing that it can read. So a
copy says whether its session was stopped in order (`clean`), a restored one that it is a copy (`restored`), and a
source that was copied to be used elsewhere that it `moved`. Their meaning: `transports.linked.folder`.
"""

from collections.abc import Iterator
from pathlib import Path

import apsw

CLEAN, RESTORED, MOVED = "clean", "restored", "moved"
DATABASES = ("session.db", "worker.db")


def copy(root: Path, into: Path, *, moved: bool = False) -> None:
    """The keys of every device below `root`; sessions may be running. `moved`: also those that moved, which a move
    that is done again needs. Raises `OSError`."""
    for folder in _folders(root):
        if (folder / MOVED).exists() and not moved:
            continue
        place = into / folder.name
        place.mkdir(mode=0o700, parents=True)
        is_clean = (folder / CLEAN).exists()
        for name in DATABASES:
            if (folder / name).exists():
                _snapshot(folder / name, place / name)
        if is_clean and (folder / CLEAN).exists():  # not started meanwhile
            (place / CLEAN).touch(0o600)


def mark_restored(root: Path) -> None:
    """They are copies from now on."""
    for folder in _folders(root):
        (folder / RESTORED).touch(0o600)


def mark_moved(root: Path) -> int:
    """They are used elsewhere from now on, and do not start here; how many. May run twice."""
    folders = list(_folders(root))
    for folder in folders:
        (folder / MOVED).touch(0o600)
    return len(folders)


def old_copies(root: Path) -> int:
    """How many were copied while they ran: WhatsApp may refuse them, or send what they cannot read."""
    return sum((each / RESTORED).exists() and not (each / CLEAN).exists() for each in _folders(root))


def _folders(root: Path) -> Iterator[Path]:
    yield from sorted(each for each in root.iterdir() if each.is_dir() and (each / DATABASES[0]).exists())


def _snapshot(database: Path, into: Path) -> None:
    source = apsw.Connection(str(database))
    try:
        source.set_busy_timeout(10_000)
        source.execute("VACUUM INTO ?", (str(into),))
    except apsw.Error as error:
        raise OSError(f"{database}: {error}") from None
    finally:
        source.close()
    into.chmod(0o600)
