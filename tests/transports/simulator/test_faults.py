"""Scripted faults: each does what its sentence says, where and as often as it is told."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from merpati.core.errors import Code
from merpati.core.ids import Address, DeviceId, WireRef
from merpati.transports.interactive import Template
from merpati.transports.port import (
    Inbound,
    Outbound,
    Receipt,
    ReceiptKind,
    SendError,
    SendFault,
    Sent,
    SessionState,
    State,
    Transport,
)
from merpati.transports.simulator.entries import Acked, Fate, FaultFired
from merpati.transports.simulator.faults import Do, Faults, Rule
from merpati.transports.simulator.journal import read_journal
from merpati.transports.simulator.link import open_link
from merpati.transports.simulator.script import ScriptInvalid, load_script
from merpati.transports.simulator.settings import Settings
from merpati.transports.simulator.transport import OFFICIAL
from tests.conformance.transport_rig import Heard, fault_of, opened, text
from tests.transports.simulator.rig import AT_ONCE, SimulatorRig

ANA, BUDI = Address("6281200000011"), Address("6281200000012")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SimulatorRig]:
    link = await open_link(tmp_path / "network", settings=AT_ONCE)
    rig = SimulatorRig(link, link, tmp_path / "network")
    await rig.set_up()
    yield rig
    await link.close()


async def outcomes(transport: Transport, number: int, chat: Address) -> list[Sent | SendError | BaseException]:
    """Hand over so many at the same time."""
    sending = (transport.send(text(f"m{n}", chat, str(n))) for n in range(number))
    return await asyncio.gather(*sending, return_exceptions=True)


def faults_of(results: list[Sent | SendError | BaseException]) -> list[SendFault | None]:
    return [result.fault if isinstance(result, SendError) else None for result in results]


async def test_a_network_that_takes_twenty_and_cuts_has_all_and_acknowledged_none(rig: SimulatorRig) -> None:
    """None is called sent; the repeats are acknowledged and shown once."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.TAKE_AND_CUT, count=20, times=1))

    results = await outcomes(transport, 20, rig.person)
    await heard.until(lambda: SessionState.RETRYING in heard.states())
    await heard.state(SessionState.OPEN)

    assert faults_of(results) == [SendFault.AMBIGUOUS] * 20
    assert not any(isinstance(entry, Acked) for entry in read_journal(rig.folder))
    assert faults_of(await outcomes(transport, 20, rig.person)) == [None] * 20
    assert len(await rig.shown()) == 20
    assert len(rig.hand_offs(Fate.REPEAT)) == 20


async def test_an_official_number_may_write_freely_only_to_who_wrote(tmp_path: Path) -> None:
    """Where the network has that rule: a template goes always, a linked phone's message too."""
    rule = Settings(scale=0, seed=1, reply_window=True)
    link = await open_link(tmp_path / "network", settings=rule)
    rig = SimulatorRig(link, link, tmp_path / "network", OFFICIAL)
    await rig.set_up()
    transport, heard = await opened(rig)
    template = Outbound(ref=WireRef("t"), chat=rig.person, content=Template(name="resi", language="id"))

    refused = await fault_of(transport, text("a", rig.person))
    assert (refused.fault, refused.code) == (SendFault.RECIPIENT, Code.WINDOW_CLOSED)
    assert isinstance(await transport.send(template), Sent)
    await rig.say("Halo")
    await heard.count(Inbound)
    assert isinstance(await transport.send(text("b", rig.person)), Sent)
    await transport.stop()
    linked = link.transport(DeviceId(7), rig.device)
    await linked.start(heard.emit)
    await heard.state(SessionState.OPEN)
    assert isinstance(await linked.send(text("c", ANA)), Sent)
    await link.close()


async def test_taking_and_cutting_meets_every_device_that_was_collected(rig: SimulatorRig) -> None:
    """Twenty messages of two devices: both sessions end."""
    first, heard = await opened(rig)
    other_number, other_heard = Address("6281100000002"), Heard()
    await rig.phone.add_device(other_number)
    other = rig.ours.transport(DeviceId(8), other_number)
    await other.start(other_heard.emit)
    await other_heard.state(SessionState.OPEN)
    await rig.phone.add_fault(Rule(do=Do.TAKE_AND_CUT, count=20, times=1))

    both = await asyncio.gather(outcomes(first, 10, ANA), outcomes(other, 10, BUDI))

    assert faults_of(both[0]) + faults_of(both[1]) == [SendFault.AMBIGUOUS] * 20
    await heard.until(lambda: SessionState.RETRYING in heard.states())
    await other_heard.until(lambda: SessionState.RETRYING in other_heard.states())


