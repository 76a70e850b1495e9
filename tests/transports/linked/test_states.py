"""Each way in which WhatsApp ends a session or a pairing is a state with a reason, with the real library."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from merpati.core.clock import SystemClock
from merpati.fakes.whatsapp.endings import ask_passkey, end_pairing
from merpati.fakes.whatsapp.faults import Refusal
from merpati.storage.backup_linked import copy, mark_restored, old_copies
from merpati.transports.linked.folder import Mark
from merpati.transports.linked.link import LinkedLink
from merpati.transports.port import Inbound, PairCode, PairHow, PairQr, SessionState, State
from tests.conformance.transport_rig import Heard, text
from tests.transports.linked.rig import DEVICE, LinkedRig, open_rig, opened

_S = SessionState


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[LinkedRig]:
    async with open_rig(tmp_path) as rig:
        yield rig


def last(heard: Heard) -> State:
    return heard.of(State)[-1]


@pytest.mark.parametrize(
    ("reason", "state", "word"),
    [
        (401, _S.LOGGED_OUT, "unlinked"),
        (403, _S.BANNED, "locked"),
        (405, _S.OUTDATED, "outdated"),
        (406, _S.BANNED, "banned"),
    ],
)
async def test_a_login_that_is_refused_for_good_is_a_state(
    rig: LinkedRig, reason: int, state: SessionState, word: str
) -> None:
    """With its reason; nothing is tried again."""
    await rig.pair()
    rig.network.refusal = Refusal(reason)
    transport, heard = rig.transport(), Heard()

    await transport.start(heard.emit)

    await heard.state(state)
    assert last(heard).reason == word


async def test_a_ban_says_when_it_ends(rig: LinkedRig) -> None:
    """402, with the seconds that are left."""
    transport, heard = await opened(rig)
    rig.network.refusal = Refusal(402, code=101, expire_s=3_600)
    now = SystemClock().now()

    await rig.cut()

    await heard.state(_S.BANNED)
    until = last(heard).until
    assert until is not None
    assert abs(until - now - 3_600_000) < 60_000
    await transport.stop()


async def test_a_ban_for_a_reason_that_nobody_knows_is_one(rig: LinkedRig) -> None:
    """The library's session ends with a complaint; ours says what it was about."""
    _, heard = await opened(rig)
    rig.network.refusal = Refusal(402, code=999, expire_s=3_600)

    await rig.cut()

    await heard.state(_S.BANNED)


async def test_a_busy_whatsapp_is_waited_for(rig: LinkedRig) -> None:
    """503 passes by itself."""
    transport, heard = await opened(rig)
    rig.network.refusal = Refusal(503)
    await rig.cut()
    await heard.state(_S.RETRYING)

    rig.network.refusal = None

    await heard.state(_S.OPEN)
    await transport.stop()


async def test_a_pairing_that_nobody_ends_costs_no_link(rig: LinkedRig) -> None:
    """Begun while WhatsApp was away, by whoever was impatient: the link of before goes on, without a QR."""
    transport, heard = await opened(rig)
    rig.network.refusal = Refusal(503)
    await rig.cut()
    await heard.state(_S.RETRYING)
    await transport.pair(PairHow.QR)
    await heard.count(PairQr)
    rig.network.refusal = None

    await end_pairing(rig.network)

    await heard.until(lambda: heard.states().count(_S.OPEN) == 2)
    await transport.send(text("a", rig.person, "masih terhubung"))
    assert len(rig.bob.shown) == 1
    assert len(rig.shop.devices) == 1


async def test_a_pairing_that_the_worker_does_not_survive_costs_no_link(rig: LinkedRig) -> None:
    """The next one finds the keys of before."""
    transport, heard = await opened(rig)
    rig.network.refusal = Refusal(503)
    await rig.cut()
    await heard.state(_S.RETRYING)
    await transport.pair(PairHow.QR)
    await heard.count(PairQr)
    rig.network.refusal = None

    rig.link.workers[0].kill()

    await heard.until(lambda: heard.states().count(_S.OPEN) == 2)


async def test_an_account_behind_a_passkey_says_so(rig: LinkedRig) -> None:
    """While it is being linked."""
    transport, heard = rig.transport(), Heard()
    await transport.start(heard.emit)
    await transport.pair(PairHow.QR)
    await heard.count(PairQr)

    await ask_passkey(rig.network)

    await heard.state(_S.PASSKEY_REQUIRED)


async def test_codes_that_nobody_scans_run_out(rig: LinkedRig) -> None:
    """The pairing ends, and can be begun again with another code."""
    transport, heard = rig.transport(), Heard()
    await transport.start(heard.emit)
    await transport.pair(PairHow.QR)
    await heard.count(PairQr)

    await end_pairing(rig.network)
    await heard.state(_S.LOGGED_OUT)
    assert last(heard).reason == "pairing_timed_out"
    await transport.pair(PairHow.QR)

    first, second = await heard.count(PairQr, 2)
    assert first.code != second.code


async def test_a_code_to_type_is_shown_as_people_type_it(rig: LinkedRig) -> None:
    """Four and four; asked for a number as digits."""
    transport, heard = rig.transport(), Heard()
    await transport.start(heard.emit)

    await transport.pair(PairHow.CODE, rig.device)

    [shown] = await heard.count(PairCode)
    assert len(shown.code) == 9 and shown.code[4] == "-"
    assert shown.expires_at - shown.at == 160_000


async def test_a_logout_of_ours_reaches_the_phone(rig: LinkedRig) -> None:
    """It shows the device no more, and nothing of the keys is left here."""
    transport, heard = await opened(rig)

    await transport.stop(logout=True)

    assert last(heard).state is _S.LOGGED_OUT
    assert rig.shop.devices == {}
    assert not rig.link.folder(DEVICE).path.exists()


