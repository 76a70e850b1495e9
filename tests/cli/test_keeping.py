"""`merpati migrate`, `backup` and `restore`."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from merpati.locale import LANGUAGES, words
from merpati.storage.backup_refused import Why
from merpati.storage.folder import DataFolder
from merpati.storage.migrate import known_migrations
from merpati.storage.port import Engine
from merpati.transports.linked.folder import Mark, SessionFolder
from tests.cli.keyboard import answered, typed

NUMBER = "6281234567890"
NEWEST = len(known_migrations(Engine.SQLITE))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    answered("user", "add", "a@b.example", "--generate", "--data", str(folder))
    answered("device", "add", NUMBER, "Toko", "--data", str(folder))
    return folder


def test_what_was_copied_is_back_after_a_loss(data: Path, tmp_path: Path) -> None:
    """Restored into another folder, owners and devices are there, and the tokens open."""
    copy, again = tmp_path / "copy.tar", str(tmp_path / "again")
    done = answered("backup", str(copy), "--data", str(data))
    assert (done["file"], done["engine"], done["schema"]) == (str(copy), "sqlite", NEWEST)
    assert copy.stat().st_mode & 0o077 == 0
    assert answered("restore", str(copy), "--data", again)["folder"] == again
    for command in (("user", "list"), ("device", "list")):
        assert answered(*command, "--data", again) == answered(*command, "--data", str(data))
    tokens = {typed("device", "token", NUMBER, "--data", each).output for each in (again, str(data))}
    assert len(tokens) == 1


def test_a_copy_into_a_folder_is_named_by_its_time(data: Path, tmp_path: Path) -> None:
    """So that a nightly job needs no name."""
    (tmp_path / "copies").mkdir()
    done = answered("backup", str(tmp_path / "copies"), "--data", str(data))
    assert [str(path) for path in (tmp_path / "copies").iterdir()] == [done["file"]]


def test_nothing_is_overwritten(data: Path, tmp_path: Path) -> None:
    """A folder with data is not restored into."""
    answered("backup", str(tmp_path / "copy.tar"), "--data", str(data))
    refused = typed("restore", str(tmp_path / "copy.tar"), "--data", str(data))
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: Not done, nothing was changed. Not empty:")
    assert answered("device", "list", "--data", str(data))[0]["number"] == NUMBER


def link_phone(data: Path, *, clean: bool) -> Path:
    """Keys as a linked phone's session leaves them."""
    folder = DataFolder(data).linked / "1"
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(folder / "session.db", isolation_level=None)) as db:
        db.execute("CREATE TABLE whatsmeow_device (jid TEXT)")
        db.execute("INSERT INTO whatsmeow_device VALUES ('62811:1@s.whatsapp.net')")
    if clean:
        (folder / "clean").touch()
    return folder


@pytest.mark.parametrize("clean", [True, False])
def test_keys_of_linked_phones_are_copied_and_old_ones_said_to_be(
    data: Path, tmp_path: Path, *, clean: bool
) -> None:
    """Of a session that was stopped in order nothing is said; of one that ran, that it may have to be linked."""
    link_phone(data, clean=clean)
    copy, again = tmp_path / "copy.tar", tmp_path / "again"
    answered("backup", str(copy), "--data", str(data))

    said = typed("restore", str(copy), "--data", str(again)).output

    folder = SessionFolder(DataFolder(again).linked / "1")
    assert folder.paired_as() == "62811:1@s.whatsapp.net"
    assert (folder.has(Mark.RESTORED), folder.has(Mark.CLEAN)) == (True, clean)
    assert ("link them again" in said) is not clean
    assert folder.session.stat().st_mode & 0o077 == 0


