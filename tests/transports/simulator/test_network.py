"""The network alone, with a clock of its own: delays, pairing times, windows, and the journal as its state."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merpati.core.clock import Millis
from merpati.core.ids import Address, WireRef
from merpati.transports.port import Outbound, PairHow, ReceiptKind, SendFault, Text
from merpati.transports.simulator import wire
from merpati.transports.simulator.entries import AnyEntry, Fate, HandOff, Kept, Reads, Receipted, Said
from merpati.transports.simulator.exchange import handle
from merpati.transports.simulator.journal import Journal, JournalFull, read_journal
from merpati.transports.simulator.network import Network
from merpati.transports.simulator.settings import Settings
from merpati.transports.simulator.world import World

DEVICE, PERSON = Address("62811"), Address("62812")


class FakeClock:
    """Moves only when it is told."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now(self) -> Millis:
        return Millis(self.ms)

    def elapsed(self) -> float:
        return self.ms / 1_000


class FakeClient:
    """Remembers what the network sent."""

    def __init__(self) -> None:
        self.frames: list[tuple[int, wire.FromNetwork]] = []
        self.clock: FakeClock | None = None

    def put(self, frame: wire.FromNetwork) -> None:
        self.frames.append((self.clock.ms if self.clock else 0, frame))

    def cut(self) -> None: ...


class Rig:
    """A network, a client with an open session, and time."""

    def __init__(self, folder: Path, settings: Settings, journal: type[Journal] = Journal) -> None:
        self.clock, self.client = FakeClock(), FakeClient()
        self.client.clock = self.clock
        self.journal = journal(folder)
        self.network = Network(self.journal, settings, self.clock)
        self.q = 0
        self.do(wire.AddDevice(q=0, device=DEVICE))
        self.do(wire.Login(channel=1, device=DEVICE))

    def do(self, frame: wire.FromClient) -> None:
        handle(self.network, self.client, frame)

    def send(self, ref: str, chat: Address = PERSON) -> None:
        self.q += 1
        message = Outbound(ref=WireRef(ref), chat=chat, content=Text(body=ref))
        self.do(wire.Send(q=self.q, channel=1, message=message))

    def pass_ms(self, total_ms: int) -> None:
        """Let time pass, stopping at everything that comes due."""
        end = self.clock.ms + total_ms
        while (wait_s := self.network.timers.wait_s()) is not None and self.clock.ms + wait_s * 1_000 <= end:
            self.clock.ms += max(1, round(wait_s * 1_000)) if wait_s else 0
            self.network.timers.run()
        self.clock.ms = end

    def told(self) -> list[tuple[int, Receipted]]:
        return [
            (at, frame.news)
            for at, frame in self.client.frames
            if isinstance(frame, wire.Told) and isinstance(frame.news, Receipted)
        ]

    def of(self, kind: type[wire.Frame]) -> list[tuple[int, wire.FromNetwork]]:
        return [(at, frame) for at, frame in self.client.frames if isinstance(frame, kind)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, Settings(ack_ms=(10, 20), delivered_ms=(100, 200), read_ms=(1_000, 2_000), seed=3))
    yield made
    made.journal.close()


def test_delays_are_drawn_in_their_ranges(rig: Rig) -> None:
    """Acknowledgement, then delivered, then read."""
    start = rig.clock.ms
    for number in range(50):
        rig.send(f"r{number}", Address(f"62812{number}"))
    rig.pass_ms(3_000)

    acks = [at - start for at, _ in rig.of(wire.Ack)]
    delivered = {news.ref: at for at, news in rig.told() if news.kind is ReceiptKind.DELIVERED}
    read = {news.ref: at for at, news in rig.told() if news.kind is ReceiptKind.READ}
    assert len(acks) == len(delivered) == 50 and min(acks) >= 10 and max(acks) <= 21
    assert all(110 <= at - start <= 222 for at in delivered.values())
    assert all(1_000 <= at - delivered[ref] <= 2_001 for ref, at in read.items())
    assert len(set(acks)) > 3


def test_messages_to_one_person_arrive_in_order(rig: Rig) -> None:
    """However the delays are drawn."""
    for number in range(30):
        rig.send(f"r{number}")
    rig.pass_ms(500)

    delivered = [news.ref for _, news in rig.told() if news.kind is ReceiptKind.DELIVERED]
    assert delivered == [f"r{number}" for number in range(30)]


