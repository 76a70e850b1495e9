"""A device's folder: whose it is, and what its marks say."""

import shutil
import sqlite3
import stat
from pathlib import Path

from merpati.core.ids import DeviceId
from merpati.transports.linked.folder import Mark, SessionFolder


def made(tmp_path: Path) -> SessionFolder:
    folder = SessionFolder.of(tmp_path, DeviceId(7))
    folder.make()
    return folder


def put_session(folder: SessionFolder, jid: str = "62811:3@s.whatsapp.net") -> None:
    with sqlite3.connect(folder.session) as db:
        db.execute("CREATE TABLE whatsmeow_device (jid TEXT)")
        db.execute("INSERT INTO whatsmeow_device VALUES (?)", (jid,))
    db.close()


def test_the_keys_are_their_owners_alone(tmp_path: Path) -> None:
    """Folder and marks."""
    folder = made(tmp_path)
    folder.put(Mark.CLEAN)

    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / Mark.CLEAN).stat().st_mode) == 0o600


def test_a_folder_without_keys_is_not_paired(tmp_path: Path) -> None:
    """Missing, empty, or of a pairing that came to nothing."""
    folder = SessionFolder.of(tmp_path, DeviceId(7))
    assert folder.paired_as() == ""
    folder.make()
    assert folder.paired_as() == ""
    folder.session.write_bytes(b"")

    assert folder.paired_as() == ""


def test_the_keys_say_whose_they_are(tmp_path: Path) -> None:
    """The library's own table is the truth."""
    folder = made(tmp_path)
    put_session(folder)

    assert folder.paired_as() == "62811:3@s.whatsapp.net"


def test_forgetting_leaves_nothing_but_that_it_moved(tmp_path: Path) -> None:
    """Again is harmless."""
    folder = made(tmp_path)
    put_session(folder)
    folder.put(Mark.MOVED)

    folder.forget()
    folder.forget()

    assert [each.name for each in folder.path.iterdir()] == [Mark.MOVED]


def test_a_mark_is_taken_once(tmp_path: Path) -> None:
    """And says whether it was there."""
    folder = made(tmp_path)
    folder.put(Mark.CLEAN)

    assert [folder.take(Mark.CLEAN), folder.take(Mark.CLEAN)] == [True, False]


def test_new_keys_are_no_copy(tmp_path: Path) -> None:
    """Pairing anew ends what was said of the old ones."""
    folder = made(tmp_path)
    put_session(folder)
    folder.put(Mark.RESTORED)
    folder.set_aside_keys()
    put_session(folder, "62822:1@s.whatsapp.net")

    folder.forget_keys_aside()
    folder.bring_keys_back()

    assert folder.paired_as() == "62822:1@s.whatsapp.net"
    assert not folder.has(Mark.RESTORED)


def test_a_pairing_that_came_to_nothing_costs_no_keys(tmp_path: Path) -> None:
    """Begun twice, and given up: they are what they were, with their marks."""
    folder = made(tmp_path)
    put_session(folder)
    folder.put(Mark.MOVED)
    for _ in range(2):
        folder.set_aside_keys()
        folder.session.touch()

    folder.bring_keys_back()
    folder.bring_keys_back()

    assert folder.paired_as() == "62811:3@s.whatsapp.net"
    assert folder.has(Mark.MOVED)
    assert not folder.has_keys_aside


def test_keys_are_known_after_a_kill_in_mid_write(tmp_path: Path) -> None:
    """What the kill left half written is taken back first; a copy of file and journal is what a kill leaves."""
    folder, killed = made(tmp_path / "a"), made(tmp_path / "b")
    put_session(folder)
    db = sqlite3.connect(folder.session, isolation_level=None)
    db.execute("PRAGMA cache_size = 1")
    db.execute("BEGIN IMMEDIATE")
    db.execute("CREATE TABLE other (data BLOB)")
    for _ in range(50):
        db.execute("INSERT INTO other VALUES (zeroblob(4000))")
    for each in folder.path.iterdir():
        shutil.copy(each, killed.path)
    db.close()

    assert (killed.path / "session.db-journal").exists()
    assert killed.paired_as() == "62811:3@s.whatsapp.net"
