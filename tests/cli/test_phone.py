"""`merpati phone`: as a person types it, against a network in a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from merpati.cli import main
from merpati.core.ids import Address, DeviceId, WaId, WireRef
from merpati.transports.cards import Contact, Contacts, Reaction
from merpati.transports.interactive import Button, Buttons, Chosen
from merpati.transports.port import Inbound, Outbound, PairCode, PairHow, Poll, PollVote, SessionState, Text
from merpati.transports.simulator.link import SimulatorLink, open_link
from merpati.transports.simulator.transport import SimulatorTransport
from tests.conformance.transport_rig import Heard
from tests.transports.simulator.processes import NetworkProcess

DEVICE, PERSON = Address("6281100000001"), Address("6281200000001")
pytestmark = pytest.mark.process


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[NetworkProcess]:
    network = NetworkProcess(tmp_path / "simulator")
    await network.start()
    yield network
    await network.end()


@pytest.fixture
async def link(network: NetworkProcess) -> AsyncIterator[SimulatorLink]:
    link = await open_link(socket=network.folder / "network.sock")
    yield link
    await link.close()


@pytest.fixture
async def device(link: SimulatorLink) -> tuple[SimulatorTransport, Heard]:
    await link.phone.add_device(DEVICE)
    transport, heard = link.transport(DeviceId(1), DEVICE), Heard()
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)
    return transport, heard


async def typed(network: NetworkProcess, *words: str) -> Result:
    """What a person types after `merpati phone`."""
    env = {"MERPATI_DATA": str(network.folder.parent), "MERPATI_LANG": "en", "MERPATI_SIMULATOR_SOCKET": ""}
    return await asyncio.to_thread(CliRunner().invoke, main, ["phone", *words], env=env)


async def test_a_person_speaks_and_votes(
    network: NetworkProcess, device: tuple[SimulatorTransport, Heard], tmp_path: Path
) -> None:
    """Text, location, file and vote reach the device; numbers are written as people write them."""
    transport, heard = device
    (tmp_path / "bukti.txt").write_text("lunas")
    poll = Poll(question="Kapan?", choices=("Senin", "Selasa"))
    await transport.send(Outbound(ref=WireRef("p"), chat=PERSON, content=poll))

    said = [
        await typed(network, "say", "0812-0000-0001", "+62 811-0000-0001", "halo", "toko"),
        await typed(network, "say", PERSON, DEVICE, "di sini", "--location", "-6.2", "106.8"),
        await typed(network, "say", PERSON, DEVICE, "--file", str(tmp_path / "bukti.txt")),
        await typed(network, "say", PERSON, DEVICE, "Bengkel", "Jaya", "--contact", "+62 812"),
        await typed(network, "react", PERSON, "👍"),
        await typed(network, "vote", PERSON, "selasa"),
    ]

    assert [each.exit_code for each in said] == [0] * 6, [each.output for each in said]
    inbound = await heard.count(Inbound, 5)
    assert inbound[0].content == Text(body="halo toko")
    assert [type(each.content).__name__ for each in inbound[:3]] == ["Text", "Location", "Media"]
    assert inbound[3].content == Contacts(contacts=(Contact(name="Bengkel Jaya", phones=("+62 812",)),))
    assert inbound[4].content == Reaction(emoji="👍", about=WaId("p"))
    assert (await heard.count(PollVote))[0].choices == ("Selasa",)


async def test_a_person_presses_a_button(network: NetworkProcess, device: tuple[SimulatorTransport, Heard]) -> None:
    """By its words; what is not there is answered with what is."""
    transport, heard = device
    buttons = Buttons(body="Jadi?", buttons=(Button(id="y", title="Jadi pesan"), Button(id="n", title="Batal")))
    await transport.send(Outbound(ref=WireRef("b"), chat=PERSON, content=buttons))

    pressed = await typed(network, "choose", PERSON, "jadi pesan")
    wrong = await typed(network, "choose", PERSON, "mungkin", "--message", "b")

    assert (pressed.exit_code, wrong.exit_code) == (0, 1)
    assert "Jadi pesan, Batal" in wrong.output
    assert (await heard.count(Inbound))[0].content == Chosen(id="y", title="Jadi pesan")


async def test_a_code_is_typed_on_the_phone(network: NetworkProcess, link: SimulatorLink) -> None:
    """A wrong one is refused with a sentence, the right one pairs."""
    transport, heard = link.transport(DeviceId(1), DEVICE), Heard()
    await transport.start(heard.emit)
    await heard.state(SessionState.LOGGED_OUT)
    await transport.pair(PairHow.CODE)
    [shown] = await heard.count(PairCode)

    wrong = await typed(network, "scan", "AAAA-AAAA")
    right = await typed(network, "scan", shown.code, "--device", "081100000001")

    assert (wrong.exit_code, right.exit_code) == (1, 0)
    assert "not valid" in wrong.output and DEVICE in right.output
    await heard.state(SessionState.OPEN)


async def test_people_groups_and_devices_are_made_and_listed(
    network: NetworkProcess, device: tuple[SimulatorTransport, Heard]
) -> None:
    """Add, group, block, offline; then the list says it all."""
    transport, _ = device
    for words in (
        ("add", PERSON, "Budi"),
        ("add", "0813 0000 0001", "--absent"),
        ("group", "Keluarga", PERSON, DEVICE),
        ("block", PERSON, DEVICE),
        ("offline", PERSON),
    ):
        done = await typed(network, *words)
        assert done.exit_code == 0, done.output

    listed = (await typed(network, "list")).output

    for part in ("Budi", "off, blocks +6281100000001", "not on WhatsApp", "Keluarga: ", "device, connected"):
        assert part in listed
    assert transport.caps.groups


async def test_faults_are_put_in_force_and_cleared(network: NetworkProcess) -> None:
    """A mistyped condition is refused."""
    added = await typed(network, "fault", "add", "late_ack", "ms=50", "device=0811 0000 0001")
    wrong = await typed(network, "fault", "add", "late_ack", "mss=50")
    listed = await typed(network, "fault", "list")
    await typed(network, "fault", "clear")

    assert (added.exit_code, wrong.exit_code) == (0, 2)
    assert listed.output == '{"do":"late_ack","device":"6281100000001","ms":50}\n'
    assert (await typed(network, "fault", "list")).output == ""


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("say", "abc", DEVICE, "x"), "'abc' is not a phone number"),
        (("say", PERSON, "62899999999", "x"), "No device +62899999999 is paired"),
        (("say", PERSON, DEVICE), "Write a message"),
        (("vote", PERSON, "1"), "There is no such poll"),
    ],
)
async def test_what_is_not_possible_is_answered_with_a_sentence(
    network: NetworkProcess, words: tuple[str, ...], answer: str
) -> None:
    """And an exit code that is not 0."""
    result = await typed(network, *words)

    assert result.exit_code != 0 and answer in result.output


async def test_without_a_simulator_a_person_is_told_what_to_do(tmp_path: Path) -> None:
    """In both languages."""
    network = NetworkProcess(tmp_path / "simulator")

    english = await typed(network, "list")
    indonesian = await typed(network, "list", "--lang", "id")

    assert (english.exit_code, indonesian.exit_code) == (1, 1)
    assert "Start `merpati serve`" in english.output and "Jalankan `merpati serve`" in indonesian.output


async def test_a_watched_phone_shows_the_chat_and_ends_on_ctrl_c(
    network: NetworkProcess, device: tuple[SimulatorTransport, Heard]
) -> None:
    """History, then what happens; escape sequences in a message are shown, not obeyed."""
    transport, _ = device
    await transport.send(Outbound(ref=WireRef("old"), chat=PERSON, content=Text(body="pesan lama")))
    command = [sys.executable, "-m", "merpati", "phone", "watch", PERSON, "--data", str(network.folder.parent)]
    watching = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env={**os.environ, "MERPATI_LANG": "id", "PYTHONUNBUFFERED": "1"}
    )
    assert watching.stdout is not None
    async with asyncio.timeout(20):
        while "pesan lama" not in (await watching.stdout.readline()).decode():
            pass
        await transport.send(Outbound(ref=WireRef("new"), chat=PERSON, content=Text(body="\x1b[31mbaru\nlagi")))
        lines = [(await watching.stdout.readline()).decode() for _ in range(4)]
        watching.send_signal(signal.SIGINT)
        code = await watching.wait()

    shown = "".join(lines)
    assert "\x1b" not in shown and "[31mbaru" in shown and "lagi ✓" in shown
    assert "✓✓ sampai" in shown and "✓✓ dibaca" in shown
    assert code == 0


async def test_help_is_in_the_callers_language(network: NetworkProcess) -> None:
    """`--lang` also after `--help`."""
    english = await typed(network, "say", "--help")
    indonesian = await typed(network, "say", "--help", "--lang", "id")

    assert "Send a message from a person" in english.output
    assert "Kirim pesan dari seseorang" in indonesian.output
