"""`merpati device`: numbers that send, and their tokens."""

import asyncio
from pathlib import Path

import pytest

from merpati.core.clock import SystemClock
from merpati.devices.connection import change_state
from merpati.devices.model import DeviceState
from merpati.devices.views import find_device_by_number
from merpati.storage.sqlite import SqliteStorage
from tests.cli.keyboard import answered, typed

NUMBER = "6281234567890"


@pytest.fixture
def data(tmp_path: Path) -> str:
    answered("user", "add", "a@b.example", "--generate", "--data", str(tmp_path))
    return str(tmp_path)


def test_a_device_is_added_as_people_write_its_number(data: str) -> None:
    """Any usual punctuation finds it again; its token is shown on request."""
    added = answered("device", "add", "+62 812-3456-7890", "Toko", "--data", data)
    assert (added["number"], added["wanted"], added["connected"]) == (NUMBER, False, False)
    for written in (NUMBER, "0812 3456 7890"):
        assert typed("device", "token", written, "--data", data).output.strip() == added["token"]
    assert [each["number"] for each in answered("device", "list", "--data", data)] == [NUMBER]


def test_a_new_token_ends_the_old_one(data: str) -> None:
    """`rotate` shows the new one."""
    old = answered("device", "add", NUMBER, "Toko", "--data", data)["token"]
    shown = typed("device", "rotate", NUMBER, "--data", data).output
    new = typed("device", "token", NUMBER, "--data", data).output.strip()
    assert shown == f"The new token of device {NUMBER}: {new}\n"
    assert new != old


def test_connect_and_disconnect_are_wishes(data: str) -> None:
    """They are kept for the gateway that runs; the page of the device says so, and what to do next."""
    answered("device", "add", NUMBER, "Toko", "--data", data)
    assert typed("device", "connect", NUMBER, "--data", data).exit_code == 0
    assert answered("device", "show", NUMBER, "--data", data)["wanted"] is True
    assert "NEXT" in typed("device", "show", NUMBER, "--data", data).output
    assert typed("device", "disconnect", NUMBER, "--data", data).exit_code == 0
    again = typed("device", "disconnect", NUMBER, "--data", data)
    assert (again.exit_code, again.output) == (1, "Error: This device is disconnected already.\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", NUMBER, "Lain"), f"The number {NUMBER} is registered as a device already."),
        (("add", "12", "Lain"), "A device's number has 8 to 15 digits."),
        (("add", "6281234567891", "x"), "A device's name has 2 to 30 characters."),
        (("show", "62899"), "There is no device 62899. See `merpati device list`."),
    ],
)
def test_what_cannot_be_is_said(data: str, words: tuple[str, ...], sentence: str) -> None:
    """One sentence, exit code 1."""
    answered("device", "add", NUMBER, "Toko", "--data", data)
    refused = typed("device", *words, "--data", data)
    assert (refused.exit_code, refused.output) == (1, f"Error: {sentence}\n")


def test_of_several_accounts_one_is_chosen(data: str) -> None:
    """Without `--account` the command says which there are."""
    answered("user", "add", "c@d.example", "--generate", "--data", data)
    refused = typed("device", "add", NUMBER, "Toko", "--data", data)
    assert refused.output.startswith("Error: There are several accounts (1, 2).")
    assert answered("device", "add", NUMBER, "Toko", "--account", "c@d.example", "--data", data)["account"] == 2
    assert answered("device", "list", "--account", "1", "--data", data) == []


def test_a_changed_key_is_noticed(data: str, tmp_path: Path) -> None:
    """With another key file the tokens do not open: the command says what is missing."""
    answered("device", "add", NUMBER, "Toko", "--data", data)
    next((tmp_path / "keys").glob("*.key")).write_bytes(b"k" * 32)
    refused = typed("device", "token", NUMBER, "--data", data)
    assert refused.exit_code == 1
    assert "Put the original `keys` folder back" in refused.output


def test_a_state_is_told_with_its_reason(data: str, tmp_path: Path) -> None:
    """In our words where we have some, else by the network's own word."""
    answered("device", "add", NUMBER, "Toko", "--data", data)
    known = means_of(tmp_path, DeviceState.LOGGED_OUT, "not_paired")
    assert known == "No phone is linked with this device yet."
    assert f"`merpati device pair {NUMBER}`" in typed("device", "show", NUMBER, "--data", data).output
    assert means_of(tmp_path, DeviceState.FAILED, "odd_word") == "The session ended with an error. (odd_word)"


def test_a_code_is_asked_of_the_gateway_that_runs(data: str) -> None:
    """Without one the sentence says so."""
    answered("device", "add", NUMBER, "Toko", "--data", data)
    refused = typed("device", "pair", NUMBER, "--port", "1", "--data", data)
    assert refused.exit_code == 1
    assert "No gateway answers at http://127.0.0.1:1." in refused.output


def means_of(folder: Path, state: DeviceState, reason: str) -> str:
    async def set_state() -> None:
        storage = await SqliteStorage.open(folder / "merpati.db", SystemClock())
        device = await storage.read(find_device_by_number, NUMBER)
        assert device is not None
        await storage.write(change_state, device, state, reason, SystemClock().now())
        await storage.close()

    asyncio.run(set_state())
    lines = typed("device", "show", NUMBER, "--data", str(folder)).output.splitlines()
    return next(line for line in lines if line.startswith("STATE")).removeprefix("STATE").strip()


def test_a_plan_is_set_and_shown(data: str) -> None:
    """What is not named stays; a day is the last one, in UTC."""
    answered("device", "add", NUMBER, "Toko", "--data", data)
    assert answered("device", "plan", NUMBER, "--data", data) == {
        "number": NUMBER,
        "quota": None,
        "expires_at": None,
        "package": "",
    }
    answered("device", "plan", NUMBER, "--quota", "500", "--expires", "2029-11-18", "--data", data)
    kept = answered("device", "plan", NUMBER, "--package", "Hemat", "--data", data)
    assert kept == {"number": NUMBER, "quota": 500, "expires_at": 1_889_740_799_999, "package": "Hemat"}
    shown = typed("device", "plan", NUMBER, "--data", data).output
    assert shown == f"Device {NUMBER}: quota 500, expires 2029-11-18, package Hemat.\n"
    lifted = typed("device", "plan", NUMBER, "--quota", "unlimited", "--expires", "never", "--data", data).output
    assert lifted == f"Device {NUMBER}: quota unlimited, expires never, package Hemat.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--quota", "-1"), 'The quota "-1" is no number; write a whole number or `unlimited`.'),
        (("--expires", "soon"), 'The date "soon" is not understood; write it like 2029-11-18, or `never`.'),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(data: str, words: tuple[str, ...], sentence: str) -> None:
    """One sentence, exit code 1."""
    answered("device", "add", NUMBER, "Toko", "--data", data)
    refused = typed("device", "plan", NUMBER, *words, "--data", data)
    assert (refused.exit_code, refused.output) == (1, f"Error: {sentence}\n")