async def test_a_dropped_acknowledgement_is_ambiguous_after_the_patience(rig: SimulatorRig) -> None:
    """The message is taken, its receipts come, the connection stays."""
    await rig.pair()
    transport = rig.ours.transport(DeviceId(7), rig.device, answer_within_s=0.05)
    heard = Heard()
    await transport.start(heard.emit)
    await heard.state(SessionState.OPEN)
    await rig.phone.add_fault(Rule(do=Do.DROP_ACK, times=1))

    assert (await fault_of(transport, text("x", rig.person))).fault is SendFault.AMBIGUOUS

    await heard.count(Receipt, 2)
    assert heard.states()[-1] is SessionState.OPEN


async def test_a_late_acknowledgement_comes(rig: SimulatorRig) -> None:
    """After its receipts, here."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.LATE_ACK, ms=30))

    sent = await transport.send(text("x", rig.person))

    assert sent.at - rig.hand_offs(Fate.TAKEN)[0].t >= 30
    await heard.count(Receipt, 2)


async def test_receipts_may_come_before_the_acknowledgement(rig: SimulatorRig) -> None:
    """Both of them."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.RECEIPTS_FIRST, ms=30))

    sending = asyncio.ensure_future(transport.send(text("x", rig.person)))
    await heard.count(Receipt, 2)

    assert not sending.done()
    await sending


async def test_throttling_refuses_what_is_too_fast_and_says_until_when(rig: SimulatorRig) -> None:
    """Three a second pass, the others are told to wait at most a second."""
    transport, _ = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.THROTTLE, per_s=3))

    results = await outcomes(transport, 5, rig.person)

    assert faults_of(results) == [None] * 3 + [SendFault.RATE] * 2
    assert all(0 < result.retry_after_ms <= 1_001 for result in results if isinstance(result, SendError))


async def test_duplicate_receipts_come_twice(rig: SimulatorRig) -> None:
    """Each of the two kinds."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.DUPLICATE_RECEIPTS))

    await transport.send(text("x", rig.person))

    kinds = sorted(each.kind for each in await heard.count(Receipt, 4))
    assert kinds == [ReceiptKind.DELIVERED] * 2 + [ReceiptKind.READ] * 2


async def test_shuffled_receipts_all_come_in_another_order(rig: SimulatorRig) -> None:
    """Some READ before its DELIVERED, none missing."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.SHUFFLE_RECEIPTS, count=20))

    await outcomes(transport, 10, rig.person)

    told = [(each.ids[0], each.kind) for each in await heard.count(Receipt, 20)]
    assert len(set(told)) == 20
    order: dict[tuple[str, ReceiptKind], int] = {each: place for place, each in enumerate(told)}
    assert any(order[f"m{n}", ReceiptKind.READ] < order[f"m{n}", ReceiptKind.DELIVERED] for n in range(10))


async def test_held_receipts_come_when_their_time_is_over(rig: SimulatorRig) -> None:
    """Fewer than the shuffle waits for."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.SHUFFLE_RECEIPTS, count=50, ms=20))

    await transport.send(text("x", rig.person))

    await heard.count(Receipt, 2)


async def test_a_replaced_session_had_its_message_acknowledged(rig: SimulatorRig) -> None:
    """The message is sent, the device is not fought over."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.REPLACED, times=1))

    assert isinstance(await transport.send(text("x", rig.person)), Sent)
    await heard.state(SessionState.REPLACED)


async def test_a_ban_says_its_end_and_refuses_logins_until_then(rig: SimulatorRig) -> None:
    """Starting again says BANNED again."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.BAN, times=1, for_s=60))

    assert (await fault_of(transport, text("x", rig.person))).fault is SendFault.AMBIGUOUS
    await heard.state(SessionState.BANNED)
    until = heard.of(State)[-1].until
    await transport.start(heard.emit)
    await heard.until(lambda: heard.states().count(SessionState.BANNED) == 2)

    assert until is not None and 0 < until - heard.events[-1].at <= 60_000


async def test_a_scripted_log_out_ends_the_pairing(rig: SimulatorRig) -> None:
    """As if somebody had done it on the phone."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.LOGGED_OUT, times=1))

    await transport.send(text("x", rig.person))

    await heard.state(SessionState.LOGGED_OUT)


