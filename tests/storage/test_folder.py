"""The data folder."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from merpati.storage.folder import DataFolder, FolderInUse, KeyDamaged

HOLD = """
import sys
from pathlib import Path
from merpati.storage.folder import DataFolder
folder = DataFolder(Path(sys.argv[1]))
folder.take()
print("taken", flush=True)
sys.stdin.read()
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_its_owners_alone(tmp_path: Path) -> None:
    """0700 for the folders, 0600 for keys and the lock."""
    folder = DataFolder(tmp_path / "deep" / "data")
    folder.take()
    folder.key("secrets")
    for path in (folder.path, folder.media, folder.keys, folder.simulator):
        assert mode(path) == 0o700
    assert {mode(path) for path in (folder.path / "lock", *folder.keys.iterdir())} == {0o600}
    folder.release()


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """32 bytes, the same ever after; another name is another key."""
    first = DataFolder(tmp_path).key("secrets")
    assert len(first) == 32
    assert DataFolder(tmp_path).key("secrets") == first
    assert DataFolder(tmp_path).key("other") != first
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["other.key", "secrets.key"]


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    """A key of a wrong length is an error: a new one would lose what the old one sealed."""
    folder = DataFolder(tmp_path)
    (folder.keys / "secrets.key").write_bytes(b"short")
    with pytest.raises(KeyDamaged, match=r"secrets\.key"):
        folder.key("secrets")


def test_what_a_killed_process_left_half_done_goes(tmp_path: Path) -> None:
    """An upload that never became a message's file; a mere look at the folder removes nothing."""
    folder = DataFolder(tmp_path)
    (folder.spool / "upload-1").write_bytes(b"half")
    DataFolder(tmp_path)
    assert list(folder.spool.iterdir())

    folder.take()

    assert list(folder.spool.iterdir()) == []
    folder.release()


@pytest.mark.process
def test_a_second_process_on_the_folder_is_refused(tmp_path: Path) -> None:
    """It hears who holds it; after the holder is killed, the folder is free at once."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        with pytest.raises(FolderInUse) as refused:
            DataFolder(tmp_path).take()
        assert refused.value.pid == str(holder.pid)
        holder.kill()
        holder.wait()
    folder = DataFolder(tmp_path)
    folder.take()
    folder.release()
    folder.release()