def test_a_pairing_code_expires_and_qr_codes_rotate(rig: Rig) -> None:
    """WhatsApp's times: one of 60 s, five of 20 s, then the pairing has ended."""
    start = rig.clock.ms
    rig.do(wire.Pair(channel=2, device=Address("62899"), how=PairHow.QR))
    rig.pass_ms(200_000)

    shown = rig.of(wire.QrShown)
    assert [at - start for at, _ in shown] == [0, 60_000, 80_000, 100_000, 120_000, 140_000]
    assert len({frame.code for _, frame in shown if isinstance(frame, wire.QrShown)}) == 6
    assert [(at - start, frame) for at, frame in rig.of(wire.PairEnded)] == [
        (160_000, wire.PairEnded(channel=2, reason="pairing_timed_out"))
    ]


def test_an_expired_code_pairs_nothing(rig: Rig) -> None:
    """Neither a QR that was replaced by the next."""
    rig.do(wire.Pair(channel=2, device=Address("62899"), how=PairHow.QR))
    [(_, first)] = rig.of(wire.QrShown)
    assert isinstance(first, wire.QrShown)
    rig.pass_ms(61_000)

    rig.do(wire.Scan(q=9, code=first.code))

    assert rig.of(wire.No) == [(rig.clock.ms, wire.No(q=9, code="code_unknown"))]


def test_another_phone_cannot_use_the_code(rig: Rig) -> None:
    """The device would act for the wrong number."""
    rig.do(wire.Pair(channel=2, device=Address("62899"), how=PairHow.CODE))
    [(_, shown)] = rig.of(wire.CodeShown)
    assert isinstance(shown, wire.CodeShown)

    rig.do(wire.Scan(q=8, code=shown.code, device=Address("62898")))
    rig.do(wire.Scan(q=9, code=shown.code.lower().replace("-", " "), device=Address("62899")))

    assert [frame for _, frame in rig.of(wire.No)] == [wire.No(q=8, code="code_of_another", about="62899")]
    assert [frame for _, frame in rig.of(wire.PairEnded)] == [wire.PairEnded(channel=2)]


def test_no_more_news_are_on_their_way_than_the_window_allows(tmp_path: Path) -> None:
    """The rest waits until the device has confirmed; nothing is missing in the end."""
    rig = Rig(tmp_path, Settings(scale=0, window=3))
    for number in range(10):
        rig.do(wire.Say(q=number, number=PERSON, chat=DEVICE, content=Text(body=str(number))))
    assert len(rig.of(wire.Told)) == 3

    for seq in range(1, 11):
        rig.do(wire.Confirm(channel=1, seq=seq))

    seqs = [frame.news.seq for _, frame in rig.of(wire.Told) if isinstance(frame, wire.Told)]
    assert seqs == list(range(1, 11))
    rig.journal.close()


def test_a_known_reference_with_other_content_is_a_fault_of_ours(rig: Rig) -> None:
    """Refused, and loud in the journal."""
    rig.send("same")
    other = Outbound(ref=WireRef("same"), chat=PERSON, content=Text(body="something else"))
    rig.do(wire.Send(q=99, channel=1, message=other))

    [(_, refused)] = rig.of(wire.Refused)
    assert isinstance(refused, wire.Refused) and refused.code == "ref_reused"
    assert [entry.fate for entry in read_journal(rig.journal.path) if hasattr(entry, "fate")] == [
        "taken",
        "conflict",
    ]


def test_two_sessions_of_one_device_may_live_when_that_is_switched_on(tmp_path: Path) -> None:
    """For tests of a late owner on a network that does not kick; news go to the newer."""
    rig = Rig(tmp_path, Settings(scale=0, one_session=False))
    newer = FakeClient()
    handle(rig.network, newer, wire.Login(channel=1, device=DEVICE))

    rig.send("from the older")
    rig.network.timers.run()

    assert len(rig.of(wire.Ack)) == 1 and not rig.of(wire.Closed)
    assert any(isinstance(frame, wire.Told) for _, frame in newer.frames)
    rig.journal.close()


