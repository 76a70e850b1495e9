"""What keeps a gateway from starting: each is a sentence that says what to do, with exit code 1."""

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from merpati.cli.troubles import explain, run
from merpati.storage.port import OutcomeUnknown, StorageFull, StorageSlow, Violation
from tests.cli.keyboard import answered, typed


def _file_in_its_place(folder: Path) -> dict[str, str]:
    folder.write_text("")
    return {}


def _damaged_key(folder: Path) -> dict[str, str]:
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "seal.key").write_bytes(b"short")
    return {}


def _no_database_file(folder: Path) -> dict[str, str]:
    folder.mkdir()
    (folder / "merpati.db").write_bytes(b"this is no database at all" * 100)
    return {}


def _broken_script(folder: Path) -> dict[str, str]:
    script = folder.with_name("faults.toml")
    script.write_text("[network\n")
    return {"MERPATI_SIMULATOR_FAULTS": str(script)}


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (_file_in_its_place, "is no folder. Choose another data folder with --data."),
        (_damaged_key, "is damaged. Put it back from a backup;"),
        (_no_database_file, "cannot be reached:"),
        (_broken_script, "The simulated network cannot run:"),
        (lambda _: {"MERPATI_SIMULATOR_SOCKET": "/nowhere.sock"}, "No simulator runs in /nowhere.sock."),
        (lambda _: {"MERPATI_DATABASE": "postgresql://me:sesam@127.0.0.1:1/x"}, "postgresql://me:…@127.0.0.1:1/x"),
        (lambda _: {"MERPATI_HOST": "192.0.2.1"}, "192.0.2.1 is no address of this machine."),
    ],
)
def test_a_start_that_cannot_be_is_explained(
    tmp_path: Path, prepare: Callable[[Path], dict[str, str]], sentence: str
) -> None:
    """No traceback, no password."""
    environ = prepare(tmp_path / "data")
    refused = typed("serve", "--port", "0", "--data", str(tmp_path / "data"), **environ)
    assert (refused.exit_code, sentence in refused.output) == (1, True), refused.output
    assert "sesam" not in refused.output


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (StorageFull("full"), "cli.trouble.storage_full"),
        (OutcomeUnknown("lost"), "cli.trouble.outcome_unknown"),
        (StorageSlow("slow"), "cli.trouble.storage"),
        (Violation("unique"), "cli.trouble.storage"),
        (PermissionError(errno.EACCES, "no", "/data"), "cli.trouble.not_allowed"),
        (OSError(errno.EROFS, "no", "/data"), "cli.trouble.not_allowed"),
        (OSError(errno.ENOSPC, "no"), "cli.trouble.storage_full"),
        (OSError(errno.EADDRINUSE, "no"), "cli.trouble.port_taken"),
        (OSError(errno.EIO, "no", "/data"), "cli.trouble.os"),
    ],
)
def test_each_failure_of_the_machine_has_its_sentence(error: Exception, key: str) -> None:
    """Whatever command it happens under."""
    with click.Context(click.Command("x")):
        assert explain(error).key == key


@pytest.mark.postgres
async def test_the_commands_work_on_postgresql(postgres_dsn: str, tmp_path: Path) -> None:
    """From the first owner to a backup, which is refused where the engine is another."""

    def story() -> None:
        on = {"MERPATI_DATABASE": postgres_dsn, "MERPATI_DATA": str(tmp_path / "data")}
        assert typed("device", "list", **on).output.startswith("Error: The database")
        answered("user", "add", "a@b.example", "--generate", **on)
        token = answered("device", "add", "6281234567890", "Toko", **on)["token"]
        assert typed("device", "token", "6281234567890", **on).output.strip() == token
        assert answered("message", "list", **on) == {"messages": [], "after": None}
        found = {each["check"]: each["grade"] for each in answered("doctor", "--port", "0", **on)}
        assert {found[check] for check in ("database", "schema", "clock", "owners", "key")} == {"ok"}
        done = answered("backup", str(tmp_path / "copy.tar"), **on)
        assert done["engine"] == "postgres"
        refused = typed("restore", str(tmp_path / "copy.tar"), MERPATI_DATA=str(tmp_path / "other"))
        assert (refused.exit_code, "Not done" in refused.output) == (1, True)

    await asyncio.to_thread(story)


def test_a_reader_that_has_seen_enough_is_no_trouble() -> None:
    """`merpati message list | head -1` ends quietly."""

    async def print_on() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    with click.Context(click.Command("x")), pytest.raises(BrokenPipeError):
        run(print_on())