async def test_a_cut_link_meets_every_device_of_the_process(rig: SimulatorRig) -> None:
    """And comes back by itself."""
    transport, heard = await opened(rig)
    await rig.phone.add_fault(Rule(do=Do.CUT_LINK, times=1))

    assert (await fault_of(transport, text("x", rig.person))).fault is SendFault.AMBIGUOUS

    await heard.until(lambda: SessionState.RETRYING in heard.states())
    await heard.state(SessionState.OPEN)


async def test_a_used_up_rule_stays_used_up_after_a_restart(tmp_path: Path) -> None:
    """A limited rule of a script strikes so often in the network's whole life."""
    script = tmp_path / "script.toml"
    script.write_text('[network]\nscale = 0\n[[fault]]\ndo = "refuse"\ntimes = 1\n')
    kept = []
    for _ in range(2):
        link = await open_link(tmp_path / "network", faults=script)
        rig = SimulatorRig(link, link, tmp_path / "network")
        transport, _heard = await opened(rig)
        kept.append(faults_of(await outcomes(transport, 2, rig.person)))
        await link.close()

    assert kept == [[SendFault.RETRY, None], [None, None]]
    assert sum(isinstance(entry, FaultFired) for entry in read_journal(tmp_path / "network")) == 1


# -- which hand-overs a rule meets (pure) --

HITS = [
    (Rule(do=Do.DROP_ACK), [1, 2, 3, 4, 5, 6]),
    (Rule(do=Do.DROP_ACK, times=2), [1, 2]),
    (Rule(do=Do.DROP_ACK, nth=3), [3]),
    (Rule(do=Do.DROP_ACK, every=3), [3, 6]),
    (Rule(do=Do.DROP_ACK, after=4), [5, 6]),
    (Rule(do=Do.DROP_ACK, after=2, times=1), [3]),
    (Rule(do=Do.DROP_ACK, to=BUDI), []),
    (Rule(do=Do.DROP_ACK, device=Address("62899")), []),
    (Rule(do=Do.DROP_ACK, device=Address("62811"), to=ANA, nth=1), [1]),
    (Rule(do=Do.DROP_ACK, probability=0.0), []),
]


@pytest.mark.parametrize(("rule", "hits"), HITS)
def test_a_rule_meets_the_hand_overs_it_names(rule: Rule, hits: list[int]) -> None:
    """Six hand-overs of 62811 to Ana."""
    faults = Faults(random.Random(1))
    faults.add(rule, fired={})

    plans = [faults.plan(Address("62811"), ANA, 0.0) for _ in range(6)]

    assert [n for n, plan in enumerate(plans, start=1) if not plan.ack] == hits


def test_a_probable_fault_is_the_same_with_the_same_seed() -> None:
    """A failing run can be repeated."""
    runs = []
    for _ in range(2):
        faults = Faults(random.Random(7))
        faults.add(Rule(do=Do.DROP_ACK, probability=0.5), fired={})
        runs.append([faults.plan(Address("62811"), ANA, 0.0).ack for _ in range(50)])

    assert runs[0] == runs[1]
    assert 10 < sum(runs[0]) < 40


def test_a_script_may_be_json_lines(tmp_path: Path) -> None:
    """One rule a line."""
    script = tmp_path / "faults.jsonl"
    script.write_text('{"do":"drop_ack","nth":2}\n{"do":"ban","for_s":5}\n')

    assert load_script(script).fault == (Rule(do=Do.DROP_ACK, nth=2), Rule(do=Do.BAN, for_s=5))


@pytest.mark.parametrize(
    "text_of_script",
    ['[[fault]]\ndo = "explode"\n', "[network]\nspeed = 3\n", "[[fault]\n", '[[fault]]\ndo = "ban"\nlong = 1\n'],
)
def test_a_script_that_means_nothing_is_refused(tmp_path: Path, text_of_script: str) -> None:
    """A mistyped word would otherwise be a fault that never strikes."""
    script = tmp_path / "script.toml"
    script.write_text(text_of_script)

    with pytest.raises(ScriptInvalid, match=r"script\.toml"):
        load_script(script)