async def test_a_stop_in_order_leaves_whole_keys(rig: LinkedRig) -> None:
    """Marked so, until the next start."""
    transport, _ = await opened(rig)
    folder = rig.link.folder(DEVICE)
    assert not folder.has(Mark.CLEAN)

    await transport.stop()

    assert folder.has(Mark.CLEAN)
    files = {each.name: each.stat().st_mode & 0o077 for each in folder.path.iterdir()}
    assert files.keys() >= {"session.db", "worker.db"}
    assert set(files.values()) == {0}


async def test_a_session_that_moved_does_not_start(rig: LinkedRig) -> None:
    """FAILED, and WhatsApp is not asked."""
    await rig.pair()
    rig.link.folder(DEVICE).put(Mark.MOVED)
    transport, heard = rig.transport(), Heard()

    await transport.start(heard.emit)

    await heard.state(_S.FAILED)
    assert last(heard).reason == "session_moved"
    assert rig.network.wires == []


async def test_a_copy_of_a_session_that_was_stopped_in_order_resumes(rig: LinkedRig, tmp_path: Path) -> None:
    """Without a QR, on another machine."""
    transport, _ = await opened(rig)
    await transport.send(text("a", rig.person))
    await transport.stop()
    (tmp_path / "copied").mkdir()
    copy(rig.link.settings.root, tmp_path / "copied")
    mark_restored(tmp_path / "copied")
    assert old_copies(tmp_path / "copied") == 0
    there = LinkedLink(msgspec.structs.replace(rig.link.settings, root=tmp_path / "copied"), SystemClock())
    again, heard = there.transport(DEVICE), Heard()

    await again.start(heard.emit)

    await heard.state(_S.OPEN)
    await again.send(text("b", rig.person, "dari sini"))
    assert len(rig.bob.shown) == 2
    await again.stop()
    assert not there.folder(DEVICE).has(Mark.RESTORED)
    await there.close()


async def test_a_copy_that_is_too_old_to_read_what_comes_wants_a_new_link(rig: LinkedRig, tmp_path: Path) -> None:
    """It was made while the session ran, which went on: FAILED, with what to do."""
    transport, heard = await opened(rig)
    rig.bob.resends = False
    await transport.send(text("a", rig.person))
    await rig.say("satu")
    await heard.count(Inbound)
    (tmp_path / "copied").mkdir()
    copy(rig.link.settings.root, tmp_path / "copied")
    mark_restored(tmp_path / "copied")
    assert old_copies(tmp_path / "copied") == 1
    for number in range(2):
        await transport.send(text(f"{number}", rig.person))
        await rig.say(f"{number}")
        await heard.count(Inbound, number + 2)
    await transport.stop()
    there = LinkedLink(msgspec.structs.replace(rig.link.settings, root=tmp_path / "copied"), SystemClock())
    again, told = there.transport(DEVICE), Heard()
    await again.start(told.emit)
    await told.state(_S.OPEN)

    for number in range(3):
        await rig.say(f"tak terbaca {number}")

    await told.state(_S.FAILED)
    assert last(told).reason == "copy_too_old"
    await there.close()


async def test_a_copy_that_was_stopped_in_order_may_be_too_old_as_well(rig: LinkedRig, tmp_path: Path) -> None:
    """The original went on after it: what the copy cannot read wants a new link there, too."""
    transport, _ = await opened(rig)
    rig.bob.resends = False
    await transport.send(text("a", rig.person))
    await transport.stop()
    (tmp_path / "copied").mkdir()
    copy(rig.link.settings.root, tmp_path / "copied")
    mark_restored(tmp_path / "copied")
    again, heard = rig.transport(), Heard()
    await again.start(heard.emit)
    await heard.state(_S.OPEN)
    for number in range(3):
        await again.send(text(f"{number}", rig.person))
        await rig.say(f"{number}")
        await heard.count(Inbound, number + 1)
    await again.stop()
    there = LinkedLink(msgspec.structs.replace(rig.link.settings, root=tmp_path / "copied"), SystemClock())
    copied, told = there.transport(DEVICE), Heard()
    await copied.start(told.emit)
    await told.state(_S.OPEN)

    for number in range(3):
        await rig.say(f"tak terbaca {number}")

    await told.state(_S.FAILED)
    assert last(told).reason == "copy_too_old"
    await there.close()


async def test_a_device_that_moved_is_linked_anew_for_good(rig: LinkedRig) -> None:
    """Other keys are not those that moved: they resume."""
    await rig.pair()
    rig.link.folder(DEVICE).put(Mark.MOVED)
    transport, heard = rig.transport(), Heard()
    await transport.start(heard.emit)
    await heard.state(_S.FAILED)

    await transport.pair(PairHow.QR)
    [shown] = await heard.count(PairQr)
    await rig.scan(shown.code)
    await heard.state(_S.OPEN)
    await transport.stop()
    await transport.start(heard.emit)

    await heard.until(lambda: heard.states().count(_S.OPEN) == 2)


async def test_two_processes_never_have_one_session(rig: LinkedRig) -> None:
    """A worker that has not noticed the end of its gateway may live: the next one waits for it."""
    transport, first = await opened(rig)
    other = LinkedLink(rig.link.settings, SystemClock())
    second, heard = other.transport(DEVICE), Heard()

    await second.start(heard.emit)
    await heard.state(_S.RETRYING)
    assert first.states()[-1] is _S.OPEN
    assert len(rig.network.wires) == 1
    await transport.stop()

    await heard.state(_S.OPEN)
    await other.close()