ACTS = st.one_of(
    st.tuples(st.just("send"), st.integers(0, 8), st.integers(0, 2)),
    st.tuples(st.just("say"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("online"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("reads"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("read"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("confirm"), st.integers(0, 6), st.just(0)),
    st.tuples(st.just("pass"), st.integers(0, 3_000), st.just(0)),
    st.tuples(st.just("relogin"), st.just(0), st.just(0)),
)


def act(rig: Rig, what: str, one: int, two: int) -> None:
    person = Address(f"62812{one}")
    match what:
        case "send":
            rig.send(f"ref{one}", Address(f"62812{one % 3}"))
        case "say":
            rig.do(wire.Say(q=1, number=person, chat=DEVICE, content=Text(body="x")))
        case "online":
            rig.do(wire.AddPerson(q=1, number=person, online=bool(two)))
        case "reads":
            rig.do(wire.AddPerson(q=1, number=person, reads=Reads.AUTO if two else Reads.NEVER))
        case "read":
            rig.do(wire.Read(q=1, number=person))
        case "confirm":
            told = [frame.news.seq for _, frame in rig.of(wire.Told) if isinstance(frame, wire.Told)]
            if told:
                rig.do(wire.Confirm(channel=1, seq=max(1, max(told) - one)))
        case "pass":
            rig.pass_ms(one)
        case _:
            rig.do(wire.Login(channel=1, device=DEVICE))


@settings(max_examples=60)
@given(st.lists(ACTS, max_size=40))
def test_the_journal_is_the_whole_state(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int, int]]
) -> None:
    """Whatever happens, a network that starts from the journal is where the killed one was."""
    folder = tmp_path_factory.mktemp("network")
    chosen = Settings(ack_ms=(10, 20), delivered_ms=(100, 200), read_ms=(1_000, 2_000), seed=3)
    rig = Rig(folder, chosen)
    for one in acts:
        act(rig, *one)
    rig.network.write_confirmations()
    rig.journal.close()

    live, replayed, restored = rig.network.world, World(chosen), World(chosen)
    for entry in read_journal(folder):
        replayed.apply(entry)
    restored.apply(live.kept(Millis(0)))

    for world in (replayed, restored):
        assert world.kept(Millis(0)) == live.kept(Millis(0))


def test_a_long_journal_is_set_aside_at_the_start(tmp_path: Path) -> None:
    """The next begins with what it said: dedup, what waits, session numbers. A folder is read as a whole."""
    chosen = Settings(scale=0, roll_bytes=1, keep_journals=2)
    for life in range(4):
        rig = Rig(tmp_path, chosen)
        for number in range(life + 1):
            rig.send(f"r{number}")
        rig.do(wire.Say(q=1, number=PERSON, chat=DEVICE, content=Text(body=str(life))))
        rig.network.timers.run()
        rig.journal.close()

    assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == [
        "journal-2.jsonl",
        "journal-3.jsonl",
        "journal.jsonl",
    ]
    assert len(rig.network.world.accounts[DEVICE].taken) == 4
    assert [said.content for said in rig.network.world.accounts[DEVICE].mailbox if isinstance(said, Said)] == [
        Text(body=str(life)) for life in range(4)
    ]
    assert rig.network.world.last_session == 4
    entries = list(read_journal(tmp_path))
    fates = [entry.fate for entry in entries if isinstance(entry, HandOff)]
    assert fates.count(Fate.TAKEN) == 3 and isinstance(entries[0], Kept)


class FullDisk(Journal):
    """A journal whose disk is full as long as `full`."""

    full = False

    def append(self, entry: AnyEntry) -> None:
        if self.full:
            raise JournalFull("no space left")
        super().append(entry)


def test_a_full_disk_acknowledges_nothing_and_loses_nothing(tmp_path: Path) -> None:
    """Refused for now, receipts later; after the disk is freed everything goes on."""
    rig = Rig(tmp_path, Settings(ack_ms=(0, 0), delivered_ms=(100, 200), read_ms=(100, 200)), FullDisk)
    rig.send("before")
    FullDisk.full = True
    rig.pass_ms(500)
    rig.send("refused")
    rig.do(wire.Say(q=50, number=PERSON, chat=DEVICE, content=Text(body="x")))
    FullDisk.full = False
    rig.pass_ms(3_000)

    assert [frame for _, frame in rig.of(wire.Refused)] == [
        wire.Refused(q=2, fault=SendFault.RETRY, code="network_full")
    ]
    assert [frame for _, frame in rig.of(wire.No)] == [wire.No(q=50, code="network_full")]
    assert [(news.ref, news.kind) for _, news in rig.told()] == [
        ("before", ReceiptKind.DELIVERED),
        ("before", ReceiptKind.READ),
    ]
    rig.journal.close()
