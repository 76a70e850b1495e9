"""The how-to says what is true: its script loads, every action and setting is in it, its commands exist."""

import re
from pathlib import Path

from merpati.cli.phone import phone
from merpati.transports.simulator.faults import Do, Rule
from merpati.transports.simulator.script import Script, load_script
from merpati.transports.simulator.settings import Settings

HOWTO = (Path(__file__).parents[3] / "docs" / "howto" / "simulator.md").read_text()


def script(tmp_path: Path) -> Script:
    [block] = re.findall(r"```toml\n(.*?)```", HOWTO, re.DOTALL)
    path = tmp_path / "script.toml"
    path.write_text(block)
    return load_script(path)


def test_the_script_holds_every_setting_at_its_default(tmp_path: Path) -> None:
    """But for the seed, which is another each time."""
    assert script(tmp_path).network == Settings(seed=7)
    assert all(f"\n{name} = " in HOWTO for name in Settings.__struct_fields__)


def test_every_fault_and_condition_is_named() -> None:
    """A row for each action; each field of a rule somewhere."""
    assert set(re.findall(r"^\| `(\w+)` \|", HOWTO, re.MULTILINE)) == {f"{each}" for each in Do} | {"do"}
    assert [name for name in Rule.__struct_fields__ if f"`{name}`" not in HOWTO] == []


def test_every_command_of_the_phone_is_named() -> None:
    """Those of the table exist, and none is missing."""
    assert [name for name in phone.commands if not re.search(rf"\b{name}\b", HOWTO)] == []
