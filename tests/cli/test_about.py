"""`merpati config` and `merpati version`: what is in force, and sentences about what cannot be."""

import json
from pathlib import Path

import pytest

from merpati.cli.about import mask_password
from merpati.cli.printing import printable, width_of
from tests.cli.keyboard import typed


def test_every_setting_is_shown_with_its_origin(tmp_path: Path) -> None:
    """A flag beats the environment, which beats the default; each is named."""
    shown = typed("config", "--port", "9000", "--json", MERPATI_DATA=str(tmp_path), MERPATI_PORT="1")
    found = json.loads(shown.output)
    assert found["port"] == {"value": 9000, "from": "flag"}
    assert found["data"] == {"value": str(tmp_path), "from": "environment"}
    assert found["host"] == {"value": "127.0.0.1", "from": "default"}


def test_people_get_a_table() -> None:
    """One line a setting, and the variable that set it."""
    lines = typed("config", MERPATI_LEASE_S="20").output.splitlines()
    assert lines[0].split() == ["SETTING", "VALUE", "FROM"]
    assert ["lease_s", "20.0", "MERPATI_LEASE_S"] in [line.split() for line in lines]


@pytest.mark.parametrize("database", ["postgresql://me:sesam@db/x", "postgresql://me@db/x?password=sesam&a=1"])
def test_a_password_is_never_shown(database: str) -> None:
    """Wherever it stands in the address."""
    shown = typed("config", MERPATI_DATABASE=database).output
    assert "sesam" not in shown
    assert "me" in mask_password(database)
    assert "@db/x" in mask_password(database)


@pytest.mark.parametrize(
    ("words", "environ", "sentence"),
    [
        (("--port", "x"), {}, '--port cannot be used: "x" is not a whole number ≥ 0, ≤ 65535.'),
        ((), {"MERPATI_LEASE_S": "0"}, 'MERPATI_LEASE_S cannot be used: "0" is not a number ≥ 1.'),
        ((), {"MERPATI_PRT": "1"}, "There is no setting MERPATI_PRT. Do you mean MERPATI_PORT?"),
    ],
)
def test_a_setting_that_cannot_be_used_is_explained(
    words: tuple[str, ...], environ: dict[str, str], sentence: str
) -> None:
    """Where it was given, what was given, what is wanted; exit code 2."""
    refused = typed("config", *words, **environ)
    assert refused.exit_code == 2
    assert refused.output == f"Error: {sentence}\n"


def test_the_language_is_indonesian_unless_asked() -> None:
    """`--lang` beats MERPATI_LANG beats LANG; nothing known: Indonesian."""
    assert typed("config", MERPATI_LANG="", LC_ALL="", LC_MESSAGES="", LANG="de_DE").output.startswith("PENGATURAN")
    assert typed("config", MERPATI_LANG="", LC_ALL="", LC_MESSAGES="", LANG="en_GB").output.startswith("SETTING")
    assert typed("config", "--lang", "id").output.startswith("PENGATURAN")


def test_the_version_is_shown() -> None:
    """For people and for scripts."""
    assert typed("version").output.startswith("merpati ")
    assert set(json.loads(typed("version", "--json").output)) == {"merpati", "python", "system"}


def test_a_stranger_cannot_draw_on_the_terminal() -> None:
    """What others wrote is shown on one line and without control characters."""
    assert printable("a\x1b[2Jb\r\nc") == "a�[2Jb  c"
    assert width_of("日本 a") == 6
