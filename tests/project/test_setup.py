"""`make setup` says in one sentence what a machine lacks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

STAND_IN = """#!{python}
import os, sys
code = sys.argv[2] if sys.argv[1:2] == ["-c"] else ""
if {lacks!r} in code:
    raise SystemExit(1)
if sys.argv[1:] == ["--version"]:
    print("Python 3.9.2")
elif not code:
    raise SystemExit("the script went on")
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the script alone."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    return tmp_path


def python_without(folder: Path, what: str) -> Path:
    """An interpreter in which code that names `what` fails."""
    path = folder / "python"
    path.write_text(STAND_IN.format(python=sys.executable, lacks=what), encoding="utf-8")
    path.chmod(0o755)
    return path


def setup(checkout: Path, python: str) -> str:
    """Run the script, which must fail; answers its one line."""
    run = subprocess.run(
        ["sh", checkout / "scripts" / "setup.sh"],
        env=os.environ | {"PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (1, "")
    (line,) = run.stderr.splitlines()
    return line


def test_a_python_that_is_too_old_is_named(checkout: Path) -> None:
    """The sentence has the version found, the version needed, and the way on."""
    line = setup(checkout, str(python_without(checkout, "version_info")))
    assert "is Python 3.9.2; merpati needs Python 3.11 or newer" in line
    assert "make setup PYTHON=" in line


def test_a_python_without_ensurepip_names_the_package(checkout: Path) -> None:
    """Debian splits `venv` off: the sentence has the package's name."""
    assert "apt install python3-venv" in setup(checkout, str(python_without(checkout, "ensurepip")))
    assert not (checkout / ".venv").exists()


def test_a_machine_without_python_is_told_so(checkout: Path) -> None:
    """No interpreter at all is said, too."""
    assert setup(checkout, "no-such-python").startswith("setup: there is no no-such-python: install Python 3.11")


def test_a_half_made_environment_without_pip_names_the_package(checkout: Path) -> None:
    """A .venv that another tool made, on a machine without ensurepip."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    stand_in = python_without(checkout / ".venv" / "bin", "ensurepip")
    assert "apt install python3-venv" in setup(checkout, str(stand_in))


def test_make_lists_what_there_is() -> None:
    """`make` alone names every target, once, with a word about each."""
    listing = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    targets = [line.split()[1] for line in listing.splitlines() if line.startswith("  make ")]
    assert targets == [
        "help",
        "setup",
        "clients",
        "demo",
        "dev",
        "test",
        "check",
        "faults",
        "bench",
        "soak",
        "clean",
    ]
