"""`merpati message`: the history, and taking back or sending again; a gateway need not run."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from merpati.core.clock import SystemClock
from merpati.core.ids import AccountId, Address, DeviceId
from merpati.messages.actions import accept_calls
from merpati.messages.model import Acceptance, Draft, HoldReason
from merpati.storage.sqlite import SqliteStorage
from merpati.transports.port import Content, Location, Poll, Text
from tests.cli.keyboard import answered, typed
from tests.messages.outbox import a_call, a_draft

ACCOUNT, DEVICE = AccountId(1), DeviceId(1)
NUMBER = "6281234567890"
SITI, BUDI = Address("6281000001001"), Address("6281000001002")
LATER = 4_102_444_800_000
"""In another century."""


def draft(id_: int, chat: Address, content: Content | str, **changes: object) -> Draft:
    held = Text(body=content) if isinstance(content, str) else content
    return a_draft(id_, chat, account=ACCOUNT, device=DEVICE, content=held, **changes)


def accept(data: str, *drafts: Draft) -> None:
    async def store() -> None:
        storage = await SqliteStorage.open(Path(data) / "merpati.db", SystemClock())
        request = a_call(*drafts).request
        await storage.write(accept_calls, [Acceptance(account=ACCOUNT, request=request, drafts=drafts)])
        await storage.close()

    asyncio.run(store())


@pytest.fixture
def data(tmp_path: Path) -> str:
    """An account with a device that is not connected, and three messages that wait."""
    answered("user", "add", "a@b.example", "--generate", "--data", str(tmp_path))
    answered("device", "add", NUMBER, "Toko", "--data", str(tmp_path))
    accept(
        str(tmp_path),
        draft(1, SITI, "Pesanan sudah dikirim", name="Siti Rahayu", queued_at=1_000_000),
        draft(2, BUDI, "Pesanan belum\ndibayar \x1b[31m", name="Budi", queued_at=2_000_000),
        draft(3, BUDI, "Selamat tahun baru", queued_at=3_000_000, due_at=LATER, hold=HoldReason.SCHEDULE),
    )
    return str(tmp_path)


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ((), [3, 2, 1]),
        (("--number", BUDI), [3, 2]),
        (("--number", "0810 0000 1002"), [3, 2]),
        (("--number", "+62 810-0000-10"), [3, 2, 1]),
        (("--name", "siti"), [1]),
        (("--words", "pesanan"), [2, 1]),
        (("--state", "queued", "--limit", "1"), [3]),
        (("--state", "failed"), []),
        (("--device", "0812 3456 7890"), [3, 2, 1]),
        (("--incoming",), []),
        (("--from", "1970-01-02"), []),
        (("--to", "1970-01-03 10:00", "--outgoing"), [3, 2, 1]),
    ],
)
def test_the_history_is_searched(data: str, words: tuple[str, ...], ids: list[int]) -> None:
    """By what people remember of a message."""
    found = answered("message", "list", *words, "--data", data)
    assert [each["id"] for each in found["messages"]] == ids


def test_a_page_goes_on_where_the_last_ended(data: str) -> None:
    """The place is in the JSON, and printed for people."""
    first = answered("message", "list", "--limit", "2", "--data", data)
    second = answered("message", "list", "--limit", "2", "--after", first["after"], "--data", data)
    assert [each["id"] for each in second["messages"]] == [1]
    assert f"--after {first['after']}" in typed("message", "list", "--limit", "2", "--data", data).output


def test_a_list_is_one_line_a_message(data: str) -> None:
    """Whatever the texts contain."""
    lines = typed("message", "list", "--data", data).output.splitlines()
    assert len(lines) == 4
    assert "\x1b" not in "".join(lines)
    assert "Pesanan belum dibayar" in lines[2]


def test_a_script_gets_the_way_and_the_device_of_each_message(data: str) -> None:
    """A program need not look the device up."""
    first = answered("message", "list", "--data", data)["messages"][0]
    assert (first["incoming"], first["device_number"], first["text"]) == (False, NUMBER, "Selamat tahun baru")


def test_a_location_and_a_poll_say_what_they_hold(data: str) -> None:
    """No empty line where there is no text."""
    poll = Poll(question="Kapan?", choices=("Senin", "Selasa"))
    accept(data, draft(4, SITI, Location(latitude=-6.2, longitude=106.8)), draft(5, SITI, poll))

    listed = typed("message", "list", "--number", SITI, "--data", data).output
    assert "[location] (-6.200000, 106.800000)" in listed
    assert "[poll] Kapan? Senin / Selasa" in listed
    assert "[location] (-6.200000, 106.800000)\n" in typed("message", "show", "4", "--data", data).output
    assert "[poll] Kapan?\n  1. Senin\n  2. Selasa\n" in typed("message", "show", "5", "--data", data).output


def test_a_message_says_what_it_waits_for(data: str) -> None:
    """Its time; its device, with what would help; or the pace of its device."""
    assert "Held by its schedule until 21" in typed("message", "show", "3", "--data", data).output
    shown = typed("message", "show", "1", "--data", data).output
    assert "Device Toko is not connected.\nNot connected" in shown
    assert answered("message", "show", "1", "--data", data)["state"] == "queued"
    with contextlib.closing(sqlite3.connect(Path(data) / "merpati.db")) as database, database:
        database.execute("UPDATE device SET state = 'open', desired = 1")
        database.execute("INSERT INTO device_clock (device_id, next_send_at) VALUES (?, ?)", (DEVICE, LATER))
    assert "Waits for the pace of device Toko until 21" in typed("message", "show", "1", "--data", data).output


def test_a_message_is_taken_back_and_sent_again(data: str) -> None:
    """Twice is refused with a sentence."""
    assert typed("message", "cancel", "1", "--data", data).exit_code == 0
    assert (
        "Siti Rahayu) from device 6281234567890: cancelled" in typed("message", "show", "1", "--data", data).output
    )
    again = typed("message", "cancel", "1", "--data", data)
    assert (again.exit_code, again.output) == (1, "Error: The message is cancelled already.\n")
    assert typed("message", "resend", "1", "--data", data).exit_code == 0
    assert answered("message", "show", "1", "--data", data)["state"] == "queued"
    assert typed("message", "resend", "1", "--data", data).exit_code == 1


def test_what_does_not_exist_is_said(data: str) -> None:
    """For each command."""
    for command in ("show", "cancel", "resend"):
        refused = typed("message", command, "99", "--data", data)
        assert (refused.exit_code, refused.output) == (1, "Error: There is no such message.\n")


@pytest.mark.parametrize("words", [("--from", "yesterday"), ("--after", "x"), ("--limit", "0"), ("--state", "x")])
def test_what_cannot_be_read_is_a_mistake_of_use(data: str, words: tuple[str, ...]) -> None:
    """Exit code 2, as for every mistyped option."""
    assert typed("message", "list", *words, "--data", data).exit_code == 2