def test_linked_phones_that_moved_do_not_start_where_they_were(data: Path, tmp_path: Path) -> None:
    """They do where the copy is restored; a folder that is in use is not moved away from under somebody."""
    source = link_phone(data, clean=True)
    copy, again = tmp_path / "copy.tar", tmp_path / "again"
    held = DataFolder(data)
    held.take()
    assert typed("backup", str(copy), "--move", "--data", str(data)).exit_code == 1
    held.release()

    moved = typed("backup", str(copy), "--move", "--data", str(data))
    answered("restore", str(copy), "--data", str(again))

    assert "1" in moved.output.splitlines()[-1]
    assert SessionFolder(source).has(Mark.MOVED)
    assert not SessionFolder(DataFolder(again).linked / "1").has(Mark.MOVED)


def test_a_move_that_is_done_again_has_the_keys_again(data: Path, tmp_path: Path) -> None:
    """The first archive was lost on its way, or is written over; an ordinary copy leaves out what moved."""
    link_phone(data, clean=True)
    copy, again, other = tmp_path / "copy.tar", tmp_path / "again", tmp_path / "other"
    answered("backup", str(copy), "--move", "--data", str(data))

    answered("backup", str(copy), "--move", "--data", str(data))
    answered("restore", str(copy), "--data", str(again))

    assert SessionFolder(DataFolder(again).linked / "1").paired_as() == "62811:1@s.whatsapp.net"
    answered("backup", str(copy), "--data", str(data))
    answered("restore", str(copy), "--data", str(other))
    assert SessionFolder(DataFolder(other).linked / "1").paired_as() == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_to_refuse_has_its_sentence(language: str) -> None:
    """No English inside a sentence in Indonesian."""
    assert {f"cli.backup.why.{why}" for why in Why} - set(words(language)) == set()


def test_a_restore_says_how_to_start(data: Path, tmp_path: Path) -> None:
    """With the folder that was restored into, as another terminal knows neither flag nor variable."""
    answered("backup", str(tmp_path / "copy.tar"), "--data", str(data))
    by_flag, by_variable = tmp_path / "by flag", tmp_path / "by_variable"
    done = typed("restore", str(tmp_path / "copy.tar"), "--data", str(by_flag)).output
    assert f"`merpati serve --data '{by_flag}'`" in done
    done = typed("restore", str(tmp_path / "copy.tar"), MERPATI_DATA=str(by_variable)).output
    assert f"`merpati serve --data {by_variable}`" in done


@pytest.mark.parametrize("content", [b"", b"no archive at all"])
def test_a_file_that_is_no_copy_is_refused(tmp_path: Path, content: bytes) -> None:
    """The folder stays empty, so that the right file can be restored next."""
    (tmp_path / "copy.tar").write_bytes(content)
    refused = typed("restore", str(tmp_path / "copy.tar"), "--data", str(tmp_path / "new"))
    assert (refused.exit_code, "Not done" in refused.output) == (1, True)
    assert not (tmp_path / "new" / "merpati.db").exists()


def test_a_file_that_is_missing_is_said(tmp_path: Path) -> None:
    """The whole path, as people mistake the folder they are in."""
    refused = typed("restore", str(tmp_path / "none.tar"), "--data", str(tmp_path / "new"))
    assert refused.output == f"Error: There is no file {tmp_path / 'none.tar'}.\n"


def test_a_copy_without_data_is_refused(tmp_path: Path) -> None:
    """A mistyped folder does not become a good-looking empty copy."""
    refused = typed("backup", str(tmp_path / "copy.tar"), "--data", str(tmp_path / "nowhere"))
    assert (refused.exit_code, (tmp_path / "copy.tar").exists()) == (1, False)


def test_migrate_makes_the_tables_once(tmp_path: Path) -> None:
    """Each step is named; the second time there is none."""
    first, second = (typed("migrate", "--data", str(tmp_path)).output.splitlines() for _ in range(2))
    assert (len(first), second) == (NEWEST + 1, [f"The database has schema {NEWEST}, the newest."])


def test_nothing_is_migrated_under_a_running_gateway(data: Path) -> None:
    """Its process is named."""
    folder = DataFolder(data)
    folder.take()
    try:
        refused = typed("migrate", "--data", str(data))
    finally:
        folder.release()
    assert (refused.exit_code, f"in use by process {os.getpid()}" in refused.output) == (1, True)
