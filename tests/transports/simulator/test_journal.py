"""The journal: what is written stays, what is torn is cut, nobody else writes it."""

import resource
from pathlib import Path

import pytest

from merpati.core.clock import Millis
from merpati.core.ids import Address
from merpati.transports.simulator.entries import PersonSet
from merpati.transports.simulator.journal import (
    FILE,
    Journal,
    JournalDamaged,
    JournalFull,
    JournalInUse,
    read_journal,
)


def person(number: int) -> PersonSet:
    return PersonSet(t=Millis(number), number=Address(f"628120000{number:04d}"))


def test_what_was_written_is_read_in_order(tmp_path: Path) -> None:
    """Also while the writer is open."""
    journal = Journal(tmp_path, fsync=True)
    for number in range(3):
        journal.append(person(number))

    assert list(read_journal(tmp_path)) == [person(0), person(1), person(2)]
    journal.close()


@pytest.mark.parametrize("torn", [b'{"ev":"per', b"\x00" * 5_000_000, b"{"])
def test_a_torn_last_line_is_left_out_and_cut_at_the_next_start(tmp_path: Path, torn: bytes) -> None:
    """A power cut in the middle of a write loses that line alone."""
    journal = Journal(tmp_path)
    journal.append(person(1))
    journal.close()
    with (tmp_path / FILE).open("ab") as file:
        file.write(torn)

    assert list(read_journal(tmp_path)) == [person(1)]
    again = Journal(tmp_path)
    again.append(person(2))
    again.close()

    assert again.torn_bytes == len(torn)
    assert list(read_journal(tmp_path)) == [person(1), person(2)]


def test_a_journal_of_one_torn_line_becomes_empty(tmp_path: Path) -> None:
    """The first line can be torn too."""
    (tmp_path / FILE).write_bytes(b'{"ev":')

    journal = Journal(tmp_path)
    journal.close()

    assert list(read_journal(tmp_path)) == []


def test_a_broken_line_in_the_middle_is_not_passed_over(tmp_path: Path) -> None:
    """A judge must not miss what stands there."""
    journal = Journal(tmp_path)
    journal.append(person(1))
    journal.close()
    with (tmp_path / FILE).open("ab") as file:
        file.write(b"what?\n")

    with pytest.raises(JournalDamaged, match="line 2"):
        list(read_journal(tmp_path))


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """Two networks on one journal would each know half."""
    journal = Journal(tmp_path)

    with pytest.raises(JournalInUse):
        Journal(tmp_path)

    journal.close()
    Journal(tmp_path).close()


def test_a_line_that_does_not_fit_is_not_kept_at_all(tmp_path: Path) -> None:
    """The disk ends in the middle of a line (here: the largest file that the process may write)."""
    journal = Journal(tmp_path)
    journal.append(person(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 10, hard))
    try:
        with pytest.raises(JournalFull):
            journal.append(person(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    journal.append(person(3))
    journal.close()
    assert list(read_journal(tmp_path)) == [person(1), person(3)]
